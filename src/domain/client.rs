//! Clients of an agency, for whom posts are scheduled.

use super::{ClientId, CompanyId, SocialAccount};

/// An agency's client with the accounts assigned to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyClient {
    pub id: ClientId,
    pub first_name: String,
    pub last_name: String,
    pub logo: Option<String>,
    pub accounts: Vec<SocialAccount>,
}

/// A client to be stored; the database numbers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    pub company_id: CompanyId,
    pub first_name: String,
    pub last_name: String,
    pub logo: Option<String>,
}
