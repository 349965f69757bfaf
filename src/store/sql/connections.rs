//! Open connections to one database, kept from one transaction to the next. A pool of
//! sqlx asks each connection whether it is alive when it is taken and when it is given
//! back: two of three round trips of a short read. Here a connection that worked a
//! moment ago is believed, and one that fails where nothing can be half done is replaced.

use std::fmt;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Database, Error, Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection that was used so short a time ago is not asked whether it is alive, and one
/// that was refreshed so short a time ago is not refreshed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);

/// Waits between attempts to connect to a server that refuses: from the first to the
/// last one.
const AGAIN_AFTER: Duration = Duration::from_millis(10);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);

/// The connections of one process to one database.
pub(super) struct Kept<D: Database> {
    shared: Arc<Shared<D>>,
}

struct Shared<D: Database> {
    options: <D::Connection as sqlx::Connection>::Options,
    /// Run on every new connection.
    session: Option<String>,
    /// Run now and then on a connection that is kept.
    refresh: Option<&'static str>,
    /// Longest wait for a server that does not let in.
    patience: Duration,
    idle: Mutex<Vec<Idle<D>>>,
    room: Arc<Semaphore>,
}

struct Idle<D: Database> {
    connection: D::Connection,
    since: Instant,
    /// When it was made, or last refreshed.
    fresh: Instant,
}

impl<D: Database> Clone for Kept<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Database> fmt::Debug for Kept<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl<D: Database> Kept<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    /// Connects when first used, at most this many times at once.
    pub(super) fn new(
        options: <D::Connection as sqlx::Connection>::Options,
        most: usize,
        patience: Duration,
    ) -> Self {
        Self::with(options, most, patience, None, None)
    }

    /// The same. Each connection begins with the statements of `session`, and `refresh` is
    /// run on it once a second.
    pub(super) fn with(
        options: <D::Connection as sqlx::Connection>::Options,
        most: usize,
        patience: Duration,
        session: Option<String>,
        refresh: Option<&'static str>,
    ) -> Self {
        let room = Arc::new(Semaphore::new(most));
        let idle = Mutex::default();
        Self { shared: Arc::new(Shared { options, session, refresh, patience, idle, room }) }
    }

    pub(super) fn options(&self) -> &<D::Connection as sqlx::Connection>::Options {
        &self.shared.options
    }

    /// A connection that is alive, as far as can be known. Waits for one of this
    /// process's own as long as it takes: the one that has it does not wait for ever.
    pub(super) async fn take(&self) -> Result<Held<D>, Error> {
        let closed = |_| Error::PoolClosed;
        let room = Arc::clone(&self.shared.room).acquire_owned().await.map_err(closed)?;
        let kept = match self.pop() {
            Some(idle) => self.checked(idle).await,
            None => None,
        };
        let is_new = kept.is_none();
        let (connection, fresh) = match kept {
            Some(Idle { connection, fresh, .. }) => (connection, fresh),
            None => {
                // What the server did to this one, it did to the others.
                self.forget();
                (self.connect().await?, Instant::now())
            }
        };
        Ok(Held {
            connection: Some(connection),
            home: self.clone(),
            in_transaction: false,
            is_sound: true,
            is_new,
            fresh,
            room: Some(room),
        })
    }

    /// A kept connection, unless it is known to be gone.
    async fn checked(&self, mut idle: Idle<D>) -> Option<Idle<D>> {
        let Shared { refresh, patience, .. } = &*self.shared;
        let is_stale = refresh.is_some() && idle.fresh.elapsed() >= BELIEVED_FOR;
        if idle.since.elapsed() < BELIEVED_FOR && !is_stale {
            return Some(idle);
        }
        let connection = &mut idle.connection;
        let check = async {
            match refresh {
                Some(refresh) => sqlx::raw_sql(*refresh).execute(connection).await.map(|_| ()),
                None => connection.ping().await,
            }
        };
        let is_alive = matches!(tokio::time::timeout(*patience, check).await, Ok(Ok(())));
        idle.fresh = Instant::now();
        is_alive.then_some(idle)
    }

    /// A connection with a transaction begun.
    pub(super) async fn begin(&self, statement: &'static str) -> Result<Held<D>, Error> {
        let mut held = self.take().await?;
        match held.begin(statement).await {
            Err(error) if !held.is_new && is_gone(&error) => {
                // Gone since it was used last; nothing was asked of it yet.
                self.forget();
                held.connection = Some(self.connect().await?);
                held.fresh = Instant::now();
                held.begin(statement).await?;
            }
            result => result?,
        }
        Ok(held)
    }

    fn keep(&self, connection: D::Connection, fresh: Instant) {
        let idle = Idle { connection, since: Instant::now(), fresh };
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }

    fn pop(&self) -> Option<Idle<D>> {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn forget(&self) {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn connect(&self) -> Result<D::Connection, Error> {
        let shared = &self.shared;
        let until = Instant::now() + shared.patience;
        let mut rest = AGAIN_AFTER;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let refused = match tokio::time::timeout(left, shared.options.connect()).await {
                Ok(Ok(mut connection)) => {
                    if let Some(session) = &shared.session {
                        let session = sqlx::raw_sql(AssertSqlSafe(session.clone()));
                        session.execute(&mut connection).await?;
                    }
                    return Ok(connection);
                }
                // It is starting, or stopping.
                Ok(Err(Error::Io(error))) if error.kind() == ErrorKind::ConnectionRefused => {
                    Error::Io(error)
                }
                Ok(Err(Error::Database(error))) if error.is_transient_in_connect_phase() => {
                    Error::Database(error)
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(Error::PoolTimedOut),
            };
            if Instant::now() + rest >= until {
                tracing::debug!(error = %refused, "no connection");
                return Err(Error::PoolTimedOut);
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(AGAIN_AFTER_MAX);
        }
    }

    /// Closes them all; waits for those that are in use.
    pub(super) async fn close(&self, most: u32) {
        let all = self.shared.room.acquire_many(most).await;
        self.shared.room.close();
        drop(all);
        while let Some(Idle { connection, .. }) = self.pop() {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection was not closed in order");
            }
        }
    }
}

/// Whether an error ends its connection.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::WorkerCrashed | Error::Protocol(_) => true,
        // The last words of a server: it stops (57P0x of PostgreSQL, 1053 of MariaDB), or
        // the connection was ended by an operator (57P01, 1927).
        Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("57P") || matches!(code.as_ref(), "08S01" | "70100")
        }),
        _ => false,
    }
}

