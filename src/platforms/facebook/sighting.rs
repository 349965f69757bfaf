//! Finding out whether a Page post is live, by reading the object that the
//! publish call named. Where that shows as not published, a list is asked, too:
//! the two may lag by different times.

use serde_json::Value;

use super::flow::Kind;
use super::listing;
use crate::domain::proof::LISTS_LAG;
use crate::domain::{Draft, Failure, FailureCode, Intent, Receipt, Remedy, Sighting};
use crate::platforms::graph::{
    CallError, STORY_LIST_LIFE, Session, dead_object, story_gone, text_of, words_of,
};

/// The field with a video's progress. No other field is requested with it: one that a
/// version does not know makes the whole read fail.
pub(super) const STATUS: &str = "status";

/// Reads the state of what the call named.
pub(super) async fn look(
    session: &Session<'_>,
    draft: &Draft,
    kind: Kind,
    object: &str,
    call: &Intent,
) -> Sighting {
    let listed = || listing::listed(session, draft, kind, object, call);
    let seen = match kind {
        Kind::PhotoStory => return story(session, draft, object, call).await,
        Kind::Feed => flipped_post(session, object).await,
        Kind::Video => video(session, object).await,
        Kind::Reel | Kind::VideoStory => finished_video(session, object).await,
    };
    match seen {
        // Only the list contains a story's id.
        Ok(Sighting::Live(_)) if kind == Kind::VideoStory => Sighting::Live(
            listed().await.ok().flatten().unwrap_or_else(|| Receipt::read_back(None)),
        ),
        Ok(seen @ Sighting::NotLive { .. }) if kind == Kind::VideoStory => {
            match story(session, draft, object, call).await {
                Sighting::NotLive { .. } => seen,
                listed => listed,
            }
        }
        Ok(seen @ Sighting::NotLive { .. }) => match listed().await {
            Ok(found) => found.map_or(seen, Sighting::Live),
            Err(failure) => Sighting::CannotTell(failure),
        },
        Ok(seen) => seen,
        Err(error) if error.failure.passes() => Sighting::CannotTell(error.failure),
        // It is gone or can no longer be read: the list may show it.
        Err(error) => match listed().await {
            Ok(Some(receipt)) => Sighting::Live(receipt),
            Ok(None) if call.age < LISTS_LAG => Sighting::CannotTell(error.failure),
            Ok(None) if error.missing => Sighting::Dead(gone()),
            Ok(None) => Sighting::NotLive { after: LISTS_LAG },
            Err(failure) => Sighting::CannotTell(failure),
        },
    }
}

/// Whether an object that is to be deleted clearly is not published.
pub(super) async fn is_unpublished(session: &Session<'_>, object: &str) -> bool {
    let says = |name: &'static str| async move {
        let reply = session.read(&[object], &[("fields", name)]).await.ok()?;
        Some(reply.json)
    };
    // A post says it in one field, a video in one or two others.
    if let Some(post) = says("is_published").await {
        return post["is_published"].as_bool() == Some(false);
    }
    let Some(video) = says(STATUS).await else { return false };
    matches!(publishing(&video), Publishing::NotBegun | Publishing::Failed)
        && published(session, object).await.is_ok_and(|published| published != Some(true))
}

/// What a video's own field says; `None`: it has none, or this version does not know it.
async fn published(session: &Session<'_>, video: &str) -> Result<Option<bool>, Failure> {
    match session.read(&[video], &[("fields", "published")]).await {
        Ok(reply) => Ok(reply.json["published"].as_bool()),
        Err(error) if error.failure.passes() => Err(error.failure),
        Err(_) => Ok(None),
    }
}

async fn flipped_post(session: &Session<'_>, post: &str) -> Result<Sighting, CallError> {
    let reply = session.read(&[post], &[("fields", "is_published")]).await?;
    Ok(match reply.json["is_published"].as_bool() {
        Some(true) => Sighting::Live(Receipt::read_back(Some(post.to_owned()))),
        Some(false) => Sighting::NotLive { after: LISTS_LAG },
        None => Sighting::CannotTell(unclear()),
    })
}

