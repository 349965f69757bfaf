//! Finding out whether a Page post is live, by reading the object that the
//! publish call named.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Flow, address};
use crate::domain::{Draft, Failure, Receipt, Remedy, Sighting};
use crate::platforms::graph::{Reply, STORY_LIST_LIFE, Session, dead_object, story_gone, text_of};

/// What tells how far a video is.
pub(super) const STATUS_FIELDS: &str = "status,published,post_id,permalink_url";

/// The clocks of database and platform may differ by this; a story is known by
/// its media, whenever it was made.
const CLOCK_SLACK: chrono::Duration = chrono::Duration::hours(1);

/// Reads the state of what was sent at `sent`, `age` ago.
pub(super) async fn look(
    session: &Session<'_>,
    draft: &Draft,
    flow: Flow,
    sent: DateTime<Utc>,
    age: Duration,
) -> Sighting {
    let Some(anchor) = draft.staging.id(flow.anchor()) else {
        let message = "what was published is not known any more";
        return Sighting::NeverTells(Failure::new(Remedy::GiveUp, "not_staged", message));
    };
    if flow == Flow::PhotoStory {
        return match story_of(session, draft, anchor, sent).await {
            Ok(Some(receipt)) => Sighting::Live(receipt),
            Ok(None) if age < STORY_LIST_LIFE => Sighting::NotLive,
            Ok(None) => story_gone(),
            Err(failure) => Sighting::CannotTell(failure),
        };
    }
    let fields = if flow == Flow::Feed { "is_published,permalink_url" } else { STATUS_FIELDS };
    let reply = match session.read(&[anchor], &[("fields", fields)]).await {
        Ok(reply) => reply,
        Err(trouble) => return Sighting::CannotTell(trouble.failure),
    };
    let live = || Sighting::Live(receipt(Some(anchor.to_owned()), &reply));
    match flow {
        Flow::Feed => match reply.json["is_published"].as_bool() {
            Some(true) => live(),
            Some(false) => Sighting::NotLive,
            None => Sighting::CannotTell(unclear()),
        },
        Flow::Video => match reply.json["published"].as_bool() {
            Some(true) => live(),
            _ if is_dead(&reply.json) => Sighting::Dead(dead_video(&reply.json)),
            Some(false) => Sighting::NotLive,
            None => Sighting::CannotTell(unclear()),
        },
        Flow::Reel | Flow::PhotoStory => match publishing(&reply.json) {
            Publishing::Done => live(),
            other => other.sighting(&reply.json),
        },
        Flow::VideoStory => {
            match (publishing(&reply.json), story_of(session, draft, anchor, sent).await) {
                (_, Ok(Some(story))) => Sighting::Live(story),
                (Publishing::Done, _) => {
                    Sighting::Live(receipt(text_of(&reply.json, "post_id"), &reply))
                }
                (_, Err(failure)) => Sighting::CannotTell(failure),
                (_, Ok(None)) if age >= STORY_LIST_LIFE => story_gone(),
                (other, Ok(None)) => other.sighting(&reply.json),
            }
        }
    }
}

/// The third phase of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Publishing {
    Done,
    Running,
    NotBegun,
    Failed,
    Unclear,
}

impl Publishing {
    fn sighting(self, node: &Value) -> Sighting {
        match self {
            Self::Running => Sighting::InProgress,
            Self::NotBegun => Sighting::NotLive,
            Self::Failed => Sighting::Dead(dead_video(node)),
            Self::Done | Self::Unclear => Sighting::CannotTell(unclear()),
        }
    }
}

fn publishing(node: &Value) -> Publishing {
    let phase = &node["status"]["publishing_phase"];
    match (phase["status"].as_str(), phase["publish_status"].as_str()) {
        // Meta's pages and its answers differ in the spelling.
        (Some("complete" | "completed"), Some("published")) => Publishing::Done,
        (Some("error"), _) | (_, Some("error")) => Publishing::Failed,
        (Some("in_progress"), _) => Publishing::Running,
        _ if is_dead(node) => Publishing::Failed,
        (Some("not_started"), _) => Publishing::NotBegun,
        _ => Publishing::Unclear,
    }
}

