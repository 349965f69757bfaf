use serde_json::json;

use super::*;

const POLL: Duration = Duration::from_secs(3);

fn error(code: i64, subcode: Option<i64>) -> GraphError {
    GraphError { code, subcode, message: "…".into(), transient: false, trace_id: None }
}

fn around(phase: Phase) -> Circumstances {
    Circumstances { phase, status: 400, rest: None, sends: 1, is_repeat: false, poll: POLL }
}

fn both(code: i64, subcode: Option<i64>) -> (Verdict, Verdict) {
    let error = error(code, subcode);
    (
        classify(Some(&error), &around(Phase::Staging)),
        classify(Some(&error), &around(Phase::Publish)),
    )
}

const RETRY: Verdict = Verdict::Refused(Remedy::Retry);
const RESTAGE: Verdict = Verdict::Refused(Remedy::Restage);
const AGAIN: Verdict = Verdict::Refused(Remedy::PollAgain(POLL));
const HOUR: Verdict = Verdict::Refused(Remedy::Wait(Duration::from_secs(3600)));
const QUARTER: Verdict = Verdict::Refused(Remedy::Wait(Duration::from_secs(900)));
const ACCOUNT: Verdict = Verdict::Refused(Remedy::Operator(Scope::Account));
const APP: Verdict = Verdict::Refused(Remedy::Operator(Scope::Platform));
const GIVE_UP: Verdict = Verdict::Refused(Remedy::GiveUp);
const UNKNOWN: Verdict = Verdict::Unknown;

#[test]
fn every_general_code_has_its_meaning_while_staging_and_while_publishing() {
    let rows = [
        ((-1, None), RETRY, UNKNOWN),
        ((-2, None), RETRY, UNKNOWN),
        ((1, None), RETRY, UNKNOWN),
        ((2, None), RETRY, UNKNOWN),
        ((3, None), ACCOUNT, ACCOUNT),
        ((4, None), HOUR, HOUR),
        ((10, None), ACCOUNT, ACCOUNT),
        ((12, None), GIVE_UP, GIVE_UP),
        ((17, None), HOUR, HOUR),
        ((20, Some(1_772_107)), RETRY, UNKNOWN),
        ((32, None), HOUR, HOUR),
        ((100, None), GIVE_UP, GIVE_UP),
        ((100, Some(33)), RETRY, UNKNOWN),
        ((102, None), ACCOUNT, ACCOUNT),
        ((104, None), APP, APP),
        ((190, None), ACCOUNT, ACCOUNT),
        ((190, Some(463)), ACCOUNT, ACCOUNT),
        ((190, Some(490)), ACCOUNT, ACCOUNT),
        ((194, None), GIVE_UP, GIVE_UP),
        ((197, None), GIVE_UP, GIVE_UP),
        ((200, None), ACCOUNT, ACCOUNT),
        ((210, None), ACCOUNT, ACCOUNT),
        ((240, None), ACCOUNT, ACCOUNT),
        ((283, None), ACCOUNT, ACCOUNT),
        ((299, None), ACCOUNT, ACCOUNT),
        ((324, None), RETRY, GIVE_UP),
        ((341, None), HOUR, HOUR),
        ((352, None), GIVE_UP, GIVE_UP),
        ((368, None), QUARTER, QUARTER),
        ((368, Some(1_390_008)), QUARTER, QUARTER),
        ((382, None), GIVE_UP, GIVE_UP),
        ((389, None), RETRY, RETRY),
        ((450, None), ACCOUNT, ACCOUNT),
        ((452, None), ACCOUNT, ACCOUNT),
        ((506, None), GIVE_UP, UNKNOWN),
        ((613, None), HOUR, HOUR),
        ((613, Some(1996)), HOUR, HOUR),
        ((1500, None), GIVE_UP, GIVE_UP),
        ((2500, None), ACCOUNT, ACCOUNT),
        ((2635, None), APP, APP),
        ((1_609_005, None), RETRY, GIVE_UP),
        ((1_609_008, None), RETRY, GIVE_UP),
        ((6000, None), RESTAGE, UNKNOWN),
        ((6001, None), RESTAGE, UNKNOWN),
        ((80_000, None), HOUR, HOUR),
        ((80_001, None), HOUR, HOUR),
        ((80_002, None), HOUR, HOUR),
        ((80_003, None), HOUR, HOUR),
        ((80_004, None), HOUR, HOUR),
        ((80_005, None), HOUR, HOUR),
        ((80_006, None), HOUR, HOUR),
        ((80_008, None), HOUR, HOUR),
        ((80_009, None), HOUR, HOUR),
        ((80_014, None), HOUR, HOUR),
        ((77_777, None), RETRY, UNKNOWN),
    ];
    for ((code, subcode), staging, publish) in rows {
        assert_eq!(both(code, subcode), (staging, publish), "{code}/{subcode:?}");
    }
}