async fn finished_video(session: &Session<'_>, video: &str) -> Result<Sighting, CallError> {
    let reply = session.read(&[video], &[("fields", STATUS)]).await?;
    Ok(publishing(&reply.json).sighting(video, &reply.json))
}

/// A video says `published`, or how far its publishing phase is: the flip and
/// the upload in parts may show in either.
async fn video(session: &Session<'_>, video: &str) -> Result<Sighting, CallError> {
    let seen = finished_video(session, video).await;
    match &seen {
        Ok(Sighting::Live(_) | Sighting::Dead(_)) => return seen,
        Err(error) if error.missing => return seen,
        _ => {}
    }
    match (published(session, video).await, &seen) {
        (Ok(Some(true)), _) => Ok(Sighting::Live(Receipt::read_back(Some(video.to_owned())))),
        (Err(failure), Ok(Sighting::NotLive { .. })) => Ok(Sighting::CannotTell(failure)),
        (Ok(Some(false)), Err(_) | Ok(Sighting::CannotTell(_))) => {
            Ok(Sighting::NotLive { after: LISTS_LAG })
        }
        _ => seen,
    }
}

/// The staged object is gone.
fn gone() -> Failure {
    let message = "Facebook: what was staged is gone, maybe deleted by hand. It is made anew.";
    Failure::new(Remedy::Restage, FailureCode::MissingObject, message)
}

/// A story is known by its media, in the list of stories alone.
async fn story(session: &Session<'_>, draft: &Draft, media: &str, call: &Intent) -> Sighting {
    match listing::story_of(session, draft, media, call).await {
        Ok(Some(receipt)) => Sighting::Live(receipt),
        Ok(None) if call.age < STORY_LIST_LIFE => Sighting::NotLive { after: LISTS_LAG },
        Ok(None) => story_gone(),
        Err(failure) => Sighting::CannotTell(failure),
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
    fn sighting(self, video: &str, node: &Value) -> Sighting {
        match self {
            Self::Done => Sighting::Live(Receipt::read_back(Some(video.to_owned()))),
            Self::Running => Sighting::InProgress,
            Self::NotBegun => Sighting::NotLive { after: LISTS_LAG },
            Self::Failed => Sighting::Dead(dead_video(node)),
            Self::Unclear => Sighting::CannotTell(unclear()),
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
    let number = error.and_then(|error| error["code"].as_i64());
    let said = error.and_then(|error| text_of(error, "message"));
    let said = said.unwrap_or_else(|| "no reason given".to_owned());
    let code = match (number, status["video_status"].as_str()) {
        (Some(number), _) => FailureCode::Platform(number.to_string()),
        (None, Some("expired")) => FailureCode::StagingExpired,
        (None, Some("upload_failed")) => FailureCode::UploadFailed,
        (None, _) => FailureCode::ProcessingFailed,
    };
    let message = match number.and_then(words_of) {
        Some((means, advice)) => format!("Facebook: {means} (\"{said}\"). {advice}"),
        None => format!("Facebook could not process the video: \"{said}\""),
    };
    Failure::new(dead_object(number), code, message)
}

fn unclear() -> Failure {
    let message = "the state that was read does not tell whether it is live";
    Failure::new(Remedy::Retry, FailureCode::UnclearState, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn video(video_status: &str, phase: Value) -> Value {
        json!({"status": {"video_status": video_status, "publishing_phase": phase}})
    }

    #[test]
    fn only_a_published_phase_makes_a_video_live() {
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
    fn a_video_that_never_fits_is_given_up() {
        let failed = |error: Value| {
            dead_video(&json!({"status": {"video_status": "error",
                "processing_phase": {"status": "error", "errors": [error]}}}))
        };
        let too_long = failed(json!({"code": 1_363_128, "message": "too long"}));
        assert_eq!((too_long.remedy, too_long.code.as_str()), (Remedy::GiveUp, "1363128"));
        assert!(too_long.message.contains("3 to 90 seconds"), "{}", too_long.message);
        assert_eq!(failed(json!({"message": "odd"})).remedy, Remedy::Restage);
        assert_eq!(dead_video(&video("expired", Value::Null)).code, "staging_expired");
    }
}
