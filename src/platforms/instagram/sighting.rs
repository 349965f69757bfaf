//! Finding out whether a container was published, and as what.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::{CONTAINER, Flow};
use crate::domain::{Draft, Failure, Intent, MediaKind, PostType, Receipt, Remedy, Sighting};
use crate::platforms::graph::{
    STORY_LIST_LIFE, Session, Trouble, dead_container, story_gone, text_of,
};

pub(super) const STATE_FIELDS: &str = "status_code,status";

/// Containers end after this; whether a published one still says so is not known.
const CONTAINER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The clocks of database and platform may differ by this before a media that
/// is listed counts as ours …
const CLOCK_SLACK: chrono::Duration = chrono::Duration::seconds(60);
/// … and by this before it counts as none of ours.
const CLOCK_SLACK_MAX: chrono::Duration = chrono::Duration::hours(1);

/// Lists may lag behind by this; no sooner does a worker believe "not there".
pub(super) const LISTS_LAG: Duration = Duration::from_secs(105);

/// What a container says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    InProgress,
    Finished,
    Published,
    /// It failed or ended; the code says which.
    Dead(Failure),
}

/// The code of a container that ended unpublished.
const EXPIRED: &str = "container_expired";

pub(super) fn state_of(node: &Value) -> State {
    match node["status_code"].as_str() {
        Some("FINISHED") => State::Finished,
        Some("PUBLISHED") => State::Published,
        Some("EXPIRED") => State::Dead(Failure::new(
            Remedy::Restage,
            EXPIRED,
            "the container is older than 24 hours",
        )),
        Some("ERROR") => {
            let status = node["status"].as_str().unwrap_or("Instagram could not process the media");
            let (subcode, remedy) = dead_container(status);
            let code = subcode.map_or_else(|| "container_error".to_owned(), |n| n.to_string());
            State::Dead(Failure::new(remedy, code, status))
        }
        _ => State::InProgress,
    }
}

pub(super) async fn state(session: &Session<'_>, container: &str) -> Result<State, Trouble> {
    let reply = session.read(&[container], &[("fields", STATE_FIELDS)]).await?;
    Ok(state_of(&reply.json))
}

/// Reads the state of the container that the call cleared by `intent` named.
pub(super) async fn look(session: &Session<'_>, draft: &Draft, intent: &Intent) -> Sighting {
    let Some(container) = draft.staging.id(CONTAINER) else {
        let message = "which container was published is not known any more";
        return Sighting::NeverTells(Failure::new(Remedy::GiveUp, "not_staged", message));
    };
    let sent = draft.sent_at.first().map_or(intent.at, |first| *first.min(&intent.at));
    match state(session, container).await {
        Ok(State::Published) => {
            // Stories look alike: while ours may not be listed yet, the only one
            // that is may be another post's.
            let is_listed = !is_story(draft) || intent.age >= LISTS_LAG;
            Sighting::Live(live(session, draft, is_listed.then_some(sent)).await)
        }
        Ok(State::Finished) => Sighting::NotLive,
        Ok(State::InProgress) => Sighting::InProgress,
        // A container that was published may be reported as ended after a day.
        Ok(State::Dead(failure)) if failure.code == EXPIRED => {
            let age = intent.age + (intent.at - sent).to_std().unwrap_or_default();
            let is_gone = is_story(draft) && age >= STORY_LIST_LIFE;
            match candidates(session, draft, sent - CLOCK_SLACK_MAX).await {
                Ok(found) if found.is_empty() && is_gone => story_gone(),
                Ok(found) if found.is_empty() => Sighting::Dead(failure),
                Ok(found) => {
                    ours(found, draft).map_or(Sighting::CannotTell(failure), Sighting::Found)
                }
                Err(failure) => Sighting::CannotTell(failure),
            }
        }
        Ok(State::Dead(failure)) => Sighting::Dead(failure),
        Err(trouble) if trouble.missing && intent.age > CONTAINER_LIFE => {
            match candidates(session, draft, sent - CLOCK_SLACK).await {
                Ok(found) => ours(found, draft)
                    .map_or(Sighting::NeverTells(trouble.failure), Sighting::Found),
                Err(failure) => Sighting::CannotTell(failure),
            }
        }
        Err(trouble) => Sighting::CannotTell(trouble.failure),
    }
}

/// Evidence for a container that is published: with the media's id when
/// exactly one of the account's media can be it, else without.
pub(super) async fn live(
    session: &Session<'_>,
    draft: &Draft,
    sent: Option<DateTime<Utc>>,
) -> Receipt {
    let found = match sent {
        Some(sent) => candidates(session, draft, sent - CLOCK_SLACK).await.unwrap_or_default(),
        None => Vec::new(),
    };
    only(found)
        .unwrap_or_else(|| Receipt { evidence: Some(READ_BACK.to_owned()), ..Receipt::default() })
}