#[test]
fn every_facebook_subcode_has_its_meaning() {
    let rows = [
        (1_366_046, GIVE_UP, GIVE_UP),
        (1_366_051, RESTAGE, UNKNOWN),
        (1_346_003, GIVE_UP, GIVE_UP),
        (1_404_102, GIVE_UP, GIVE_UP),
        (1_404_006, ACCOUNT, ACCOUNT),
        (1_404_112, ACCOUNT, ACCOUNT),
        (4_854_002, ACCOUNT, ACCOUNT),
        (1_404_078, ACCOUNT, ACCOUNT),
        (2_061_006, GIVE_UP, GIVE_UP),
        (1_349_125, GIVE_UP, GIVE_UP),
        (2_069_019, GIVE_UP, GIVE_UP),
        (1_363_047, RETRY, UNKNOWN),
        (1_609_010, RETRY, UNKNOWN),
        (1_363_040, GIVE_UP, GIVE_UP),
        (1_363_127, GIVE_UP, GIVE_UP),
        (1_363_128, GIVE_UP, GIVE_UP),
        (1_363_129, GIVE_UP, GIVE_UP),
    ];
    for (subcode, staging, publish) in rows {
        assert_eq!(both(100, Some(subcode)), (staging, publish), "100/{subcode}");
    }
}

#[test]
fn every_instagram_subcode_has_its_meaning() {
    let rows = [
        ((-2, 2_207_003), RESTAGE, UNKNOWN),
        ((-2, 2_207_020), RESTAGE, RESTAGE),
        ((-1, 2_207_001), RESTAGE, UNKNOWN),
        ((-1, 2_207_032), RESTAGE, UNKNOWN),
        ((-1, 2_207_053), RESTAGE, UNKNOWN),
        ((1, 2_207_057), GIVE_UP, GIVE_UP),
        ((4, 2_207_051), HOUR, UNKNOWN),
        ((9, 2_207_042), HOUR, HOUR),
        ((24, 2_207_006), RETRY, UNKNOWN),
        ((24, 2_207_008), RETRY, UNKNOWN),
        ((25, 2_207_050), ACCOUNT, ACCOUNT),
        ((100, 2_207_023), GIVE_UP, GIVE_UP),
        ((100, 2_207_028), GIVE_UP, GIVE_UP),
        ((100, 2_207_035), GIVE_UP, GIVE_UP),
        ((100, 2_207_036), GIVE_UP, GIVE_UP),
        ((100, 2_207_037), GIVE_UP, GIVE_UP),
        ((100, 2_207_040), GIVE_UP, GIVE_UP),
        ((352, 2_207_026), GIVE_UP, GIVE_UP),
        ((9004, 2_207_052), RESTAGE, UNKNOWN),
        ((9007, 2_207_027), AGAIN, AGAIN),
        ((36_000, 2_207_004), GIVE_UP, GIVE_UP),
        ((36_001, 2_207_005), GIVE_UP, GIVE_UP),
        ((36_003, 2_207_009), GIVE_UP, GIVE_UP),
        ((36_004, 2_207_010), GIVE_UP, GIVE_UP),
        ((-1, 2_207_076), RESTAGE, UNKNOWN),
        ((-1, 2_207_077), RESTAGE, UNKNOWN),
        ((100, 2_207_081), GIVE_UP, GIVE_UP),
        ((-1, 2_207_082), RESTAGE, UNKNOWN),
    ];
    for ((code, subcode), staging, publish) in rows {
        assert_eq!(both(code, Some(subcode)), (staging, publish), "{code}/{subcode}");
    }
}

#[test]
fn faults_without_a_number_are_known_by_their_text() {
    let verdict = |code, message: &str| {
        let error = GraphError { message: message.into(), ..error(code, None) };
        classify(Some(&error), &around(Phase::Publish))
    };
    assert_eq!(verdict(368, "You have Already Posted this"), UNKNOWN);
    assert_eq!(verdict(100, "No permission to publish the video"), ACCOUNT);
    assert_eq!(verdict(1, "The session has been invalidated"), ACCOUNT);
    assert_eq!(verdict(100, "The user is not an Instagram Business"), ACCOUNT);
    assert_eq!(verdict(1, "collaborators is not allowed here"), GIVE_UP);
}

#[test]
fn answers_without_an_error_object_are_judged_by_their_status() {
    for status in [200, 302, 404, 500, 502, 504] {
        let bare = |phase| Circumstances { status, ..around(phase) };
        assert_eq!(classify(None, &bare(Phase::Staging)), RETRY, "{status}");
        assert_eq!(classify(None, &bare(Phase::Publish)), UNKNOWN, "{status}");
    }
    let throttled = Circumstances { status: 429, ..around(Phase::Publish) };
    assert_eq!(classify(None, &throttled), Verdict::Refused(Remedy::Wait(THROTTLED)));
}

