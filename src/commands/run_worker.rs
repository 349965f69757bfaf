//! `run-worker`: publish due posts, as a daemon or once from cron.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::word;
use super::events::{Pauses, event_json, event_line};
use super::signals::Signals;
use super::view;
use crate::context::Context;
use crate::domain::duration::parse_duration;
use crate::domain::{InstanceId, Only, Platform, Post, Problem, Problems};
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Format, Report, agreeing, counted};
use crate::platforms::Publishers;
use crate::store::{Store, StoreError};
use crate::worker::{BrokenOff, EventSink, Options, Summary, Worker};

/// Less than cron's minute, so that runs rarely overlap.
const MAX_RUNTIME_ONCE: Duration = Duration::from_secs(50);
/// A shorter lease could end between two heartbeats of a busy machine; a
/// longer one leaves a dead worker's posts lying.
const LEASE_RANGE: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
/// A shorter interval would only burn the processor.
const POLL_RANGE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60 * 60));

/// Publish due posts
///
/// Runs until stopped, or with --once until nothing is due. Any number of
/// workers may run on one database, also overlapping from cron.
#[derive(Args)]
pub struct RunWorkerArgs {
    /// Publish what is due and exit; silent when nothing was due
    #[arg(long)]
    once: bool,
    /// Jobs claimed at a time [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    batch_size: Option<u32>,
    /// Posts in flight; publish calls of one account are always made one at a time [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    concurrency: Option<u32>,
    /// Stop claiming jobs after this long [default: 50s with --once]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    max_runtime: Option<Duration>,
    /// Stop after this many jobs
    #[arg(long, value_name = "N")]
    max_jobs: Option<u64>,
    /// A worker that is silent this long loses its jobs [default: 60s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    lease: Option<Duration>,
    /// Maximum number of attempts of a post [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    max_attempts: Option<u32>,
    /// Posts that are later than this fail as missed instead of going out [default: 24h]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    max_late: Option<Duration>,
    /// Longest time between two polls of the queue [default: 1s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    poll_interval: Option<Duration>,
    /// Upload and stage media this long before the due time [default: 5m]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    prepare_ahead: Option<Duration>,
    /// Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    settle: Option<Duration>,
    /// Name of this worker [default: host/pid/random]
    #[arg(long, value_name = "ID")]
    worker_id: Option<String>,
    /// Only posts of this platform
    #[arg(long, value_parser = word::<Platform>(Platform::ALL.iter().map(|p| p.as_str())))]
    platform: Option<Platform>,
    /// Only posts of this account
    #[arg(long)]
    account: Option<String>,
    /// How long posts in flight may take to finish after SIGTERM or SIGINT [default: 30s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    grace: Option<Duration>,
    /// Exit 7 if a post ended as failed or unknown
    #[arg(long)]
    fail_on_error: bool,
}

impl RunWorkerArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let store = context.store().await?;
        for warning in store.durability_warnings().await? {
            context.printer.warn(&warning);
        }
        let instance = store.instance().await?;
        tracing::info!(%instance, "opened the database");
        let mut options = self.options(context, &store).await?;
        options.spool = context.spool(&store).await?;
        let trouble = match &options.spool {
            Some(spool) => spool.trouble(),
            None => Some("there is no home directory".to_owned()),
        };
        if let Some(trouble) = trouble {
            context.printer.warn(&format!(
                "answers cannot be kept while the database is away ({trouble}): \
                 set SOCIALSCHED_STATE_DIR"
            ));
        }
        let fail_on_error =
            self.fail_on_error || context.settings.run_worker.fail_on_error.unwrap_or(false);
        let publishers = context.publishers();
        let worker = worker(context, &store, publishers, options);
        if context.dry_run {
            return preview(context, &store, &worker).await;
        }
        let stop = CancellationToken::new();
        let stopped_twice = watch_signals(stop.clone())?;
        let work = async {
            if self.once {
                worker.run_once(stop.clone()).await
            } else {
                let _watchdog = super::systemd::ready();
                worker.run_until_stopped(stop.clone()).await
            }
        };
        let spinner = context.printer.bars().spinner("publishing due posts");
        let summary = tokio::select! {
            summary = work => summary,
            // What was running is left as it is: another worker recovers it.
            exit = stopped_twice => return Ok(exit),
        };
        spinner.finish_and_clear();
        let summary = summary.map_err(broken_off)?;
        store.close().await;
        finish(context, instance, &summary, self.once, fail_on_error)
    }

    async fn options(&self, context: &Context, store: &Store) -> Result<Options, CommandError> {
        let file = &context.settings.run_worker;
        let name = self.worker_id.as_deref().or(file.worker_id.as_deref());
        let default = context.worker_options(name);
        let lease = self.lease.or(file.lease).unwrap_or(default.lease);
        let poll_interval =
            self.poll_interval.or(file.poll_interval).unwrap_or(default.poll_interval);
        let mut problems = Problems::default();
        in_range("--lease", lease, LEASE_RANGE, &mut problems);
        in_range("--poll-interval", poll_interval, POLL_RANGE, &mut problems);
        problems.into_result()?;
        let account = match self.account.as_deref().or(file.account.as_deref()) {
            None => None,
            Some(name) => Some(context.find_account_id(store, context.company()?, name).await?),
        };
        Ok(Options {
            batch_size: self.batch_size.or(file.batch_size).unwrap_or(default.batch_size),
            concurrency: self.concurrency.or(file.concurrency).unwrap_or(default.concurrency),
            max_runtime: self
                .max_runtime
                .or(file.max_runtime)
                .or(self.once.then_some(MAX_RUNTIME_ONCE)),
            max_jobs: self.max_jobs.or(file.max_jobs),
            lease,
            max_attempts: self.max_attempts.or(file.max_attempts),
            max_late: self.max_late.or(file.max_late).unwrap_or(default.max_late),
            poll_interval,
            prepare_ahead: self
                .prepare_ahead
                .or(file.prepare_ahead)
                .unwrap_or(default.prepare_ahead),
            settle: self.settle.or(file.settle).unwrap_or(default.settle),
            grace: self.grace.or(file.grace).unwrap_or(default.grace),
            only: Only { platform: self.platform.or(file.platform), account },
            ..default
        })
    }
}

