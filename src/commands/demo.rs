//! `demo`: the main job in one command, on a database of its own and the sandbox.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::signals::Signals;
use super::throwaway::Throwaway;
use super::view;
use crate::context::Context;
use crate::domain::rules::content_hash;
use crate::domain::{
    ATTEMPTS_MAX, AccessToken, AccountId, ClientId, CompanyId, Gateway, JobId, MediaItem,
    MediaKind, NewAccount, NewClient, NewPost, Page, Platform, PostContent, PostFilter, PostId,
    PostType,
};
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Report, agreeing, counted};
use crate::platforms::{self, Publishers};
use crate::sandbox::{Sandbox, SandboxOptions};
use crate::store::{Inserted, Location, Scratch, Store};
use crate::worker::{End, Options, Worker};

/// Show the program at work: publish posts to all three platforms
///
/// Creates a throw-away SQLite file and a local stand-in for the platforms,
/// schedules posts, runs a worker, and shows the tables. Needs no account and
/// no network, and leaves nothing behind.
///
/// With --database-url on the command line it runs there instead, never among
/// other posts: in a new file, which is kept; or in a new database on the
/// server, named socialsched_scratch_ and random letters, which is dropped at
/// the end. Variables and the configuration file are ignored.
#[derive(Args)]
pub struct DemoArgs {}

impl DemoArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        if context.dry_run {
            return preview(context);
        }
        let timeout = context.settings.timeout;
        let mut signals = Signals::watch()?;
        // Both go away in the end, also when a signal or an error ends the run.
        let folder;
        let near = if context.settings.database_is_typed {
            context.location()?
        } else {
            folder = Throwaway::new(&context.temp_dir(), "demo")?;
            Location::Sqlite(folder.path().join("demo.db"))
        };
        let scratch = Scratch::make(&near, timeout).await?;
        let result = tokio::select! {
            result = play(context, &scratch) => result,
            exit = signals.next() => Ok(exit),
        };
        let removed = scratch.remove(timeout).await;
        let exit = result?;
        removed?;
        Ok(exit)
    }
}

/// What a run would do.
fn preview(context: &Context) -> Result<Exit, CommandError> {
    let place = match context.location()? {
        _ if !context.settings.database_is_typed => "a throw-away SQLite file".to_owned(),
        Location::Sqlite(path) => format!("the new file {}", path.display()),
        server => format!("a new database on the server of {server}"),
    };
    let message = format!("Would create {place}, and publish posts from it to a local stand-in");
    let report = Report { message: Some(message), ..Report::default() };
    Ok(context.printer.report(&report)?)
}

