//! What a database says when it is opened: whether it is this program's, which one it
//! is, and what time it is there. One statement, since every command begins with it.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::InstanceId;

use crate::store::schema::migrate::{applied, refuse_newer};
use crate::store::sql::db::sql;
use crate::store::sql::server;
use crate::store::{Store, StoreError, reading};

/// What a database said when it was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    instance: InstanceId,
    /// The database's clock, and when it was read.
    clock: (DateTime<Utc>, Instant),
}

impl Store {
    /// Refuses a schema that this program was not made for, and a server without SKIP
    /// LOCKED. `None`: it is right, but cannot say which database it is.
    pub(crate) async fn check_schema(&self) -> Result<Option<Opening>, StoreError> {
        let engine = self.location.engine();
        let query = format!(
            "SELECT MAX(v.version) AS found, {} AS server, {{now}} AS now,
                    (SELECT i.instance_id FROM database_instance i WHERE i.id = 1) AS instance_id
               FROM schema_state v",
            server::version_of(engine)
        );
        let answer = reading!(self).await?.first(sql(query)).await;
        let row = match answer {
            Ok(Some(row)) if row.is_set("found")? => row,
            Err(error) if error.is_outage() => return Err(error),
            // No schema, or a part of one: what is wrong with it is found step by step.
            _ => return self.check_step_by_step().await,
        };
        server::too_old(engine, &row.text("server")?)?;
        self.check_version(row.int("found")?)?;
        let instance = row.id("instance_id").ok().map(InstanceId::from_uuid);
        let clock = (row.time("now")?, Instant::now());
        Ok(instance.map(|instance| Opening { instance, clock }))
    }

    async fn check_step_by_step(&self) -> Result<Option<Opening>, StoreError> {
        self.check_server().await?;
        let mut tx = reading!(self).await?;
        match applied(&mut tx).await?.last() {
            None => Err(StoreError::NoSchema(self.location.to_string())),
            Some((found, _)) => self.check_version(*found).map(|()| None),
        }
    }

    fn check_version(&self, found: i64) -> Result<(), StoreError> {
        refuse_newer(&self.location, Some(found))?;
        let needed = self.location.schema_version();
        if found < needed {
            return Err(StoreError::SchemaOlder { found, needed });
        }
        Ok(())
    }

    /// The identity that `migrate` gave this database; copies of it have the same.
    ///
    /// # Errors
    /// The database is away.
    pub async fn instance(&self) -> Result<InstanceId, StoreError> {
        if let Some(opening) = &self.opening {
            return Ok(opening.instance);
        }
        let mut tx = reading!(self).await?;
        let row = tx.first(sql("SELECT instance_id FROM database_instance WHERE id = 1")).await?;
        match row {
            Some(row) => Ok(InstanceId::from_uuid(row.id("instance_id")?)),
            None => Err(StoreError::NoSchema(self.location.to_string())),
        }
    }

    /// The database's clock, for commands: as it was read when the database was opened,
    /// and has gone on since.
    ///
    /// # Errors
    /// The database is away.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        match &self.opening {
            Some(Opening { clock: (then, read), .. }) => {
                let since = i64::try_from(read.elapsed().as_millis()).unwrap_or(i64::MAX);
                Ok(TimeDelta::try_milliseconds(since).map_or(*then, |since| *then + since))
            }
            None => reading!(self).await?.now().await,
        }
    }
}
