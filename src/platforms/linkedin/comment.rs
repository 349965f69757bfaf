//! The first comment below a post.

use serde_json::json;

use super::classify::{self, Verdict};
use super::{LinkedIn, author, urn};
use crate::domain::{Answer, Draft, Receipt};
use crate::platforms::http::{CallKind, HttpAnswer};

/// How often a comment is sent again to a post that LinkedIn does not find yet.
const MAX_REPEATS: u32 = 4;

impl LinkedIn {
    /// Sends the comment as plain text: little text would show its backslashes.
    pub(super) async fn send_comment(&self, draft: &Draft, post_id: &str, text: &str) -> Answer {
        let author = match author(draft) {
            Ok(author) => author,
            Err(failure) => return Answer::Refused(failure),
        };
        let path = format!("/socialActions/{}/comments", urn::encode(post_id));
        let body = json!({
            "actor": author.urn(),
            "object": post_id,
            "message": { "text": text },
        });
        let mut repeats = 0;
        loop {
            let call = self.post(CallKind::Publish, &path, &draft.token).json(&body);
            let answer = match self.http.send(call).await {
                Ok(answer) => answer,
                Err(error) => return classify::unanswered(&error),
            };
            if repeats < MAX_REPEATS && is_too_early(&answer) {
                tokio::time::sleep(self.settings.comment_delay * 2_u32.pow(repeats)).await;
                repeats += 1;
                continue;
            }
            let failure = || classify::failure(&answer, &draft.token);
            return match classify::verdict(&answer) {
                Verdict::Created => Answer::Published(receipt(&answer)),
                Verdict::Refused | Verdict::Duplicate(_) => Answer::Refused(failure()),
                Verdict::Unknown => Answer::Unknown(failure()),
            };
        }
    }
}

/// LinkedIn's word for a post that has not reached the comments' side yet. It
/// proves that no comment was made.
fn is_too_early(answer: &HttpAnswer) -> bool {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    answer.status.as_u16() == 404 && text.contains("unable to obtain activity")
}

fn receipt(answer: &HttpAnswer) -> Receipt {
    let id = answer.json["commentUrn"].as_str().or_else(|| answer.header("x-restli-id"));
    Receipt {
        external_id: id.map(urn::decode),
        http_status: Some(answer.status.as_u16()),
        trace_id: classify::trace_id(answer),
        ..Receipt::default()
    }
}
