//! What every part of a worker is given.

use std::time::Duration;

use crate::domain::{Clearance, Draft, Failure, FailureCode, Job, Remedy, Scope, UsageMeter};
use crate::platforms::Publishers;
use crate::store::Store;

use super::in_flight::InFlight;
use super::on_time::OnTime;
use super::writer::Writer;
use super::{Event, EventSink, Options, TokenSource};

/// How long an account is paused whose token is not found.
const NO_TOKEN_PAUSE: Duration = Duration::from_secs(60);

/// The database, the platforms, the tokens, and how this worker works.
pub(super) struct Context {
    pub(super) store: Store,
    pub(super) writer: Writer,
    pub(super) publishers: Publishers,
    pub(super) tokens: TokenSource,
    pub(super) events: EventSink,
    pub(super) options: Options,
    pub(super) in_flight: InFlight,
    pub(super) on_time: OnTime,
}

impl Context {
    pub(super) fn report(&self, event: &Event) {
        (self.events)(event);
    }

    /// Everything a platform needs for a job, or what its account lacks.
    pub(super) fn draft(&self, job: &Job) -> Result<Draft, Failure> {
        if job.account.external_id.is_empty() {
            // The old scheduler's tables have no column for it.
            let why = format!(
                "its id at the platform is not known; set it with accounts add --id {} --external-id …",
                job.account.id
            );
            return Err(Failure::new(
                Remedy::Operator(Scope::Account),
                FailureCode::NoExternalId,
                why,
            ));
        }
        // Only for a while: setting the token is enough to go on.
        let pause = Remedy::Wait { rest: NO_TOKEN_PAUSE, scope: Scope::Account };
        let token = (self.tokens)(&job.account)
            .map_err(|why| Failure::new(pause, FailureCode::NoToken, why))?;
        Ok(Draft {
            account: job.account.clone(),
            token,
            content: job.content.clone(),
            staging: job.staging.clone(),
            calls: job.calls.clone(),
            clearance: Clearance::unlimited(),
            now: job.now(),
            usage: UsageMeter::default(),
        })
    }
}
