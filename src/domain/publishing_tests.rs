//! What a draft knows of its calls, its objects and the clocks.

use super::*;
use crate::domain::{AccountId, CompanyId, Fence, MediaItem, Platform, PostType};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn draft(calls: Vec<Intent>) -> Draft {
    Draft {
        account: SocialAccount {
            id: AccountId::generate(),
            company_id: CompanyId::generate(),
            platform: Platform::Facebook,
            name: "Acme".to_owned(),
            external_id: "1".to_owned(),
            client_id: None,
            token_ref: None,
            is_added: true,
            pause: None,
            publish_mode: None,
        },
        token: AccessToken::new("canary".to_owned()),
        content: PostContent {
            platform: Platform::Facebook,
            post_type: PostType::Post,
            caption: String::new(),
            media: Vec::<MediaItem>::new(),
            link: None,
            first_comment: None,
        },
        staging: Staging::default(),
        calls,
        clearance: Clearance::unlimited(),
        now: at(0),
        usage: UsageMeter::default(),
    }
}

fn call(step_no: i32) -> Intent {
    Intent::cleared(Fence(1), step_no, at(0))
}

/// Another clock is one that differs by more than rounding and latency.
#[test]
fn a_clock_offset_ignores_what_a_call_takes() {
    let offset = |answered: Option<i64>, took| {
        let offset = draft(Vec::new()).clock_offset(answered.map(at), Duration::from_secs(took));
        offset.num_seconds()
    };
    assert_eq!(offset(Some(20), 20), 0);
    assert_eq!(offset(Some(2), 0), 0);
    assert_eq!(offset(Some(-2), 0), 0);
    assert_eq!(offset(Some(3), 0), 3);
    assert_eq!(offset(Some(60), 10), 50);
    assert_eq!(offset(Some(-60), 0), -60);
    assert_eq!(offset(Some(25 * 3600), 0), 25 * 3600);
    assert_eq!(offset(None, 9), 0, "an answer without a date");
}

#[test]
fn only_what_a_reading_settled_makes_a_repeat() {
    assert!(!draft(Vec::new()).is_repeat());
    let settled = |step_no| Intent { settled_by_reading: true, ..call(step_no) };
    assert!(!draft(vec![settled(1)]).is_repeat(), "the call that is being sent");
    assert!(!draft(vec![call(1), call(2)]).is_repeat(), "refused, or proven unsent");
    assert!(draft(vec![settled(1), call(2)]).is_repeat());
    assert!(draft(vec![settled(1), call(2), call(3)]).is_repeat());
}

/// Ages come from the database's clock alone.
#[test]
fn an_objects_age_is_never_negative() {
    let stored =
        |stored_at| Artifact { stored_at, ..Artifact::new(StepKind::Create, "container", "1") };
    let age = |stored_at| draft(Vec::new()).age_of(&stored(stored_at)).as_secs();
    assert_eq!([None, Some(at(-300)), Some(at(0)), Some(at(60))].map(age), [0, 300, 0, 0]);
}
