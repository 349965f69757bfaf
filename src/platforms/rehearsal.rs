//! Runs posts through a publisher against the sandbox, step by step as the
//! worker does.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Publisher;
use super::http::{Call, CallKind, Http, Limits};
use crate::domain::{
    AccessToken, AccountId, Answer, Artifact, Clearance, CompanyId, Draft, Failure, Fence, Gateway,
    Intent, MediaItem, MediaKind, Platform, PostContent, PostType, Preparation, Sighting,
    SocialAccount, Staging, UsageMeter,
};
use crate::sandbox::{Sandbox, SandboxOptions};

/// More steps than any post takes.
const MAX_STEPS: usize = 100;

/// A sandbox of its own and a client that reaches nothing else.
pub(super) struct Rehearsal {
    base_url: String,
    pub http: Arc<Http>,
}

impl Rehearsal {
    pub async fn new(options: SandboxOptions) -> Self {
        let base_url = Sandbox::spawn(options).await.unwrap();
        let gateway = Gateway::parse(&base_url).unwrap();
        // A hanging answer is given up at once.
        let patience = Duration::from_millis(500);
        let limits = Limits { staging: patience, publish: patience, read: patience };
        let rehearsal = Self { base_url, http: Arc::new(Http::with_limits(Some(gateway), limits)) };
        rehearsal.tell("clock", json!({"freeze": true})).await;
        rehearsal
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn image(&self, name: &str) -> MediaItem {
        let url = format!("{}/media/{name}.jpg", self.base_url);
        MediaItem { url, kind: MediaKind::Image, alt: Some(format!("alt {name}")) }
    }

    pub fn video(&self, name: &str) -> MediaItem {
        let url = format!("{}/media/{name}.mp4", self.base_url);
        MediaItem { url, kind: MediaKind::Video, alt: None }
    }

    pub async fn ask(&self, what: &str) -> Value {
        let call = Call::get(format!("{}/__sim/{what}", self.base_url));
        self.http.send(call).await.unwrap().json
    }

    pub async fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/__sim/{what}", self.base_url);
        let answer = self.http.send(Call::post(CallKind::Read, url).json(&body)).await.unwrap();
        assert!(answer.status.is_success(), "{what}: {}", answer.json);
    }

    /// Injects a fault into the next matching call.
    pub async fn fault(&self, fault: &str, matching: Value) {
        self.tell("faults", json!([{"match": matching, "when": {"nth": 1}, "fault": fault}])).await;
    }

    /// Removes all faults.
    pub async fn no_more_faults(&self) {
        let url = format!("{}/__sim/faults", self.base_url);
        assert!(self.http.send(Call::delete(url)).await.unwrap().status.is_success());
    }

    /// Answers the next matching call with this, and does nothing.
    pub async fn answer(&self, matching: Value, body: Value) {
        self.answer_with("status", matching, 200, body).await;
    }

    /// The same with any status; `status` does nothing, and `after_commit_status`
    /// answers a call that took effect.
    pub async fn answer_with(&self, fault: &str, matching: Value, status: u16, body: Value) {
        let rule = json!([{"match": matching, "when": {"nth": 1}, "fault": fault,
            "status": status, "body": body}]);
        self.tell("faults", rule).await;
    }

    /// What readers see.
    pub async fn live(&self) -> Vec<Value> {
        self.ask("live").await.as_array().unwrap().clone()
    }

    pub async fn drafts(&self) -> Vec<Value> {
        self.ask("drafts").await.as_array().unwrap().clone()
    }

    /// Method and path of every call that arrived.
    pub async fn calls(&self) -> Vec<String> {
        let log = self.ask("log").await;
        let text = |call: &Value, name: &str| call[name].as_str().unwrap().to_owned();
        let call = |call: &Value| format!("{} {}", text(call, "method"), text(call, "path"));
        log.as_array().unwrap().iter().map(call).collect()
    }

    pub async fn now(&self) -> DateTime<Utc> {
        self.ask("clock").await["now"].as_str().unwrap().parse().unwrap()
    }

