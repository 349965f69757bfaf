//! What a faulty call is answered.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Code, Fault, Rule};
use crate::sandbox::graph;
use crate::sandbox::reply::{Content, Reply};
use crate::sandbox::request::Call;
use crate::sandbox::state::Platform;

/// An answer, and whether it lacks what the platform adds to all of its answers.
pub(in crate::sandbox) enum Answer {
    /// The platform's, without its usual headers so far.
    Own(Reply),
    /// Complete, or of a proxy.
    AsIs(Reply),
}

impl Rule {
    /// The answer the client gets, given the true one (if the rule needs it).
    pub(in crate::sandbox) fn answer(
        &self,
        truth: Option<Reply>,
        call: &Call,
        platform: Platform,
    ) -> Answer {
        let truth = truth.unwrap_or_else(|| Reply::empty(500));
        Answer::AsIs(match self.fault {
            Fault::BeforeCommit5xx | Fault::AfterCommit5xx => return self.error(500, platform),
            Fault::BeforeCommit4xx | Fault::AfterCommit4xx => return self.error(400, platform),
            Fault::Status | Fault::AfterCommitStatus => return self.error(500, platform),
            Fault::TooMany => return self.error(429, platform),
            Fault::Refuse => return self.refusal(call, platform),
            Fault::Html502 | Fault::AfterCommitHtml502 => Reply::html(502, "Bad Gateway"),
            Fault::Answer => self.made_up(),
            Fault::NoId => without_id(truth),
            Fault::StaleStatus => stale(truth),
            Fault::EmptyBody => Reply { body: Content::Empty, ..truth },
            _ => truth,
        })
    }

    /// What the connection sends behind the answer.
    pub(in crate::sandbox) fn second_answer(&self) -> Option<Reply> {
        (self.fault == Fault::TwoAnswers).then(|| self.made_up())
    }

    fn error(&self, usual: u16, platform: Platform) -> Answer {
        let status = self.status.unwrap_or(usual);
        let mut reply = match &self.body {
            Some(body) => Reply { body: content(body, None), ..Reply::empty(status) },
            None => Reply::json(status, usual_body(status, platform)),
        };
        if let Some(location) = &self.location {
            reply = reply.with("location", location.clone());
        }
        if self.fault == Fault::TooMany {
            reply = match &self.retry_after {
                Some(Value::String(text)) => reply.with("retry-after", text.clone()),
                Some(seconds) => reply.with("retry-after", seconds.to_string()),
                None => reply,
            };
        }
        match reply.body {
            Content::Json(_) => Answer::Own(reply),
            _ => Answer::AsIs(reply),
        }
    }

    fn refusal(&self, call: &Call, platform: Platform) -> Answer {
        let status = self.status.unwrap_or(400);
        if platform == Platform::Linkedin {
            return self.refusal_of_linkedin(status);
        }
        let code = self.code.as_ref().map_or(json!(100), |code| json!(code));
        let said = match &code {
            Value::Number(code) => format!("(#{code}) An error occurred"),
            _ => "An error occurred".to_owned(),
        };
        let message = self.message.as_ref().unwrap_or(&said);
        let transient = self.transient.unwrap_or(false);
        if call.host == "rupload.facebook.com" {
            let kind = code.as_str().unwrap_or("ProcessingFailedError");
            let info = json!({"retriable": transient, "type": kind, "message": message});
            return Answer::AsIs(Reply::json(status, json!({ "debug_info": info })));
        }
        let mut reply = graph::error(0, self.subcode.unwrap_or(0), message);
        reply.status = status;
        if let Content::Json(body) = &mut reply.body {
            body["error"]["code"] = code;
            body["error"]["is_transient"] = json!(transient);
        }
        Answer::Own(reply)
    }

    fn refusal_of_linkedin(&self, status: u16) -> Answer {
        let message = self.message.as_deref().unwrap_or("The request was refused");
        let mut body = json!({"status": status, "message": message});
        match &self.code {
            Some(Code::Number(number)) => body["serviceErrorCode"] = json!(number),
            Some(Code::Word(word)) => body["code"] = json!(word),
            None => body["code"] = json!("INVALID_VALUE_FOR_FIELD"),
        }
        if self.signed.unwrap_or(true) {
            return Answer::Own(Reply::json(status, body));
        }
        if let Value::Object(body) = &mut body {
            body.remove("status");
        }
        Answer::AsIs(Reply::json(status, body))
    }

    /// The answer that the rule spells out.
    fn made_up(&self) -> Reply {
        let mut reply = Reply::empty(self.status.unwrap_or(200));
        if let Some(body) = &self.body {
            reply.body = content(body, self.content_type.as_deref());
        }
        let headers = self.headers.iter().flatten();
        headers.fold(reply, |reply, (name, value)| reply.with(name, value.clone()))
    }
}

/// JSON as it is; text as the page or plain text that it seems to be.
fn content(body: &Value, kind: Option<&str>) -> Content {
    match (body, kind) {
        (Value::String(text), _) => {
            let usual = if text.starts_with('<') { "text/html" } else { "text/plain" };
            Content::Raw(kind.unwrap_or(usual).to_owned(), text.clone().into())
        }
        (body, Some(kind)) => Content::Raw(kind.to_owned(), body.to_string().into()),
        (body, None) => Content::Json(body.clone()),
    }
}

fn usual_body(status: u16, platform: Platform) -> Value {
    if platform == Platform::Linkedin {
        let (code, message) = match status {
            409 => ("CONFLICT", "Write conflict, retry"),
            429 => ("TOO_MANY_REQUESTS", "Too many requests"),
            503 => ("SERVICE_UNAVAILABLE", "Service unavailable"),
            504 => ("GATEWAY_TIMEOUT", "Gateway timeout"),
            400..500 => ("BAD_REQUEST", "Injected failure"),
            _ => ("INTERNAL_SERVER_ERROR", "Internal Server Error"),
        };
        return json!({"status": status, "code": code, "message": message});
    }
    let reason =
        StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error");
    let (code, subcode) = match status {
        429 => (4, None),
        400..500 => (20, Some(1_772_107)),
        _ => (2, None),
    };
    let mut error = json!({"message": reason, "type": "OAuthException", "code": code, "is_transient": status >= 500, "fbtrace_id": "Asandboxfault"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = json!(subcode);
    }
    json!({ "error": error })
}

fn without_id(mut reply: Reply) -> Reply {
    reply.headers.retain(|(name, _)| name != "x-restli-id" && name != "x-linkedin-id");
    if let Content::Json(Value::Object(map)) = &mut reply.body {
        map.remove("id");
        map.remove("post_id");
    }
    reply
}

/// The same answer as it was before publication.
fn stale(mut reply: Reply) -> Reply {
    if let Content::Json(value) = &mut reply.body {
        unpublish(value);
    }
    reply
}

fn unpublish(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for (name, value) in map.iter_mut() {
        match name.as_str() {
            "is_published" | "published" if value.is_boolean() => *value = json!(false),
            "status_code" if value == "PUBLISHED" => *value = json!("FINISHED"),
            "status" if value.as_str().is_some_and(|text| text.starts_with("Published:")) => {
                *value =
                    json!("Finished: Media has been uploaded and it is ready to be published.");
            }
            "publishing_phase" => *value = json!({"status": "not_started"}),
            "data" | "elements" if value.is_array() => *value = json!([]),
            _ => unpublish(value),
        }
    }
}
