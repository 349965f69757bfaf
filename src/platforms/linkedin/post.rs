//! The call that makes a post live, and looking for it afterwards.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::classify::{self, Verdict};
use super::content::{Shape, media_urns, post_body};
use super::urn::{self, Author};
use super::{LinkedIn, author, text};
use crate::domain::{Answer, Draft, Failure, Intent, Receipt, Remedy, Sighting};
use crate::platforms::http::{CallKind, HttpAnswer};

/// A post's number may be minted this long before our send, by the clocks' error.
const BEFORE_SEND: TimeDelta = TimeDelta::seconds(5);

/// The call's time limit and two minutes for LinkedIn to finish what it began.
const AFTER_SEND: TimeDelta = TimeDelta::seconds(60 + 120);

impl LinkedIn {
    pub(super) async fn create_post(&self, draft: &Draft) -> Answer {
        if let Err(too_late) = draft.clearance.check() {
            return Answer::Refused(too_late);
        }
        let body = match author(draft).and_then(|author| post_body(draft, author)) {
            Ok(body) => body,
            Err(failure) => return Answer::Refused(failure),
        };
        let call = self.post(CallKind::Publish, "/posts", &draft.token).json(&body);
        let started = Instant::now();
        let answer = match self.http.send(call).await {
            Ok(answer) => answer,
            Err(error) => return classify::unanswered(&error),
        };
        let took = started.elapsed();
        let failure = || classify::failure(&answer, &draft.token);
        match classify::verdict(&answer) {
            // The header alone proves it, whatever became of the body.
            Verdict::Created => Answer::Published(receipt(&answer)),
            Verdict::Refused => Answer::Refused(failure()),
            Verdict::Unknown => Answer::Unknown(failure()),
            Verdict::Duplicate(named) => {
                let offset = draft
                    .sent_at
                    .last()
                    .map(|sent| classify::clock_offset(&answer, *sent, took))
                    .unwrap_or_default();
                let answer =
                    classify::duplicate(failure(), named.as_deref(), &draft.sent_at, offset);
                if let (Answer::Found(receipt), [_]) = (&answer, draft.sent_at.as_slice()) {
                    // We send once: something on the way must have repeated it.
                    tracing::warn!(
                        post = receipt.external_id,
                        "LinkedIn may have got one create call twice"
                    );
                }
                match &answer {
                    Answer::Found(receipt) if self.is_missing(draft, receipt).await => {
                        let named = named.unwrap_or_default();
                        let mut failure = failure();
                        failure.message.push_str(&format!(" (but {named} is not there)"));
                        Answer::Unknown(failure)
                    }
                    _ => answer,
                }
            }
        }
    }

    /// Whether LinkedIn says that the post it named is not there. Who may not
    /// read it is told something else, which proves nothing.
    async fn is_missing(&self, draft: &Draft, receipt: &Receipt) -> bool {
        let Some(urn) = &receipt.external_id else { return false };
        let call = self.get(&format!("/posts/{}", urn::encode(urn)), &draft.token);
        let answer = self.http.send(call).await;
        answer.is_ok_and(|answer| answer.status.as_u16() == 404)
    }

    pub(super) async fn find_post(&self, draft: &Draft, intent: &Intent) -> Sighting {
        let author = match author(draft) {
            Ok(Author::Organization(urn)) => urn,
            Ok(Author::Person(_)) => {
                return Sighting::NeverTells(Failure::new(
                    Remedy::GiveUp,
                    "member-post",
                    "LinkedIn does not let the posts of members be read back",
                ));
            }
            Err(failure) => return Sighting::NeverTells(failure),
        };
        let path = format!(
            "/posts?q=author&author={}&count=20&start=0&sortBy=CREATED&viewContext=AUTHOR",
            urn::encode(author)
        );
        let call = self.get(&path, &draft.token).header("X-RestLi-Method", "FINDER");
        let answer = match self.http.send(call).await {
            Ok(answer) => answer,
            Err(error) => return Sighting::CannotTell(classify::no_answer(&error)),
        };
        if !answer.status.is_success() {
            let mut failure = classify::failure(&answer, &draft.token);
            if matches!(answer.status.as_u16(), 400 | 401 | 403 | 404) {
                failure.message = format!("the page's posts cannot be read: {}", failure.message);
            }
            if answer.status.as_u16() == 403 {
                // Reading takes a permission that posting does not: as for a member,
                // and no reason to let the account rest.
                return Sighting::NeverTells(Failure { remedy: Remedy::GiveUp, ..failure });
            }
            return Sighting::CannotTell(failure);
        }
        sighting(&answer, draft, intent)
    }
}