/// The whole demo in this database.
async fn play(context: &Context, scratch: &Scratch) -> Result<Exit, CommandError> {
    let gateway = Sandbox::spawn(SandboxOptions::default()).await?;
    let store = Store::open_scratch(scratch, context.settings.timeout).await?;
    let company = CompanyId::generate();
    let scheduled = schedule(&store, company, &gateway).await?;
    let failed = publish(context, &store, &gateway, scheduled).await?;
    let filter = PostFilter::all(company);
    let posts = store.list_posts(&filter, &Page::default()).await?.posts;
    let stats = store.queue_stats(Some(company)).await?;
    store.close().await;
    context.printer.note(&format!(
        "queue: {} pending, {} processing, {} published, {} failed, {} unknown\n",
        stats.pending, stats.processing, stats.published_24h, stats.failed_24h, stats.unknown
    ));
    let mut notes = Vec::new();
    if let (true, Location::Sqlite(path)) = (context.settings.database_is_typed, scratch.location())
    {
        let (path, socialsched) = (path.display(), context.socialsched_for(company));
        notes.push(format!(
            "\n{path} is kept, with these posts of company {company}:
  {socialsched} list"
        ));
    }
    notes.push(NEXT.to_owned());
    let report = Report {
        message: Some(format!(
            "{} of {} published",
            stats.published_24h,
            counted(posts.len(), "post")
        )),
        data: posts.iter().map(view::post_json).collect(),
        meta: Some(json!({ "published": stats.published_24h, "total": posts.len() })),
        table: Some(view::post_table(&posts, &context.settings.tz, context.printer.format())),
        ids: posts.iter().map(|post| post.id.to_string()).collect(),
        notes,
        failure: (failed > 0).then(|| {
            Explained::from(Fault::platform(format!(
                "{} {} not published",
                counted(failed, "post"),
                agreeing(failed, "was", "were")
            )))
        }),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

const NEXT: &str = "\nTry next, with a UUID of your choice for your company:
  export SOCIALSCHED_COMPANY=550e8400-e29b-41d4-a716-446655440000
  socialsched migrate
  socialsched accounts add --platform facebook --name Acme --external-id 1000001
  socialsched schedule --account Acme --caption \"Hello\" --at \"tomorrow 9am\"
  socialsched list
  socialsched sandbox   # a stand-in for the platforms; prints what to export";

/// One client, three accounts, and posts of many kinds, due now.
async fn schedule(store: &Store, company: CompanyId, media: &str) -> Result<u64, CommandError> {
    let client = store
        .add_client(&NewClient {
            company_id: company,
            first_name: "Ada".to_owned(),
            last_name: "Acme".to_owned(),
            logo: None,
        })
        .await?;
    let image = |name: &str| MediaItem {
        url: format!("{media}/media/{name}"),
        kind: MediaKind::Image,
        alt: Some("A sample picture".to_owned()),
    };
    let video =
        MediaItem { url: format!("{media}/media/clip.mp4"), kind: MediaKind::Video, alt: None };
    let mut count = 0;
    for platform in Platform::ALL.iter().copied() {
        let (name, external_id) = match platform {
            Platform::Facebook => ("Acme Page", "1000001"),
            Platform::Instagram => ("Acme Instagram", "17841400000001"),
            Platform::LinkedIn => ("Acme Company", "urn:li:organization:1234567"),
        };
        let account = AccountId::generate();
        store
            .add_account(&NewAccount {
                id: account,
                company_id: company,
                platform,
                name: name.to_owned(),
                external_id: external_id.to_owned(),
                client_id: Some(client),
                token_ref: None,
                publish_mode: None,
            })
            .await?;
        let posts: Vec<(PostType, &str, Vec<MediaItem>)> = match platform {
            Platform::Facebook => vec![
                (PostType::Post, "Our new menu is here", vec![]),
                (
                    PostType::Carousel,
                    "Three views of it",
                    vec![image("1.jpg"), image("2.jpg"), image("3.jpg")],
                ),
                (PostType::Reel, "In motion", vec![video.clone()]),
            ],
            Platform::Instagram => vec![
                (PostType::Post, "New menu", vec![image("4.jpg")]),
                (PostType::Carousel, "Swipe", vec![image("5.jpg"), image("6.jpg")]),
                (PostType::Story, "", vec![image("7.jpg")]),
            ],
            Platform::LinkedIn => vec![
                (PostType::Post, "We are hiring (again)", vec![]),
                (PostType::Post, "The team", vec![image("8.jpg")]),
                (PostType::Video, "A look inside", vec![video.clone()]),
            ],
        };
        for (post_type, caption, media) in posts {
            insert(store, company, account, client, platform, post_type, caption, media).await?;
            count += 1;
        }
    }
    Ok(count)
}

#[expect(clippy::too_many_arguments, reason = "one call site, a row each")]
async fn insert(
    store: &Store,
    company_id: CompanyId,
    account_id: AccountId,
    client: ClientId,
    platform: Platform,
    post_type: PostType,
    caption: &str,
    media: Vec<MediaItem>,
) -> Result<(), CommandError> {
    let content = PostContent {
        platform,
        post_type,
        caption: caption.to_owned(),
        media,
        link: None,
        first_comment: None,
    };
    let post = NewPost {
        post_id: PostId::generate(),
        job_id: JobId::generate(),
        company_id,
        account_id,
        client_id: Some(client),
        content_hash: content_hash(account_id, &content),
        content,
        run_at: None,
        idempotency_key: None,
        max_attempts: ATTEMPTS_MAX,
    };
    match store.insert_post(&post, false, false).await? {
        Inserted::New { .. } => Ok(()),
        other => Err(Fault::internal(format!("the demo's post was not stored: {other:?}")).into()),
    }
}

/// Runs a worker until every post has ended, and returns how many failed.
async fn publish(
    context: &Context,
    store: &Store,
    gateway: &str,
    posts: u64,
) -> Result<u64, CommandError> {
    let settings = platforms::Settings {
        gateway: Some(Gateway::parse(gateway).map_err(Fault::internal)?),
        allow_private_media: true,
        ..platforms::Settings::default()
    };
    let options = Options {
        poll_interval: Duration::from_millis(100),
        max_runtime: Some(Duration::from_secs(30)),
        allow_private_media: true,
        ..context.worker_options(None)
    };
    let bar = context.printer.bars().bar(posts, "publishing");
    let ended = bar.clone();
    let worker = Worker::new(
        store.clone(),
        Publishers::new(settings),
        Arc::new(|_| Ok(AccessToken::new("demo".to_owned()))),
        Arc::new(move |event| {
            if matches!(event.end, End::Published { .. } | End::Failed(_)) {
                ended.inc(1);
            }
        }),
        options,
    );
    let summary = worker.run_once(CancellationToken::new()).await;
    bar.finish_and_clear();
    let summary = summary.map_err(|broken_off| broken_off.error)?;
    Ok(posts - summary.published.min(posts))
}
