//! Identifiers as types, so that one kind can never stand in for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not the 36-character hyphenated form.
    #[error("not a UUID such as 0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a")]
    NotAUuid,
    /// The all-zero UUID, which no row may carry.
    #[error("the nil UUID names nothing")]
    Nil,
}

/// How many characters of the beginning of an id may stand for it at least.
pub const ID_PREFIX_MIN: usize = 4;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $generate:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id.
            #[must_use]
            pub fn generate() -> Self {
                Self($generate())
            }

            /// The UUID itself, for the database layer.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// Wraps a UUID that the database layer read.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The first eight characters: how ids are shown to people.
            #[must_use]
            pub fn short(self) -> String {
                self.0.to_string()[..8].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads the hyphenated form in either case; braces, URNs and the
            /// nil UUID are refused.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError::NotAUuid);
                }
                let uuid = Uuid::try_parse(text).map_err(|_| IdError::NotAUuid)?;
                if uuid.is_nil() { Err(IdError::Nil) } else { Ok(Self(uuid)) }
            }
        }
    };
}

// People type the beginnings of ids: those of version 4 differ in their first
// characters, those of version 7 are alike for a minute. The queue's own ids
// are never typed; version 7 keeps jobs made together lying together.
uuid_id!(
    /// A post: `post_details.id`.
    PostId,
    Uuid::new_v4
);
uuid_id!(
    /// A job in the queue: `post_schedule.id`.
    JobId,
    Uuid::now_v7
);
uuid_id!(
    /// A social account: `meta_social_accounts.id`.
    AccountId,
    Uuid::new_v4
);
uuid_id!(
    /// The company that owns accounts, clients and posts.
    CompanyId,
    Uuid::new_v4
);
uuid_id!(
    /// One database of this program: `database_instance.instance_id`, made by `migrate`.
    InstanceId,
    Uuid::new_v4
);

/// An agency's client: `agency_clients.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub i64);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One worker process: `host/pid/random`, so that neither a shared host name
/// nor a reused process id makes two workers look like one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

impl WorkerId {
    /// Builds an id for this process. Random, since containers may all have one
    /// host name and one process id.
    #[must_use]
    pub fn new(host: &str, pid: u32) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        Self(format!("{host}/{pid}/{}", &random[..8]))
    }

    /// An id chosen by the operator or read from the database.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The ownership number of a job. Every claim raises it by one, and every
/// write of a worker names the fence it claimed with: a worker that was
/// declared dead writes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub i64);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id is read in either case and shown in lower case.
    #[test]
    fn id_is_read_in_either_case() {
        let id: PostId = "0198C2F4-6B1E-7C53-9D0A-1F2E3D4C5B6A".parse().unwrap();
        assert_eq!(id.to_string(), "0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a");
        assert_eq!(id.short(), "0198c2f4");
    }

    #[test]
    fn braces_nil_and_junk_are_refused() {
        for text in ["", "abc", "{0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a}", &"a".repeat(36)] {
            assert_eq!(text.parse::<PostId>(), Err(IdError::NotAUuid), "{text}");
        }
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(nil.parse::<PostId>(), Err(IdError::Nil));
    }

    #[test]
    fn two_workers_of_one_process_differ() {
        assert_ne!(WorkerId::new("host", 7), WorkerId::new("host", 7));
    }
}