/// The created post's id is in a header, maybe percent-encoded; the body is empty.
fn receipt(answer: &HttpAnswer) -> Receipt {
    let id = ["x-restli-id", "x-linkedin-id"]
        .iter()
        .filter_map(|name| answer.header(name))
        .map(|id| urn::decode(id.trim()))
        .find(|id| !id.is_empty());
    Receipt {
        permalink: id.as_deref().and_then(urn::find_post).map(urn::address),
        external_id: id,
        http_status: Some(answer.status.as_u16()),
        trace_id: classify::trace_id(answer),
        evidence: None,
    }
}

/// Looks for our post among the author's newest. Not finding it proves
/// nothing: how late a new post shows up there is not documented.
fn sighting(answer: &HttpAnswer, draft: &Draft, intent: &Intent) -> Sighting {
    let Some(posts) = answer.json["elements"].as_array() else {
        return cannot_tell("the list of the page's posts could not be read");
    };
    let offset = classify::clock_offset(answer, intent.at, intent.age);
    let from = intent.at - BEFORE_SEND + offset.min(TimeDelta::zero());
    let to = intent.at + AFTER_SEND + offset.max(TimeDelta::zero());
    let Some(fingerprint) = fingerprint(draft) else {
        return cannot_tell("the post's media is not known");
    };
    let matching: Vec<&Value> =
        posts.iter().filter(|post| fingerprint.fits(post, from, to)).collect();
    match matching.as_slice() {
        [] => cannot_tell("the post is not among the page's newest posts"),
        [post] => match post["lifecycleState"].as_str() {
            Some("DRAFT" | "PUBLISH_FAILED") => {
                cannot_tell("LinkedIn holds the post but does not show it to readers")
            }
            _ => {
                let receipt = Receipt {
                    external_id: post["id"].as_str().map(str::to_owned),
                    permalink: post["id"].as_str().map(urn::address),
                    http_status: Some(answer.status.as_u16()),
                    trace_id: classify::trace_id(answer),
                    evidence: Some("read-back".to_owned()),
                };
                match fingerprint {
                    Fingerprint::Media(_) => Sighting::Live(receipt),
                    Fingerprint::Text(_) | Fingerprint::Link(_) => Sighting::Found(receipt),
                }
            }
        },
        _ => cannot_tell("more than one of the page's newest posts has this text"),
    }
}

fn cannot_tell(message: &str) -> Sighting {
    Sighting::CannotTell(Failure::new(Remedy::Retry, "not-seen", message))
}

/// What tells a post from all others.
enum Fingerprint<'a> {
    /// Uploaded for this post alone: certain.
    Media(Vec<&'a str>),
    /// The text at the right time.
    Text(String),
    /// A link without text, at the right time.
    Link(&'a str),
}

fn fingerprint(draft: &Draft) -> Option<Fingerprint<'_>> {
    let shape = Shape::of(&draft.content).ok()?;
    let caption = text::comparable(&draft.content.caption);
    Some(match shape {
        Shape::Images(_) | Shape::Video(_) => Fingerprint::Media(media_urns(draft, &shape)?),
        Shape::Article(link) if caption.is_empty() => Fingerprint::Link(link),
        Shape::Article(_) | Shape::Text => Fingerprint::Text(caption),
    })
}

impl Fingerprint<'_> {
    fn fits(&self, post: &Value, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let content = &post["content"];
        let within = || created_at(post, to).is_some_and(|at| from <= at && at <= to);
        match self {
            Self::Media(urns) => {
                let one = content["media"]["id"].as_str();
                let many = content["multiImage"]["images"].as_array();
                let many = many.into_iter().flatten().filter_map(|image| image["id"].as_str());
                one.into_iter().chain(many).any(|urn| urns.contains(&urn))
            }
            Self::Text(text) => {
                let commentary = post["commentary"].as_str().unwrap_or_default();
                let without_media = content["media"].is_null() && content["multiImage"].is_null();
                without_media && text::comparable(&text::unescape(commentary)) == *text && within()
            }
            Self::Link(link) => content["article"]["source"].as_str() == Some(link) && within(),
        }
    }
}

fn created_at(post: &Value, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match post["createdAt"].as_i64() {
        Some(millis) => DateTime::from_timestamp_millis(millis),
        None => urn::minted_at(post["id"].as_str()?, now),
    }
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;