fn in_range(
    flag: &str,
    value: Duration,
    (least, most): (Duration, Duration),
    problems: &mut Problems,
) {
    if value < least || value > most {
        problems.push(
            Problem::new(flag, format!("must be from {least:?} to {most:?}"))
                .value(format!("{value:?}")),
        );
    }
}

/// A worker that reports its events on the screen.
fn worker(context: &Context, store: &Store, publishers: Publishers, options: Options) -> Worker {
    Worker::new(store.clone(), publishers, context.tokens(), sink(context), options)
}

/// Lines on standard error for people, objects on standard output for
/// programs that asked for a stream. The one-document formats wait for the end.
fn sink(context: &Context) -> EventSink {
    let printer = Arc::clone(&context.printer);
    match printer.format() {
        Format::Jsonl => Arc::new(move |event| {
            if let Err(error) = printer.record(&event_json(event)) {
                // Losing a line of output must not stop publishing.
                tracing::warn!(%error, "an event could not be written");
            }
        }),
        Format::Json => Arc::new(|_| {}),
        Format::Table | Format::Tsv | Format::Csv | Format::Id => {
            let chatty = context.settings.verbose > 0;
            let pauses = Pauses::default();
            Arc::new(move |event| {
                if chatty || (event.end.is_news() && pauses.is_new(event)) {
                    printer.note(&event_line(event));
                }
            })
        }
    }
}

/// Cancels `stop` at the first SIGTERM, SIGINT or SIGHUP; the future ends at the
/// second of the first two, with its exit code.
fn watch_signals(stop: CancellationToken) -> std::io::Result<impl Future<Output = Exit>> {
    let mut signals = Signals::watch()?;
    Ok(async move {
        signals.next().await;
        tracing::info!("stopping: posts in flight are finished first");
        super::systemd::stopping();
        stop.cancel();
        signals.next_but_hang_up().await
    })
}

/// What would be published now.
async fn preview(context: &Context, store: &Store, worker: &Worker) -> Result<Exit, CommandError> {
    let mut posts: Vec<Post> = Vec::new();
    for id in worker.due().await? {
        match store.post_of_any_company(id).await {
            Ok(post) => posts.extend(post),
            Err(error @ StoreError::Inconsistent { .. }) => view::warn_of_bad_row(context, &error),
            Err(error) => return Err(error.into()),
        }
    }
    store.close().await;
    let report = Report {
        data: posts.iter().map(view::post_json).collect(),
        ids: posts.iter().map(|post| post.id.to_string()).collect(),
        table: Some(view::post_table(&posts, &context.settings.tz, context.printer.format())),
        hint_if_empty: Some("nothing is due".to_owned()),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

/// Where something was done, "nothing was changed" would be wrong.
fn broken_off(BrokenOff { error, summary }: BrokenOff) -> CommandError {
    let advice = (summary.claimed > 0 && error.is_outage()).then_some(
        "what this run published stays published; other posts follow in the next run, \
         at the latest when their leases have expired",
    );
    CommandError::Store { error, advice }
}

fn finish(
    context: &Context,
    instance: InstanceId,
    summary: &Summary,
    once: bool,
    fail_on_error: bool,
) -> Result<Exit, CommandError> {
    let bad = summary.failed + summary.unknown + summary.missed;
    let failure = (fail_on_error && bad > 0).then(|| {
        let message =
            format!("{} {} not published", counted(bad, "post"), agreeing(bad, "was", "were"));
        Explained::from(Fault::platform(message).hint(format!(
            "{} list --status failed --status unknown shows them",
            context.socialsched()
        )))
    });
    let silent = !once || (summary.claimed == 0 && bad == 0);
    let format = context.printer.format();
    if silent && format != Format::Json {
        return Ok(Exit::Success);
    }
    if format == Format::Jsonl {
        context.printer.record(&summary_json(instance, summary))?;
        let exit = failure.as_ref().map_or(Exit::Success, |failure| failure.exit);
        return Ok(exit);
    }
    let report = Report {
        data: summary_json(instance, summary),
        text: Some(format!(
            "claimed {}, published {}, retried {}, failed {}, unknown {}, missed {}, longest lag {} s",
            summary.claimed,
            summary.published,
            summary.retried,
            summary.failed,
            summary.unknown,
            summary.missed,
            summary.max_lag_seconds
        )),
        failure,
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

fn summary_json(instance: InstanceId, summary: &Summary) -> Value {
    json!({
        "instanceId": instance,
        "claimed": summary.claimed,
        "published": summary.published,
        "retried": summary.retried,
        "failed": summary.failed,
        "unknown": summary.unknown,
        "missed": summary.missed,
        "maxLagSeconds": summary.max_lag_seconds,
    })
}
