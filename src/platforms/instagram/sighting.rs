//! Finding out whether a container was published, and as what.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Flow;
use crate::domain::proof::LISTS_LAG;
use crate::domain::{
    Draft, Failure, FailureCode, Intent, MediaKind, PostType, Receipt, Remedy, Sighting,
};
use crate::platforms::graph::{
    SLACK, STORY_LIST_LIFE, Session, dead_container, is_recent, same_text, story_gone, text_of,
    words_of,
};

/// The state alone; `status` explains an error and may be requested with it.
pub(super) const STATE_FIELDS: &str = "status_code,status";

/// Containers end after this; whether a published one still says so is not known.
const CONTAINER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How a second publish call on a container ends is documented nowhere. A call must be
/// this old before "not live" counts when something was published for the account since.
const UNPROVEN_BUSY: Duration = Duration::from_secs(60 * 60);

/// What a container says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    InProgress,
    Finished,
    Published,
    /// It failed or ended; the code says which.
    Dead(Failure),
}

pub(super) fn state_of(node: &Value) -> State {
    match node["status_code"].as_str() {
        Some("FINISHED") => State::Finished,
        Some("PUBLISHED") => State::Published,
        Some("EXPIRED") => State::Dead(Failure::new(
            Remedy::Restage,
            FailureCode::StagingExpired,
            "the container is older than 24 hours",
        )),
        Some("ERROR") => {
            let status = node["status"].as_str().unwrap_or("no reason given");
            let (subcode, remedy) = dead_container(status);
            let code = subcode.map_or(FailureCode::ProcessingFailed, |subcode| {
                FailureCode::Platform(subcode.to_string())
            });
            let message = match subcode.and_then(words_of) {
                Some((means, advice)) => format!("Instagram: {means} (\"{status}\"). {advice}"),
                None => format!("Instagram could not process the media: \"{status}\""),
            };
            State::Dead(Failure::new(remedy, code, message))
        }
        _ => State::InProgress,
    }
}

/// Reads the state of the container that the call named.
pub(super) async fn look(session: &Session<'_>, draft: &Draft, call: &Intent) -> Sighting {
    let Some(container) = call.object.as_deref() else {
        let message = "which container was published is not known";
        return Sighting::NeverTells(Failure::new(Remedy::GiveUp, FailureCode::Blind, message));
    };
    let state = match session.read(&[container], &[("fields", STATE_FIELDS)]).await {
        Ok(reply) => state_of(&reply.json),
        Err(error) if error.missing && call.age > LISTS_LAG => {
            return without_container(session, draft, call, error.failure).await;
        }
        Err(error) => return Sighting::CannotTell(error.failure),
    };
    match state {
        State::Published => {
            // Without a text they look alike: while ours may not be listed yet, the
            // only one that is may be another post's.
            let found = match has_text(draft) || call.age >= LISTS_LAG {
                true => candidates(session, draft).await.map(|(found, _)| found),
                false => Ok(Vec::new()),
            };
            Sighting::Live(
                only(found.unwrap_or_default()).unwrap_or_else(|| Receipt::read_back(None)),
            )
        }
        State::InProgress => Sighting::InProgress,
        // The state may lag: the list and the count of posts are asked, too.
        State::Finished => match candidates(session, draft).await {
            Ok((found, _)) if found.is_empty() && call.age < LISTS_LAG => {
                Sighting::NotLive { after: LISTS_LAG }
            }
            Ok((found, offset)) if found.is_empty() => {
                let after = match nothing_was_published(session, draft, call, offset).await {
                    true => LISTS_LAG,
                    false => UNPROVEN_BUSY,
                };
                Sighting::NotLive { after }
            }
            Ok((found, _)) => ours(found, draft)
                .map_or(Sighting::NotLive { after: UNPROVEN_BUSY }, Sighting::Matched),
            Err(failure) => Sighting::CannotTell(failure),
        },
        // A container that was published may be reported as ended after a day.
        State::Dead(failure) if failure.code == FailureCode::StagingExpired => {
            let is_gone = is_story(draft) && call.age >= STORY_LIST_LIFE;
            match candidates(session, draft).await {
                Ok((found, _)) if found.is_empty() && is_gone => story_gone(),
                Ok((found, _)) if found.is_empty() => Sighting::Dead(failure),
                Ok((found, _)) => {
                    ours(found, draft).map_or(Sighting::CannotTell(failure), Sighting::Matched)
                }
                Err(failure) => Sighting::CannotTell(failure),
            }
        }
        State::Dead(failure) => Sighting::Dead(failure),
    }
}

/// The container is gone or was never there: lists and count have to show it.
async fn without_container(
    session: &Session<'_>,
    draft: &Draft,
    call: &Intent,
    failure: Failure,
) -> Sighting {
    let (found, offset) = match candidates(session, draft).await {
        Ok(found) => found,
        Err(failure) => return Sighting::CannotTell(failure),
    };
    let nothing = found.is_empty();
    match ours(found, draft) {
        Some(receipt) => Sighting::Matched(receipt),
        None if call.age > CONTAINER_LIFE => Sighting::NeverTells(failure),
        None if nothing && nothing_was_published(session, draft, call, offset).await => {
            Sighting::Dead(gone())
        }
        None => Sighting::CannotTell(failure),
    }
}

