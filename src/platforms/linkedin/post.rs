//! The call that makes a post live, and looking for it afterwards.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::classify::{self, CreateClass};
use super::content::{Content, media_urns, post_body};
use super::urn;
use super::{LinkedIn, author, text};
use crate::domain::linkedin::{self, Author};
use crate::domain::proof::LISTS_LAG;
use crate::domain::{
    Answer, Draft, Failure, FailureCode, Intent, Receipt, Remedy, Sighting, made_by_one_of,
};
use crate::platforms::http::{CallKind, HttpAnswer};

/// The most that LinkedIn lists at once.
const PAGE: usize = 100;
/// More pages than an author fills while a call is open.
const MAX_PAGES: usize = 20;

impl LinkedIn {
    pub(super) async fn create_post(&self, draft: &Draft) -> Answer {
        let body = match author(draft).and_then(|author| post_body(draft, author)) {
            Ok(body) => body,
            Err(failure) => return Answer::NotSent(failure),
        };
        let call = self
            .post(CallKind::Publish(draft.clearance.clone()), "/posts", &draft.token)
            .json(&body);
        let began = Instant::now();
        let answer = match self.http.send(call).await {
            Ok(answer) => answer,
            Err(error) => return classify::unanswered(error),
        };
        let failure = || classify::failure(&answer, &draft.token);
        match classify::classify_create(&answer) {
            CreateClass::Created(urn) => Answer::Published(receipt(&answer, urn)),
            CreateClass::Refused => Answer::Refused(failure()),
            CreateClass::Unknown => Answer::Unknown(classify::unclear(&answer, &draft.token)),
            CreateClass::Duplicate(named) => {
                let offset = draft.clock_offset(answer.date(), began.elapsed());
                let answered =
                    classify::duplicate(failure(), named.as_deref(), &draft.calls, offset);
                if let (Answer::Matched(receipt), [_]) = (&answered, draft.calls.as_slice()) {
                    // We send once: something in between must have repeated it.
                    tracing::warn!(
                        post = receipt.external_id,
                        "LinkedIn may have got one create call twice"
                    );
                }
                match &answered {
                    Answer::Matched(receipt) if self.is_missing(draft, receipt).await => {
                        let named = named.unwrap_or_default();
                        let message = format!(
                            "LinkedIn: it calls the post a duplicate of {named}, which is not there. \
                             Change the content and schedule it again."
                        );
                        let code = FailureCode::DuplicatePost;
                        let failure = Failure { code, message, ..failure() };
                        match author(draft) {
                            Ok(Author::Organization(_)) => {
                                Answer::Refused(classify::exists(failure))
                            }
                            _ => Answer::Unknown(failure),
                        }
                    }
                    _ => answered,
                }
            }
        }
    }

    /// Whether LinkedIn says that the post it named is not there. A token without the
    /// right to read it gets another answer, which proves nothing.
    async fn is_missing(&self, draft: &Draft, receipt: &Receipt) -> bool {
        let Some(urn) = &receipt.external_id else { return false };
        let call = self.get(&format!("/posts/{}", urn::encode(urn)), &draft.token);
        let answer = self.http.send(call).await;
        answer.is_ok_and(|answer| answer.status.as_u16() == 404)
    }

    pub(super) async fn find_post(&self, draft: &Draft, call: &Intent) -> Sighting {
        let author = match author(draft) {
            Ok(Author::Organization(urn)) => urn,
            Ok(Author::Person(_)) => return members_post(),
            Err(failure) => return Sighting::NeverTells(failure),
        };
        let Some(fingerprint) = fingerprint(draft) else {
            return cannot_tell(FailureCode::NotStaged, "the post's media is not known");
        };
        let began = Instant::now();
        let earliest = draft.calls.iter().map(|call| call.at).min().unwrap_or(call.at);
        let mut seen: HashSet<String> = HashSet::new();
        let mut matching: Vec<Value> = Vec::new();
        for page in 0..MAX_PAGES {
            let answer = match self.newest_posts(draft, author, page * PAGE).await {
                Ok(answer) => answer,
                Err(sighting) => return sighting,
            };
            let Some(posts) = answer.json["elements"].as_array() else {
                return cannot_tell(
                    FailureCode::UnreadableAnswer,
                    "the list of the page's posts could not be read",
                );
            };
            let offset = draft.clock_offset(answer.date(), began.elapsed());
            let is_new = |post: &&Value| {
                let urn = post["id"].as_str().unwrap_or_default();
                !urn.is_empty() && seen.insert(urn.to_owned())
            };
            let new: Vec<&Value> = posts.iter().filter(is_new).collect();
            matching.extend(
                new.iter()
                    .filter(|post| fingerprint.fits(post, draft, offset))
                    .map(|p| (*p).clone()),
            );
            // Newest first: behind one that is older than every call, ours cannot be.
            let is_older = |post: &&Value| {
                created_at(post, draft.now + offset)
                    .is_some_and(|made| made < earliest + offset - OLDER)
            };
            if new.is_empty() || new.iter().any(is_older) {
                return classify_matches(&matching, &fingerprint, &answer);
            }
        }
        cannot_tell(FailureCode::ListTooLong, "the page has more new posts than can be read")
    }

