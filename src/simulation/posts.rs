//! The accounts and posts of a simulation, in its database.

use crate::domain::rules::content_hash;
use crate::domain::{
    ATTEMPTS_MAX, AccountId, CompanyId, JobId, MediaItem, MediaKind, NewAccount, NewPost,
    PostContent, PostId, PostType,
};
use crate::store::{Inserted, Store};

use super::SimulationError;
use super::comparison::{FILE, TEXT};
use super::plan::{ACCOUNTS, Media, PlannedPost};

/// Adds all [`ACCOUNTS`], in their order.
pub(super) async fn add_accounts(
    store: &Store,
    company_id: CompanyId,
) -> Result<Vec<AccountId>, SimulationError> {
    let mut ids = Vec::new();
    for (platform, external_id) in ACCOUNTS {
        let id = AccountId::generate();
        store
            .add_account(&NewAccount {
                id,
                company_id,
                platform,
                name: format!("Simulated {platform} {external_id}"),
                external_id: external_id.to_owned(),
                client_id: None,
                token_ref: None,
                publish_mode: None,
            })
            .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Stores post number `number`, due now.
pub(super) async fn schedule(
    store: &Store,
    company_id: CompanyId,
    account_id: AccountId,
    number: usize,
    post: &PlannedPost,
    media: &str,
) -> Result<PostId, SimulationError> {
    let content = content(number, post, media);
    let post = NewPost {
        post_id: PostId::generate(),
        job_id: JobId::generate(),
        company_id,
        account_id,
        client_id: None,
        content_hash: content_hash(account_id, &content),
        content,
        run_at: None,
        idempotency_key: None,
        max_attempts: ATTEMPTS_MAX,
    };
    match store.insert_post(&post, true, false).await? {
        Inserted::New { .. } => Ok(post.post_id),
        other => Err(SimulationError::Bug(format!("post {number} was not stored: {other:?}"))),
    }
}

fn content(number: usize, post: &PlannedPost, media: &str) -> PostContent {
    let file = |part: u8, kind: MediaKind, ending: &str| MediaItem {
        url: format!("{media}{FILE}{number}-{part}.{ending}"),
        kind,
        alt: None,
    };
    // Stories have no text: they are known by their files.
    let has_text = post.post_type != PostType::Story;
    PostContent {
        platform: post.platform(),
        post_type: post.post_type,
        caption: if has_text { format!("{TEXT}{number}") } else { String::new() },
        media: match post.media {
            Media::None => Vec::new(),
            Media::Images(count) => {
                (0..count).map(|part| file(part, MediaKind::Image, "jpg")).collect()
            }
            Media::Video => vec![file(0, MediaKind::Video, "mp4")],
        },
        link: None,
        first_comment: None,
    }
}