fn gone() -> Failure {
    let message = "Instagram: the container is gone. It is made anew.";
    Failure::new(Remedy::Restage, FailureCode::MissingObject, message)
}

/// Whether the account's count of published posts is unchanged since the call.
async fn nothing_was_published(
    session: &Session<'_>,
    draft: &Draft,
    call: &Intent,
    offset: TimeDelta,
) -> bool {
    let since = call.window(offset).start().timestamp().to_string();
    let query = [("fields", "quota_usage"), ("since", since.as_str())];
    let path = [draft.account.external_id.as_str(), "content_publishing_limit"];
    let reply = session.read(&path, &query).await;
    reply.is_ok_and(|reply| reply.json["data"][0]["quota_usage"] == json!(0))
}

/// Stories have no text, and are listed for a day.
fn is_story(draft: &Draft) -> bool {
    draft.content.post_type == PostType::Story
}

/// Whether a reader can distinguish it from others.
fn has_text(draft: &Draft) -> bool {
    !is_story(draft) && !draft.content.caption.trim().is_empty()
}

/// The one media found, if it has a text by which it can be matched: without one, it may
/// be an unrelated story or picture.
fn ours(found: Vec<Value>, draft: &Draft) -> Option<Receipt> {
    only(found).filter(|_| has_text(draft))
}

fn only(found: Vec<Value>) -> Option<Receipt> {
    match found.as_slice() {
        [media] => Some(Receipt {
            permalink: text_of(media, "permalink"),
            ..Receipt::read_back(text_of(media, "id"))
        }),
        _ => None,
    }
}

/// The account's media that may have come from one of the publish calls (no field
/// of a media names its container), and how far Instagram's clock is ahead.
async fn candidates(
    session: &Session<'_>,
    draft: &Draft,
) -> Result<(Vec<Value>, TimeDelta), Failure> {
    let flow = Flow::of(&draft.content)?;
    let (edge, fields) = match flow {
        Flow::Story => ("stories", "id,timestamp,media_type"),
        _ => ("media", "id,caption,timestamp,media_product_type,media_type"),
    };
    let first = draft.calls.first().map_or(draft.now, |call| call.at);
    let path = [draft.account.external_id.as_str(), edge];
    let (mut media, listed_at) =
        session.read_all_since(&path, first - SLACK, fields, "permalink").await?;
    let offset = session.clock_offset(listed_at);
    media.retain(|media| fits(media, draft, flow, offset));
    Ok((media, offset))
}

fn fits(media: &Value, draft: &Draft, flow: Flow, offset: TimeDelta) -> bool {
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
    let caption = text_of(media, "caption").unwrap_or_default();
    kind && is_recent(media, "timestamp", draft, offset)
        && (flow == Flow::Story || same_text(&caption, &draft.content.caption))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_is_read_by_its_status_code() {
        let state = |code: &str| state_of(&json!({"status_code": code, "status": "…"}));
        assert_eq!(state("IN_PROGRESS"), State::InProgress);
        assert_eq!(state("FINISHED"), State::Finished);
        assert_eq!(state("PUBLISHED"), State::Published);
        assert_eq!(state("SOMETHING_NEW"), State::InProgress);
        let State::Dead(failure) = state("EXPIRED") else { panic!() };
        assert_eq!((failure.code.as_str(), failure.remedy), ("staging_expired", Remedy::Restage));
    }

    /// A number alone says nothing to people.
    #[test]
    fn a_dead_container_says_why_in_words() {
        let dead =
            |status: Value| match state_of(&json!({"status_code": "ERROR", "status": status})) {
                State::Dead(failure) => (failure.code, failure.remedy, failure.message),
                other => panic!("{other:?}"),
            };
        let text = "Error: Media upload has failed with error code 2207026";
        let (code, remedy, message) = dead(json!(text));
        assert_eq!((code.as_str(), remedy), ("2207026", Remedy::GiveUp));
        assert_eq!(
            message,
            format!(
                "Instagram: the video format is not supported (\"{text}\"). Encode it as MP4 \
                 with H.264 and AAC, and schedule it again."
            )
        );
        let (code, remedy, message) = dead(json!("Error: odd 1234567"));
        assert_eq!((code.as_str(), remedy), ("1234567", Remedy::Restage));
        assert_eq!(message, "Instagram could not process the media: \"Error: odd 1234567\"");
        let (code, remedy, message) = dead(Value::Null);
        assert_eq!((code.as_str(), remedy), ("processing_failed", Remedy::Restage));
        assert!(message.contains("no reason given"), "{message}");
    }

    #[test]
    fn several_candidates_bind_none() {
        let media = json!({"id": "1"});
        assert_eq!(only(vec![]), None);
        assert_eq!(only(vec![media.clone(), media.clone()]), None);
        assert_eq!(only(vec![media]).unwrap().external_id.as_deref(), Some("1"));
    }
}