/// A connection in use. Dropped, its transaction ends without effect: by a statement, or in
/// the middle of something by closing the connection, which else is kept for the next one.
pub(super) struct Held<D: Database>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    connection: Option<D::Connection>,
    home: Kept<D>,
    in_transaction: bool,
    /// Nothing that was asked is without its answer.
    is_sound: bool,
    is_new: bool,
    fresh: Instant,
    room: Option<OwnedSemaphorePermit>,
}

impl<D: Database> Held<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    /// Runs one step on the connection. One that is broken off, or fails without an answer,
    /// is the connection's last.
    pub(super) async fn run<T>(
        &mut self,
        step: impl AsyncFnOnce(&mut D::Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(connection) = &mut self.connection else { return Err(Error::PoolClosed) };
        self.is_sound = false;
        let result = step(connection).await;
        self.is_sound = match &result {
            Ok(_) => true,
            // A refusal is an answer, too.
            Err(error) => matches!(error, Error::Database(_)) && !is_gone(error),
        };
        result
    }

    async fn control(&mut self, statement: &'static str) -> Result<(), Error> {
        self.run(async |on| sqlx::raw_sql(statement).execute(on).await.map(|_| ())).await
    }

    async fn begin(&mut self, statement: &'static str) -> Result<(), Error> {
        self.control(statement).await?;
        self.in_transaction = true;
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<(), Error> {
        self.control("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }
}

impl<D: Database> Drop for Held<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take().filter(|_| self.is_sound) else { return };
        let home = self.home.clone();
        if !self.in_transaction {
            home.keep(connection, self.fresh);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (room, fresh) = (self.room.take(), self.fresh);
            runtime.spawn(async move {
                if sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok() {
                    home.keep(connection, fresh);
                }
                drop(room);
            });
        }
    }
}
