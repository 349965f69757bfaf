//! Making containers and waiting for them: one call per step.

use serde_json::{Value, json};

use super::sighting::{State, state_of};
use super::{CONTAINER, Flow};
use crate::domain::{
    Artifact, Draft, Failure, FailureCode, MediaItem, MediaKind, Preparation, Remedy, StepKind,
};
use crate::platforms::graph::{Graph, Session};

/// Does the next step that the draft does not show yet.
pub(super) async fn next(
    graph: &Graph,
    session: &Session<'_>,
    draft: &Draft,
    flow: Flow,
) -> Result<Preparation, Failure> {
    let media = &draft.content.media;
    if flow == Flow::Carousel {
        // All children are made before any is waited for: Meta works on them side by side.
        for (number, item) in media.iter().enumerate() {
            if !draft.staging.has(&child(number)) {
                let made = make(session, draft, child(number), &child_body(item)).await;
                return made.map_err(|failure| failure.of_medium(number, media.len()));
            }
        }
        for number in 0..media.len() {
            let polled = poll(graph, session, draft, &child(number)).await;
            if let Some(wait) = polled.map_err(|failure| failure.of_medium(number, media.len()))? {
                return Ok(wait);
            }
        }
    }
    if !draft.staging.has(CONTAINER) {
        let mut body = body(draft, flow)?;
        let made = make(session, draft, CONTAINER.to_owned(), &body).await;
        // One client sends the children as a list, four as one text.
        return match (made, body["children"].as_array()) {
            (Err(failure), Some(children)) if failure.code.as_str() == INVALID_VALUE => {
                let ids: Vec<&str> = children.iter().filter_map(Value::as_str).collect();
                body["children"] = json!(ids.join(","));
                make(session, draft, CONTAINER.to_owned(), &body).await
            }
            (made, _) => made,
        };
    }
    Ok(poll(graph, session, draft, CONTAINER).await?.unwrap_or(Preparation::Ready))
}

/// Meta's code for a value that it cannot read, without a subcode.
const INVALID_VALUE: &str = "100";

fn child(number: usize) -> String {
    format!("child/{number}")
}

async fn make(
    session: &Session<'_>,
    draft: &Draft,
    name: String,
    body: &Value,
) -> Result<Preparation, Failure> {
    let path = [draft.account.external_id.as_str(), "media"];
    let (id, _) = session.make(&path, body, "id").await?;
    Ok(Preparation::Staged(vec![Artifact::new(StepKind::Create, name, id)]))
}

/// Asks once whether a container is finished; `None` when that is known.
async fn poll(
    graph: &Graph,
    session: &Session<'_>,
    draft: &Draft,
    name: &str,
) -> Result<Option<Preparation>, Failure> {
    let ready = format!("{name}/ready");
    let Some(container) = draft.staging.get(name).filter(|_| !draft.staging.has(&ready)) else {
        return Ok(None);
    };
    let query = [("fields", super::sighting::STATE_FIELDS)];
    let reply = match session.read(&[&container.remote_id], &query).await {
        Ok(reply) => reply,
        Err(error) => {
            let delay = graph.failed_poll(error, draft.age_of(container))?;
            return Ok(Some(Preparation::Wait(delay, Vec::new())));
        }
    };
    match state_of(&reply.json) {
        State::InProgress => {
            let delay = graph.poll_delay(draft.age_of(container))?;
            Ok(Some(Preparation::Wait(delay, Vec::new())))
        }
        State::Dead(failure) => Err(failure),
        // Published: it is asked again before anything is sent.
        State::Finished | State::Published => {
            let ready = Artifact::new(StepKind::Wait, ready, container.remote_id.as_str());
            Ok(Some(Preparation::Staged(vec![ready])))
        }
    }
}

fn child_body(item: &MediaItem) -> Value {
    let mut body = json!({"is_carousel_item": true});
    set_media(&mut body, item);
    set_alt(&mut body, item);
    if item.kind == MediaKind::Video {
        body["media_type"] = json!("VIDEO");
    }
    body
}

fn body(draft: &Draft, flow: Flow) -> Result<Value, Failure> {
    let content = &draft.content;
    let mut body = match flow {
        Flow::Image => json!({}),
        Flow::Reel => json!({"media_type": "REELS"}),
        Flow::Story => json!({"media_type": "STORIES"}),
        Flow::Carousel => {
            let ids = (0..content.media.len()).map(|number| draft.staging.id(&child(number)));
            let children: Option<Vec<&str>> = ids.collect();
            let children = children.ok_or_else(|| {
                let message = "a part of the carousel is missing";
                Failure::new(Remedy::Restage, FailureCode::NotStaged, message)
            })?;
            json!({"media_type": "CAROUSEL", "children": children})
        }
    };
    if flow != Flow::Carousel
        && let [item] = content.media.as_slice()
    {
        set_media(&mut body, item);
        // Stories take neither alternative text nor caption.
        if flow != Flow::Story {
            set_alt(&mut body, item);
        }
    }
    if flow != Flow::Story && !content.caption.is_empty() {
        body["caption"] = json!(content.caption);
    }
    Ok(body)
}

fn set_media(body: &mut Value, item: &MediaItem) {
    let name = match item.kind {
        MediaKind::Image => "image_url",
        MediaKind::Video => "video_url",
    };
    body[name] = json!(item.url);
}

/// Only images take an alternative text; an empty field is an error to Meta.
fn set_alt(body: &mut Value, item: &MediaItem) {
    if let Some(alt) = item.alt.as_deref()
        && item.kind == MediaKind::Image
        && !alt.is_empty()
    {
        body["alt_text"] = json!(alt);
    }
}