    pub async fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap();
        self.tell("clock", json!({"advance_ms": by_ms})).await;
    }

    /// Prepares until the publish call may go out. Waits pass on the sandbox's clock.
    pub async fn prepare(
        &self,
        publisher: &dyn Publisher,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        for _ in 0..MAX_STEPS {
            draft.now = self.now().await;
            match publisher.prepare(draft).await? {
                Preparation::Ready => return Ok(()),
                Preparation::Staged(made) => {
                    assert!(!made.is_empty(), "a step without a new fact repeats without end");
                    self.store(draft, made).await;
                }
                Preparation::Wait(delay, made) => {
                    self.store(draft, made).await;
                    self.advance(delay).await;
                }
            }
        }
        panic!("not ready after {MAX_STEPS} steps: {:?}", draft.staging);
    }

    async fn store(&self, draft: &mut Draft, made: Vec<Artifact>) {
        let now = self.now().await;
        for artifact in made {
            draft.staging.0.push(Artifact { stored_at: Some(now), ..artifact });
        }
    }

    /// Clears a publish call to go out, as the worker's gate does.
    pub async fn gate(&self, publisher: &dyn Publisher, draft: &mut Draft) -> Intent {
        let call = gated(publisher, draft, self.now().await);
        draft.now = call.at;
        call
    }

    /// Clears a publish call, sends it, and keeps its refusal.
    pub async fn publish(&self, publisher: &dyn Publisher, draft: &mut Draft) -> Answer {
        self.gate(publisher, draft).await;
        let answer = publisher.publish(draft).await;
        if let Answer::Refused(failure) = &answer {
            refuse(draft, failure, self.now().await);
        }
        answer
    }

    /// Looks for what the newest call made, by the sandbox's clock.
    pub async fn look_up(&self, publisher: &dyn Publisher, draft: &mut Draft) -> Sighting {
        draft.now = self.now().await;
        for call in &mut draft.calls {
            call.age = (draft.now - call.at).to_std().unwrap_or_default();
        }
        publisher.look_up(draft, draft.calls.last().unwrap()).await
    }
}

/// Adds a publish call that was cleared at this time.
pub(super) fn gated(publisher: &dyn Publisher, draft: &mut Draft, at: DateTime<Utc>) -> Intent {
    let step_no = i32::try_from(draft.calls.len()).unwrap() + 1;
    let object = publisher.object(draft);
    let call = Intent { object, ..Intent::cleared(Fence(1), step_no, at) };
    draft.calls.push(call.clone());
    call
}

/// Deletes what is staged, if it clearly is not published.
pub(super) async fn discard_staged(publisher: &dyn Publisher, draft: &Draft) {
    if let Some(object) = publisher.object(draft) {
        publisher.discard(draft, &object).await;
    }
}

/// The newest call was refused at this time.
pub(super) fn refuse(draft: &mut Draft, failure: &Failure, at: DateTime<Utc>) {
    let call = draft.calls.last_mut().unwrap();
    call.refusal = Some(failure.clone());
    call.answered_at = Some(at);
}

/// The newest call had no answer, and was read as having made nothing live.
pub(super) fn settle(draft: &mut Draft) {
    draft.calls.last_mut().unwrap().settled_by_reading = true;
}

/// A post of an account that the sandbox knows by this id.
pub(super) fn draft(
    platform: Platform,
    account: &str,
    post_type: PostType,
    caption: &str,
    media: Vec<MediaItem>,
) -> Draft {
    Draft {
        account: SocialAccount {
            id: AccountId::generate(),
            company_id: CompanyId::generate(),
            platform,
            name: "Acme".to_owned(),
            external_id: account.to_owned(),
            client_id: None,
            token_ref: None,
            is_added: true,
            pause: None,
            publish_mode: None,
        },
        token: AccessToken::new("canary-token".to_owned()),
        content: PostContent {
            platform,
            post_type,
            caption: caption.to_owned(),
            media,
            link: None,
            first_comment: None,
        },
        staging: Staging::default(),
        calls: Vec::new(),
        clearance: Clearance::unlimited(),
        now: DateTime::UNIX_EPOCH,
        usage: UsageMeter::default(),
    }
}