/// Stories have no text, and are listed for a day.
fn is_story(draft: &Draft) -> bool {
    draft.content.post_type == PostType::Story
}

/// The one media found, if it has a text to be known by: without, it may be
/// anybody's next story or picture.
fn ours(found: Vec<Value>, draft: &Draft) -> Option<Receipt> {
    let has_text = !is_story(draft) && !draft.content.caption.trim().is_empty();
    only(found).filter(|_| has_text)
}

fn only(found: Vec<Value>) -> Option<Receipt> {
    match found.as_slice() {
        [media] => Some(Receipt {
            external_id: text_of(media, "id"),
            permalink: text_of(media, "permalink"),
            evidence: Some(READ_BACK.to_owned()),
            ..Receipt::default()
        }),
        _ => None,
    }
}

/// [`Receipt::evidence`] of what a reading showed.
const READ_BACK: &str = "read-back";

/// The account's media since `after` that may have come from a publish call: no
/// field of a media names its container.
async fn candidates(
    session: &Session<'_>,
    draft: &Draft,
    after: DateTime<Utc>,
) -> Result<Vec<Value>, Failure> {
    let flow = Flow::of(&draft.content)?;
    let (edge, fields) = match flow {
        Flow::Story => ("stories", "id,timestamp,media_type,permalink"),
        _ => ("media", "id,caption,timestamp,permalink,media_product_type,media_type"),
    };
    let since = after.timestamp().to_string();
    let query = [("fields", fields), ("since", since.as_str()), ("limit", "100")];
    let mut media = session.read_all(&[draft.account.external_id.as_str(), edge], &query).await?;
    media.retain(|media| fits(media, draft, flow, after));
    Ok(media)
}

fn fits(media: &Value, draft: &Draft, flow: Flow, after: DateTime<Utc>) -> bool {
    let is = |name: &str, word: &str| text_of(media, name).is_none_or(|text| text == word);
    let kind = match flow {
        Flow::Reel => is("media_product_type", "REELS"),
        Flow::Carousel => is("media_product_type", "FEED") && is("media_type", "CAROUSEL_ALBUM"),
        Flow::Image => is("media_product_type", "FEED") && is("media_type", "IMAGE"),
        Flow::Story => match draft.content.media.first().map(|item| item.kind) {
            Some(MediaKind::Video) => is("media_type", "VIDEO"),
            _ => is("media_type", "IMAGE"),
        },
    };
    let recent = text_of(media, "timestamp")
        // Graph times have no colon in their offset.
        .and_then(|text| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z").ok())
        .is_some_and(|timestamp| timestamp >= after);
    let caption = text_of(media, "caption").unwrap_or_default();
    kind && recent && (flow == Flow::Story || same_text(&caption, &draft.content.caption))
}

/// Equal for readers: platforms normalise and trim what they store.
fn same_text(one: &str, other: &str) -> bool {
    one.trim().nfc().eq(other.trim().nfc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_is_read_by_its_status_code_and_a_failed_one_by_the_number_in_its_text() {
        let state = |code: &str| state_of(&json!({"status_code": code, "status": "…"}));
        assert_eq!(state("IN_PROGRESS"), State::InProgress);
        assert_eq!(state("FINISHED"), State::Finished);
        assert_eq!(state("PUBLISHED"), State::Published);
        assert_eq!(state("SOMETHING_NEW"), State::InProgress);
        let State::Dead(failure) = state("EXPIRED") else { panic!() };
        assert_eq!((failure.code.as_str(), failure.remedy), (EXPIRED, Remedy::Restage));
        let text = "Error: Media upload has failed with error code 2207026";
        let State::Dead(failure) = state_of(&json!({"status_code": "ERROR", "status": text}))
        else {
            panic!()
        };
        assert_eq!((failure.code.as_str(), failure.remedy), ("2207026", Remedy::GiveUp));
        assert_eq!(failure.message, text);
    }

    #[test]
    fn captions_are_compared_as_readers_see_them() {
        assert!(same_text("cafe\u{301} ", "caf\u{e9}"));
        assert!(!same_text("cafe", "caf\u{e9}"));
    }

    #[test]
    fn several_candidates_bind_none() {
        let media = json!({"id": "1"});
        assert_eq!(only(vec![]), None);
        assert_eq!(only(vec![media.clone(), media.clone()]), None);
        assert_eq!(only(vec![media]).unwrap().external_id.as_deref(), Some("1"));
    }
}