    /// A page of the list of the author's posts, newest first.
    async fn newest_posts(
        &self,
        draft: &Draft,
        author: &str,
        start: usize,
    ) -> Result<HttpAnswer, Sighting> {
        let path = format!(
            "/posts?q=author&author={}&count={PAGE}&start={start}&sortBy=CREATED&viewContext=AUTHOR",
            urn::encode(author)
        );
        let call = self.get(&path, &draft.token).header("X-RestLi-Method", "FINDER");
        let answer = self.http.send(call).await;
        let answer = answer.map_err(|error| Sighting::CannotTell(classify::no_answer(error)))?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut failure = classify::failure(&answer, &draft.token);
        failure.message = format!("the page's posts cannot be read: {}", failure.message);
        Err(match answer.status.as_u16() {
            // Reading takes a permission that posting does not: as for a member, and no
            // reason to pause the account.
            400 | 403 | 404 if classify::is_signed(&answer) => {
                Sighting::NeverTells(Failure { remedy: Remedy::GiveUp, ..failure })
            }
            _ => Sighting::CannotTell(failure),
        })
    }
}

/// How far behind the calls a post's own time may lie in a list that is sorted by it.
const OLDER: TimeDelta = TimeDelta::minutes(10);

fn members_post() -> Sighting {
    let message = "LinkedIn does not let the posts of members be read back";
    Sighting::NeverTells(Failure::new(Remedy::GiveUp, FailureCode::MemberPost, message))
}

fn receipt(answer: &HttpAnswer, urn: Option<String>) -> Receipt {
    Receipt {
        permalink: urn.as_deref().map(linkedin::address),
        external_id: urn,
        http_status: Some(answer.status.as_u16()),
        trace_id: classify::trace_id(answer),
        evidence: None,
    }
}

/// Classifies the posts that match the call.
fn classify_matches(
    matching: &[Value],
    fingerprint: &Fingerprint<'_>,
    answer: &HttpAnswer,
) -> Sighting {
    match matching {
        // The filter of equal posts guards ten minutes, and is no proof.
        [] => Sighting::NotLive { after: LISTS_LAG },
        [post] => match post["lifecycleState"].as_str() {
            Some("DRAFT" | "PUBLISH_FAILED") => cannot_tell(
                FailureCode::UnclearState,
                "LinkedIn holds the post but does not show it to readers",
            ),
            _ => {
                let receipt = Receipt {
                    permalink: post["id"].as_str().map(linkedin::address),
                    http_status: Some(answer.status.as_u16()),
                    trace_id: classify::trace_id(answer),
                    ..Receipt::read_back(post["id"].as_str().map(str::to_owned))
                };
                match fingerprint {
                    Fingerprint::Media(_) => Sighting::Live(receipt),
                    Fingerprint::Text(_) | Fingerprint::Link(_) => Sighting::Matched(receipt),
                }
            }
        },
        _ => cannot_tell(
            FailureCode::Ambiguous,
            "more than one of the page's newest posts has this text",
        ),
    }
}

fn cannot_tell(code: FailureCode, message: &str) -> Sighting {
    Sighting::CannotTell(Failure::new(Remedy::Retry, code, message))
}

/// What distinguishes a post from all others.
enum Fingerprint<'a> {
    /// Uploaded for this post alone: certain.
    Media(Vec<&'a str>),
    /// The text at the right time.
    Text(String),
    /// A link without text, at the right time.
    Link(&'a str),
}

fn fingerprint(draft: &Draft) -> Option<Fingerprint<'_>> {
    let shape = Content::of(&draft.content).ok()?;
    let caption = text::comparable(&draft.content.caption);
    Some(match shape {
        Content::Images(_) | Content::Video(_) => {
            // Also what earlier calls named, before it was uploaded again.
            let earlier = draft.calls.iter().filter_map(|call| call.object.as_deref());
            let staged = media_urns(draft, &shape).unwrap_or_default();
            let urns: Vec<&str> = staged.into_iter().chain(earlier).collect();
            (!urns.is_empty()).then_some(Fingerprint::Media(urns))?
        }
        Content::Article(link) if caption.is_empty() => Fingerprint::Link(link),
        Content::Article(_) | Content::Text => Fingerprint::Text(caption),
    })
}

impl Fingerprint<'_> {
    fn fits(&self, post: &Value, draft: &Draft, offset: TimeDelta) -> bool {
        let content = &post["content"];
        let within = || {
            created_at(post, draft.now + offset)
                .is_some_and(|made| made_by_one_of(&draft.calls, made, offset))
        };
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

#[cfg(test)]
#[path = "finder_tests.rs"]
mod finder_tests;
