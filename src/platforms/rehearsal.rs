//! Runs posts through a publisher against the sandbox, step by step as the
//! worker does.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Publisher;
use super::http::{Call, CallKind, Gateway, Http, Limits};
use crate::domain::{
    AccessToken, AccountId, Artifact, CompanyId, Draft, Failure, Fence, Intent, MediaItem,
    MediaKind, Platform, PostContent, PostType, Preparation, SocialAccount, Staging,
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

    /// Lets the next matching call go wrong, once.
    pub async fn fault(&self, fault: &str, matching: Value) {
        self.tell("faults", json!([{"match": matching, "when": {"nth": 1}, "fault": fault}])).await;
    }

    /// Answers the next matching call with this, and does nothing.
    pub async fn answer(&self, matching: Value, body: Value) {
        let rule = json!([{"match": matching, "when": {"nth": 1}, "fault": "status",
            "status": 200, "body": body}]);
        self.tell("faults", rule).await;
    }

    /// What readers see.
    pub async fn live(&self) -> Vec<Value> {
        self.ask("live").await.as_array().unwrap().clone()
    }

    pub async fn drafts(&self) -> Vec<Value> {
        self.ask("drafts").await.as_array().unwrap().clone()
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
            match publisher.prepare(draft).await? {
                Preparation::Ready => return Ok(()),
                Preparation::Staged(made) => {
                    assert!(!made.is_empty(), "a step without a new fact repeats for ever");
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

    /// Clears a publish call to go out; an earlier one was read as not live.
    pub async fn gate(&self, draft: &mut Draft) -> Intent {
        let at = self.now().await;
        draft.is_repeat = !draft.sent_at.is_empty();
        draft.sent_at.push(at);
        Intent {
            fence: Fence(1),
            step_no: 1,
            at,
            age: Duration::ZERO,
            not_live_for: None,
            lookups: 0,
            blind: false,
        }
    }
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
        sent_at: Vec::new(),
        is_repeat: false,
        clearance: crate::domain::Clearance::unlimited(),
    }
}