#[test]
fn a_passing_fault_or_server_fault_never_condemns_the_content() {
    let passing = GraphError { transient: true, ..error(100, None) };
    assert_eq!(classify(Some(&passing), &around(Phase::Staging)), RETRY);
    assert_eq!(classify(Some(&passing), &around(Phase::Publish)), UNKNOWN);
    let server = Circumstances { status: 500, ..around(Phase::Publish) };
    assert_eq!(classify(Some(&error(100, None)), &server), UNKNOWN);
    let limit = GraphError { transient: true, ..error(4, None) };
    assert_eq!(classify(Some(&limit), &around(Phase::Publish)), HOUR);
}

#[test]
fn a_rest_named_by_the_answer_wins_and_is_at_most_a_day() {
    let rest = |seconds| Circumstances {
        rest: Some(Duration::from_secs(seconds)),
        ..around(Phase::Publish)
    };
    let wait = |seconds| Verdict::Refused(Remedy::Wait(Duration::from_secs(seconds)));
    assert_eq!(classify(Some(&error(80_002, None)), &rest(37 * 60)), wait(37 * 60));
    assert_eq!(classify(Some(&error(4, None)), &rest(9_999_999)), wait(86_400));
}

#[test]
fn a_blocked_account_rests_longer_every_time() {
    let minutes = |sends| {
        let around = Circumstances { sends, ..around(Phase::Publish) };
        match classify(Some(&error(368, None)), &around) {
            Verdict::Refused(Remedy::Wait(rest)) => rest.as_secs() / 60,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, 1, 2, 3, 4, 9].map(minutes), [15, 15, 60, 240, 1440, 1440]);
}

#[test]
fn not_ready_is_believed_on_the_first_publish_call_only() {
    let verdict = |sends| {
        let around = Circumstances { sends, ..around(Phase::Publish) };
        classify(Some(&error(9007, Some(2_207_027))), &around)
    };
    assert_eq!((verdict(1), verdict(2)), (AGAIN, UNKNOWN));
}

#[test]
fn what_a_spent_object_may_say_is_no_refusal_of_a_repeated_publish_call() {
    let repeated = |code, subcode| {
        let around = Circumstances { sends: 2, is_repeat: true, ..around(Phase::Publish) };
        classify(Some(&error(code, subcode)), &around)
    };
    for (code, subcode) in [
        (24, Some(2_207_006)),
        (24, Some(2_207_008)),
        (9007, Some(2_207_027)),
        (100, Some(33)),
        (100, None),
        (100, Some(1_366_051)),
        (506, None),
    ] {
        assert_eq!(repeated(code, subcode), Verdict::Spent, "{code}/{subcode:?}");
    }
    assert_eq!(repeated(2, None), UNKNOWN);
    assert_eq!(repeated(4, None), HOUR);
    assert_eq!(repeated(190, None), ACCOUNT);
}

#[test]
fn a_dead_container_is_staged_anew_unless_its_content_is_at_fault() {
    let text = "Error: Media upload has failed with error code 2207026";
    assert_eq!(dead_container(text), (Some(2_207_026), Remedy::GiveUp));
    assert_eq!(dead_container("… error code 2207052"), (Some(2_207_052), Remedy::Restage));
    assert_eq!(dead_container("… error code 2207051."), (Some(2_207_051), Remedy::Restage));
    assert_eq!(dead_container("Error 12345678 in 90 s"), (None, Remedy::Restage));
    assert_eq!(dead_container(""), (None, Remedy::Restage));
}

#[test]
fn an_error_object_is_read_with_and_without_its_optional_fields() {
    let full = json!({"error": {"message": "m", "type": "OAuthException", "code": 190,
        "error_subcode": 463, "error_user_msg": "Log in again", "is_transient": true,
        "fbtrace_id": "A1"}});
    let error = GraphError::read(&full).unwrap();
    assert_eq!(error.label(), "190/463");
    assert_eq!((error.message.as_str(), error.transient), ("Log in again", true));
    assert_eq!(error.trace_id.as_deref(), Some("A1"));
    assert!(error.hint().unwrap().contains("expired"));
    let bare = GraphError::read(&json!({"error": {"message": "m", "code": -2}})).unwrap();
    assert_eq!((bare.label().as_str(), bare.message.as_str()), ("-2", "m"));
    assert_eq!(GraphError::read(&json!({"success": false})), None);
    assert_eq!(GraphError::read(&Value::Null), None);
}
