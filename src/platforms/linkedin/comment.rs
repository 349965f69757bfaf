//! The first comment below a post.

use serde_json::{Value, json};

use super::{LinkedIn, author, classify, text::comparable, urn};
use crate::domain::linkedin::Author;
use crate::domain::proof::LISTS_LAG;
use crate::domain::{Answer, Draft, Failure, FailureCode, Receipt, Remedy, Sighting};
use crate::platforms::http::{CallKind, HttpAnswer};

/// The most comments that are read. A first comment is among the first ones.
const PAGE: usize = 100;

/// How often a comment is sent again to a post that LinkedIn does not find yet.
const MAX_REPEATS: u32 = 4;

impl LinkedIn {
    /// Sends the comment as plain text: little text would show its backslashes.
    pub(super) async fn send_comment(&self, draft: &Draft, post_id: &str, text: &str) -> Answer {
        let author = match author(draft) {
            Ok(author) => author,
            Err(failure) => return Answer::NotSent(failure),
        };
        let path = format!("/socialActions/{}/comments", urn::encode(post_id));
        let body = json!({
            "actor": author.urn(),
            "object": post_id,
            "message": { "text": text },
        });
        let mut repeats = 0;
        loop {
            let kind = CallKind::Publish(draft.clearance.clone());
            let call = self.post(kind, &path, &draft.token).json(&body);
            let answer = match self.http.send(call).await {
                Ok(answer) => answer,
                Err(error) => return classify::unanswered(error),
            };
            if repeats < MAX_REPEATS && is_too_early(&answer) {
                tokio::time::sleep(self.settings.comment_delay * 2_u32.pow(repeats)).await;
                repeats += 1;
                continue;
            }
            let mut failure = classify::failure(&answer, &draft.token);
            if is_too_early(&answer) {
                // It may be there the next time.
                failure.remedy = Remedy::Retry;
            }
            return match (answer.status.as_u16(), comment_id(&answer)) {
                (200 | 201, Some(id)) => Answer::Published(receipt(&answer, id)),
                (403, None) if classify::is_signed(&answer) => {
                    Answer::Refused(failure.of_comment_permission())
                }
                (400..500, None) if classify::is_signed(&answer) => Answer::Refused(failure),
                _ => Answer::Unknown(classify::unclear(&answer, &draft.token)),
            };
        }
    }

    /// Looks once for the comment below a page's post.
    pub(super) async fn look_for_comment(
        &self,
        draft: &Draft,
        post_id: &str,
        text: &str,
    ) -> Sighting {
        let author = match author(draft) {
            Ok(Author::Organization(urn)) => urn,
            Ok(Author::Person(_)) => {
                let message = "LinkedIn does not let the comments of members be read back";
                return Sighting::NeverTells(Failure::new(
                    Remedy::GiveUp,
                    FailureCode::MemberComment,
                    message,
                ));
            }
            Err(failure) => return Sighting::NeverTells(failure),
        };
        let path = format!("/socialActions/{}/comments?count={PAGE}&start=0", urn::encode(post_id));
        let answer = match self.http.send(self.get(&path, &draft.token)).await {
            Ok(answer) => answer,
            Err(error) => return Sighting::CannotTell(classify::no_answer(error)),
        };
        let Some(comments) =
            answer.json["elements"].as_array().filter(|_| answer.status.is_success())
        else {
            let failure = classify::failure(&answer, &draft.token);
            return match answer.status.as_u16() {
                // As for posts: no reason to pause the account.
                400 | 403 | 404 if classify::is_signed(&answer) => {
                    Sighting::NeverTells(Failure { remedy: Remedy::GiveUp, ..failure })
                }
                _ => Sighting::CannotTell(failure),
            };
        };
        let is_ours = |comment: &&Value| {
            comment["actor"].as_str() == Some(author)
                && comment["message"]["text"].as_str().map(comparable) == Some(comparable(text))
        };
        match comments.iter().find(is_ours) {
            Some(comment) => {
                let urn = comment["commentUrn"].as_str().map(str::to_owned);
                Sighting::Live(Receipt::read_back(urn))
            }
            None if comments.len() >= PAGE => {
                let message = "the post has more comments than are read";
                Sighting::CannotTell(Failure::new(Remedy::Retry, FailureCode::ListTooLong, message))
            }
            None => Sighting::NotLive { after: LISTS_LAG },
        }
    }
}

/// LinkedIn's answer for a post that its comments service does not know yet. It proves
/// that no comment was made.
fn is_too_early(answer: &HttpAnswer) -> bool {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    answer.status.as_u16() == 404 && text.contains("unable to obtain activity")
}

/// The new comment's id, in LinkedIn's own shapes: a URN in the body, a bare
/// number in a header.
fn comment_id(answer: &HttpAnswer) -> Option<String> {
    let in_body = answer.json["commentUrn"].as_str().map(urn::decode);
    let in_body = in_body.filter(|id| id.starts_with("urn:li:comment:") && id.len() <= 255);
    let in_header = || {
        let id = urn::decode(answer.header("x-restli-id")?);
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && id.len() <= 20).then_some(id)
    };
    in_body.or_else(in_header)
}

fn receipt(answer: &HttpAnswer, id: String) -> Receipt {
    Receipt {
        external_id: Some(id),
        http_status: Some(answer.status.as_u16()),
        trace_id: classify::trace_id(answer),
        ..Receipt::default()
    }
}

#[cfg(test)]
#[path = "comment_tests.rs"]
mod tests;
