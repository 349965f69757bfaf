//! `list`: posts that meet a filter.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::args::word;
use super::view;
use crate::context::Context;
use crate::domain::when::{Dst, parse_moment};
use crate::domain::{ClientId, Page, Platform, PostFilter, Problem, Problems, ShownStatus, Sort};
use crate::exit::{CommandError, Exit};
use crate::output::{Format, Report, counted};
use crate::store::StoreError;

/// List posts
///
/// Shows at most --limit posts and says how many it left out.
#[derive(Args)]
pub struct ListArgs {
    /// Only posts with this status; repeat for more
    ///
    /// Besides the stored ones: due (pending, and its time has come), stuck (its
    /// worker died), missed (failed because it was too late), unknown (may be
    /// live, and needs review).
    #[arg(long, value_parser = word::<ShownStatus>(ShownStatus::ALL.iter().map(|s| s.as_str())))]
    status: Vec<ShownStatus>,
    /// Only posts of this platform
    #[arg(long, value_parser = word::<Platform>(Platform::ALL.iter().map(|p| p.as_str())))]
    platform: Option<Platform>,
    /// Only posts of this account: its name, id, or the beginning of its id
    #[arg(long)]
    account: Option<String>,
    /// Only posts for this client
    #[arg(long, value_name = "N")]
    client: Option<i64>,
    /// Only posts due at or after this time
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only posts due before this time
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Order: by due time, the latest first with -run-at, or by creation
    #[arg(long, default_value = "run-at", allow_hyphen_values = true, value_parser = word::<Sort>(Sort::ALL.iter().map(|s| s.as_str())))]
    sort: Sort,
    /// Maximum number of posts to show
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// All posts, without a limit
    #[arg(long)]
    all: bool,
    /// Continue after this cursor (meta.next of the previous page)
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let store = context.store().await?;
        let account_id = match &self.account {
            None => None,
            Some(name) => Some(context.find_account_id(&store, company, name).await?),
        };
        let now = store.now().await?;
        let mut problems = Problems::default();
        let mut moment = |flag: &str, text: &Option<String>| -> Option<DateTime<Utc>> {
            let text = text.as_ref()?;
            match parse_moment(text, &context.settings.tz, now, Dst::Reject) {
                Ok(at) => Some(at),
                Err(error) => {
                    problems.push(error.problem(flag, text));
                    None
                }
            }
        };
        let since = moment("--since", &self.since);
        let until = moment("--until", &self.until);
        problems.into_result()?;
        let is_filtered = !self.status.is_empty()
            || self.platform.is_some()
            || account_id.is_some()
            || self.client.is_some()
            || since.is_some()
            || until.is_some();
        let filter = PostFilter {
            company_id: company,
            statuses: self.status,
            platform: self.platform,
            account_id,
            client_id: self.client.map(ClientId),
            since,
            until,
        };
        let limit = (!self.all).then_some(self.limit);
        let exact_total = context.printer.format() == Format::Json;
        let page = Page { sort: self.sort, limit, after: self.after, exact_total };
        // An empty company and an empty answer to a question are two things.
        let empty = if is_filtered {
            "no post matches this filter".to_owned()
        } else {
            format!("no posts; {} schedule stores one", context.socialsched())
        };
        let listing = store.list_posts(&filter, &page).await.map_err(|error| match error {
            StoreError::BadInput(why) => {
                let cursor = page.after.clone().unwrap_or_default();
                let problem = Problem::new("--after", why).value(cursor);
                CommandError::from(Problems::from(
                    problem.hint("use meta.next of the previous page"),
                ))
            }
            other => other.into(),
        })?;
        store.close().await;
        for row in &listing.unreadable {
            view::warn_of_bad_row(context, row);
        }
        let mut notes = Vec::new();
        if listing.next.is_some() {
            let shown = listing.posts.len();
            notes.push(match listing.total {
                Some(total) => {
                    format!("{shown} of {} shown; --all shows them all", counted(total, "post"))
                }
                None => format!("{shown} shown, and there are more; --all shows them all"),
            });
        }
        notes.extend(view::unknown_hint(context, &listing.posts));
        // A long list is built once, as what will be printed.
        let posts = &listing.posts;
        let format = context.printer.format();
        let as_rows = !format.is_json() || posts.is_empty();
        let report = Report {
            data: match format.is_json() {
                true => posts.iter().map(view::post_json).collect(),
                false => serde_json::Value::Null,
            },
            meta: Some(json!({
                "total": listing.total,
                "returned": listing.posts.len(),
                "next": listing.next,
            })),
            ids: match format {
                Format::Id => posts.iter().map(|post| post.id.to_string()).collect(),
                _ => Vec::new(),
            },
            table: as_rows.then(|| view::post_table(posts, &context.settings.tz, format)),
            hint_if_empty: Some(empty),
            notes,
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }
}