fn is_dead(node: &Value) -> bool {
    let status = node["status"]["video_status"].as_str();
    matches!(status, Some("error" | "expired" | "upload_failed"))
}

/// Why a video failed in processing: the reason stands in one of its phases,
/// as `error` or as a list of `errors`.
pub(super) fn dead_video(node: &Value) -> Failure {
    let status = &node["status"];
    let phases = ["uploading_phase", "processing_phase", "publishing_phase"];
    let error = phases.iter().find_map(|phase| {
        let phase = &status[phase];
        phase.get("error").or_else(|| phase["errors"].get(0)).filter(|error| error.is_object())
    });
    let code = error.and_then(|error| error["code"].as_i64());
    let reason = error.and_then(|error| text_of(error, "message"));
    let word = status["video_status"].as_str().unwrap_or("error");
    Failure::new(
        dead_object(code),
        code.map_or_else(|| format!("video_{word}"), |code| code.to_string()),
        reason.unwrap_or_else(|| "Facebook could not process the video".to_owned()),
    )
}

/// The story made of this photo or video, when it is listed.
pub(super) async fn story_of(
    session: &Session<'_>,
    draft: &Draft,
    media_id: &str,
    sent: DateTime<Utc>,
) -> Result<Option<Receipt>, Failure> {
    let since = (sent - CLOCK_SLACK).timestamp().to_string();
    let query = [("since", since.as_str()), ("limit", "100")];
    let page = draft.account.external_id.as_str();
    let stories = session.read_all(&[page, "stories"], &query).await?;
    let story =
        stories.iter().find(|story| text_of(story, "media_id").as_deref() == Some(media_id));
    Ok(story.map(|story| Receipt {
        external_id: text_of(story, "post_id"),
        permalink: text_of(story, "url"),
        evidence: Some("read-back".to_owned()),
        ..Receipt::default()
    }))
}

fn receipt(external_id: Option<String>, reply: &Reply) -> Receipt {
    Receipt {
        external_id,
        permalink: address(&reply.json),
        http_status: Some(reply.status),
        trace_id: reply.trace_id.clone(),
        evidence: Some("read-back".to_owned()),
    }
}

fn unclear() -> Failure {
    let message = "the state that was read does not tell whether it is live";
    Failure::new(Remedy::Retry, "unclear_state", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn video(video_status: &str, phase: Value) -> Value {
        json!({"status": {"video_status": video_status, "publishing_phase": phase}})
    }

    #[test]
    fn a_video_is_live_only_when_its_publishing_phase_says_published() {
        let phase = |status, publish| json!({"status": status, "publish_status": publish});
        let rows = [
            (video("ready", phase("complete", "published")), Publishing::Done),
            (video("ready", phase("completed", "published")), Publishing::Done),
            (video("ready", phase("complete", "draft")), Publishing::Unclear),
            (video("processing", phase("in_progress", "not_published")), Publishing::Running),
            (video("ready", phase("not_started", "not_published")), Publishing::NotBegun),
            (video("expired", phase("not_started", "not_published")), Publishing::Failed),
            (video("ready", phase("error", "error")), Publishing::Failed),
            (video("ready", Value::Null), Publishing::Unclear),
            (json!({}), Publishing::Unclear),
        ];
        for (node, expected) in rows {
            assert_eq!(publishing(&node), expected, "{node}");
        }
    }

    #[test]
    fn a_video_that_never_fits_is_given_up_and_any_other_is_staged_anew() {
        let failed = |error: Value| {
            let failure = dead_video(&json!({"status": {"video_status": "error",
                "processing_phase": {"status": "error", "errors": [error]}}}));
            (failure.remedy, failure.code, failure.message)
        };
        assert_eq!(
            failed(json!({"code": 1_363_128, "message": "too long"})),
            (Remedy::GiveUp, "1363128".to_owned(), "too long".to_owned())
        );
        assert_eq!(failed(json!({"message": "odd"})).0, Remedy::Restage);
        assert_eq!(dead_video(&video("expired", Value::Null)).code, "video_expired");
    }
}
