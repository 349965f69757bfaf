//! All SQL. The store promises that each of its functions is one transaction:
//! it happens whole or not at all, and no function waits for anything but the
//! database while a transaction is open. Every transition takes a set of jobs, so that
//! many of them share one durable commit; one job is a set of one.
//!
//! - `queue`: what changes the queue; `queue/transitions.rs` has every statement that sets
//!   a status, and `queue/owned.rs` is the door to those that need a lease;
//! - `views`: what commands read, and the accounts and clients that they keep;
//! - `schema`: migrations, the import of the old scheduler's tables, invariants;
//! - `rows`: from rows to the domain's types, for both;
//! - `sql`: how statements are written, spelled for each engine, and run.

#[cfg(test)]
mod plan_tests;
mod queue;
mod rows;
mod schema;
mod sql;
mod views;

use std::time::Duration;

pub use queue::claim::{ClaimRequest, Claimed, Read};
pub use queue::decisions::{Decided, Decision};
pub use queue::evidence::{Evidence, Recorded};
pub use queue::follow_ups::{CommentEnd, CommentTurn, FollowUp, OwedComment};
pub use queue::gate::{Gate, ToPublish};
pub use queue::history::History;
pub use queue::invalid_rows::Ended;
pub use queue::looks::{Look, Waits};
pub use queue::open_calls::{Heard, LookedUp, Undecided, Unsettled};
pub use queue::operator::{CancelAnswer, Rescheduled, Retried};
pub use queue::posts::{Found, Inserted};
pub use queue::restore::Restored;
pub use queue::review::Reviewed;
pub use queue::settle::{Failed, Next, Phase, Settled, Staged};
pub use queue::simulation::{AfterDeath, INSTANTS, OwnedJob};
pub use queue::take_over::{TakeOver, TakenOver};
pub use schema::import::DirtyRow;
pub use schema::invariants::Breach;
pub use schema::migrate::{Migration, MigrationState};
pub use schema::scratch::Scratch;
pub use sql::db::Asked;
pub use sql::error::StoreError;
pub use sql::location::{Engine, Location};
pub use views::accounts::{Added, Removal, Resumed};
pub use views::listing::Listing;
pub use views::odd_rows::{OddColumn, OddRow};
pub use views::stored::StoredPost;

use schema::opening::Opening;
use sql::db::Pool;

/// One database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    location: Location,
    /// `None`: it was opened without a look at its schema.
    opening: Option<Opening>,
}

impl Store {
    /// Opens a database whose schema fits this program. `timeout` limits
    /// waiting for a connection and for locks of other processes.
    ///
    /// # Errors
    /// The file is missing, no database or damaged; the schema is missing,
    /// older or newer than this program's.
    pub async fn open(location: &Location, timeout: Duration) -> Result<Self, StoreError> {
        let mut store = Self::open_any_schema(location, timeout)?;
        store.opening = store.check_schema().await?;
        Ok(store)
    }

    /// The same database with connections of its own, for a thread that must
    /// not wait for the others'.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn again(&self, timeout: Duration) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::new(&self.location, timeout)?, ..self.clone() })
    }

    /// Opens a database without looking at its schema: for `migrate`.
    fn open_any_schema(location: &Location, timeout: Duration) -> Result<Self, StoreError> {
        if let Location::Sqlite(path) = location {
            sql::files::check(path)?;
        }
        Ok(Self::on(Pool::new(location, timeout)?, location))
    }

    fn on(pool: Pool, location: &Location) -> Self {
        Self { pool, location: location.clone(), opening: None }
    }

    /// What an operator should know about this database's safety.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match &self.location {
            Location::Sqlite(path) => sql::files::warnings(path),
            Location::MySql(_) | Location::Postgres(_) => Vec::new(),
        }
    }

    /// What this store has asked of its database so far.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.pool.counts().read()
    }

    /// Closes all connections; the last one to close writes the log back into the file.
    pub async fn close(&self) {
        tracing::debug!("the database was asked for {}", self.asked());
        self.pool.close().await;
    }
}

/// How often a transaction is tried again after a conflict with another one.
const TRANSACTION_ATTEMPTS: u32 = 5;

/// The name of the function that it is used in.
macro_rules! function_name {
    () => {{
        fn here() {}
        $crate::store::function_of(std::any::type_name_of_val(&here))
    }};
}
pub(crate) use function_name;

/// The function's own name, from the path of an item in it.
fn function_of(path: &'static str) -> &'static str {
    let is_name = |part: &&str| !part.starts_with('{');
    path.rsplit("::").skip(1).find(is_name).unwrap_or(path)
}

/// Begins a transaction that only reads, named after the function that it is in.
macro_rules! reading {
    ($store:expr) => {
        $store.pool.begin_read($crate::store::function_name!())
    };
}
pub(crate) use reading;

/// Runs a block as one write transaction, named after the function that it is in:
/// commits its value, rolls back at any error, and repeats the whole block after a
/// passing conflict. The block must not wait for anything but `$tx`.
macro_rules! transaction {
    ($store:expr, $tx:ident, $body:block) => {{
        let name = $crate::store::function_name!();
        let mut attempt = 1;
        loop {
            let result = async {
                #[cfg(feature = "kill-points")]
                let open = $crate::kill_point::OpenTransaction::begin();
                let mut transaction = $store.pool.begin(name).await?;
                let $tx = &mut transaction;
                let value = $body;
                $crate::kill_point::kill_point!("{name}.before_commit");
                transaction.commit().await?;
                #[cfg(feature = "kill-points")]
                drop(open);
                $crate::kill_point::kill_point!("{name}.committed");
                Ok::<_, $crate::store::StoreError>(value)
            }
            .await;
            match result {
                Err(error)
                    if error.is_transient() && attempt < $crate::store::TRANSACTION_ATTEMPTS =>
                {
                    tracing::debug!(name, attempt, %error, "transaction repeated");
                    $store.pool.repeats();
                    $crate::store::pause(attempt).await;
                    attempt += 1;
                }
                other => break other,
            }
        }
    }};
}
pub(crate) use transaction;

/// Waits before a repeated transaction, with jitter so that rivals part.
async fn pause(attempt: u32) {
    let jitter = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 5 + jitter / 8)).await;
}

#[cfg(test)]
mod tests {
    /// A block in a function has the function's name.
    #[tokio::test]
    async fn block_in_function_has_its_name() {
        let inner = async { super::function_name!() }.await;
        assert_eq!(inner, "block_in_function_has_its_name");
    }
}
