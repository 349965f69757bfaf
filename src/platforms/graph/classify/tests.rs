use serde_json::json;

use super::*;

mod words;

const POLL: Duration = Duration::from_secs(3);

fn error(code: i64, subcode: Option<i64>) -> GraphError {
    GraphError { code, subcode, message: "…".into(), transient: false, trace_id: None }
}

fn around(phase: Phase) -> Circumstances {
    Circumstances { phase, status: 400, pause: None, calls: 1, poll: POLL }
}

fn both(code: i64, subcode: Option<i64>) -> (ErrorClass, ErrorClass) {
    let error = error(code, subcode);
    (
        classify(Some(&error), &around(Phase::Staging)),
        classify(Some(&error), &around(Phase::Publish)),
    )
}

const fn throttled(minutes: u64, scope: Scope) -> ErrorClass {
    ErrorClass::Refused(Remedy::Wait { rest: Duration::from_secs(minutes * 60), scope })
}

const OUTAGE: ErrorClass = ErrorClass::Refused(Remedy::Outage(Away::Platform));
const RETRY: ErrorClass = ErrorClass::Refused(Remedy::Retry);
const GONE: ErrorClass = ErrorClass::Exists(Remedy::Retry);
const RESTAGE: ErrorClass = ErrorClass::Refused(Remedy::Restage);
const AGAIN: ErrorClass = ErrorClass::Refused(Remedy::PollAgain(POLL));
const AGAIN_SPENT: ErrorClass = ErrorClass::Spent(Remedy::PollAgain(POLL));
const HOUR: ErrorClass = throttled(60, Scope::Account);
const PERSONS_HOUR: ErrorClass = throttled(60, Scope::Person);
const APPS_HOUR: ErrorClass = throttled(60, Scope::App);
const QUARTER: ErrorClass = throttled(15, Scope::Account);
const ACCOUNT: ErrorClass = ErrorClass::Refused(Remedy::Operator(Scope::Account));
const APP: ErrorClass = ErrorClass::Refused(Remedy::Operator(Scope::App));
/// While staging.
const BAD: ErrorClass = ErrorClass::Refused(Remedy::GiveUp);
/// The same of a publish call: it may be published already.
const SPENT: ErrorClass = ErrorClass::Spent(Remedy::GiveUp);
const EXISTS: ErrorClass = ErrorClass::Exists(Remedy::GiveUp);
const UNKNOWN: ErrorClass = ErrorClass::Unknown;
const DOUBTFUL: ErrorClass = ErrorClass::Doubtful(Remedy::Wait {
    rest: Duration::from_secs(60 * 60),
    scope: Scope::Account,
});

#[test]
fn every_general_code_has_its_two_meanings() {
    let rows = [
        ((-1, None), OUTAGE, UNKNOWN),
        ((-2, None), OUTAGE, UNKNOWN),
        ((0, None), OUTAGE, UNKNOWN),
        ((1, None), OUTAGE, UNKNOWN),
        ((2, None), OUTAGE, UNKNOWN),
        ((3, None), ACCOUNT, ACCOUNT),
        ((4, None), APPS_HOUR, APPS_HOUR),
        ((10, None), ACCOUNT, ACCOUNT),
        ((12, None), ACCOUNT, ACCOUNT),
        ((17, None), PERSONS_HOUR, PERSONS_HOUR),
        ((20, None), RETRY, UNKNOWN),
        ((20, Some(1_772_107)), RETRY, UNKNOWN),
        ((32, None), HOUR, HOUR),
        ((100, None), BAD, SPENT),
        ((100, Some(33)), RETRY, GONE),
        ((102, None), ACCOUNT, ACCOUNT),
        ((104, None), APP, APP),
        ((190, None), ACCOUNT, ACCOUNT),
        ((194, None), BAD, SPENT),
        ((197, None), BAD, SPENT),
        ((200, None), ACCOUNT, ACCOUNT),
        ((210, None), ACCOUNT, ACCOUNT),
        ((240, None), ACCOUNT, ACCOUNT),
        ((283, None), ACCOUNT, ACCOUNT),
        ((299, None), ACCOUNT, ACCOUNT),
        ((324, None), RETRY, SPENT),
        ((341, None), APPS_HOUR, APPS_HOUR),
        ((352, None), BAD, SPENT),
        ((368, None), QUARTER, QUARTER),
        ((368, Some(1_390_008)), QUARTER, QUARTER),
        ((382, None), BAD, SPENT),
        ((389, None), RETRY, RETRY),
        ((450, None), ACCOUNT, ACCOUNT),
        ((452, None), ACCOUNT, ACCOUNT),
        ((506, None), BAD, EXISTS),
        ((613, None), HOUR, HOUR),
        ((613, Some(1996)), HOUR, HOUR),
        ((1500, None), BAD, SPENT),
        ((2500, None), ACCOUNT, ACCOUNT),
        ((2635, None), APP, APP),
        ((1_609_005, None), RETRY, SPENT),
        ((1_609_008, None), RETRY, SPENT),
        ((6000, None), RESTAGE, UNKNOWN),
        ((6001, None), RESTAGE, UNKNOWN),
        ((80_001, None), HOUR, HOUR),
        ((80_002, None), HOUR, HOUR),
        ((77_777, None), RETRY, UNKNOWN),
    ];
    for ((code, subcode), staging, publish) in rows {
        assert_eq!(both(code, subcode), (staging, publish), "{code}/{subcode:?}");
    }
    for code in [80_000, 80_003, 80_004, 80_005, 80_006, 80_008, 80_009, 80_014] {
        assert_eq!(both(code, None), (HOUR, HOUR), "{code}");
    }
    for subcode in [458, 459, 460, 463, 464, 466, 467, 490, 492] {
        assert_eq!(both(190, Some(subcode)), (ACCOUNT, ACCOUNT), "190/{subcode}");
    }
}

#[test]
fn every_facebook_subcode_has_its_meaning() {
    let rows = [
        (1_366_046, BAD, SPENT),
        (1_366_051, RESTAGE, EXISTS),
        (1_346_003, BAD, SPENT),
        (1_404_102, BAD, SPENT),
        (1_404_006, ACCOUNT, ACCOUNT),
        (1_404_112, ACCOUNT, ACCOUNT),
        (4_854_002, ACCOUNT, ACCOUNT),
        (1_404_078, ACCOUNT, ACCOUNT),
        (2_061_006, BAD, SPENT),
        (1_349_125, BAD, SPENT),
        (2_069_019, BAD, SPENT),
        (1_363_047, RETRY, UNKNOWN),
        (1_609_010, RETRY, UNKNOWN),
        (1_363_040, BAD, SPENT),
        (1_363_127, BAD, SPENT),
        (1_363_128, BAD, SPENT),
        (1_363_129, BAD, SPENT),
    ];
    for (subcode, staging, publish) in rows {
        assert_eq!(both(100, Some(subcode)), (staging, publish), "100/{subcode}");
    }
}

#[test]
fn every_instagram_subcode_has_its_meaning() {
    let rows = [
        ((-2, 2_207_003), RESTAGE, UNKNOWN),
        // Never staged again after a publish call without a reading.
        ((-2, 2_207_020), RESTAGE, GONE),
        ((-1, 2_207_001), RESTAGE, UNKNOWN),
        ((-1, 2_207_032), RESTAGE, UNKNOWN),
        ((-1, 2_207_053), RESTAGE, UNKNOWN),
        ((1, 2_207_057), BAD, SPENT),
        ((4, 2_207_051), HOUR, DOUBTFUL),
        ((9, 2_207_042), HOUR, HOUR),
        ((24, 2_207_006), RETRY, GONE),
        ((24, 2_207_008), RETRY, GONE),
        ((25, 2_207_050), ACCOUNT, ACCOUNT),
        ((100, 2_207_023), BAD, SPENT),
        ((100, 2_207_028), BAD, SPENT),
        ((100, 2_207_035), BAD, SPENT),
        ((100, 2_207_036), BAD, SPENT),
        ((100, 2_207_037), BAD, SPENT),
        ((100, 2_207_040), BAD, SPENT),
        ((352, 2_207_026), BAD, SPENT),
        ((9004, 2_207_052), RESTAGE, UNKNOWN),
        ((9007, 2_207_027), AGAIN, AGAIN_SPENT),
        ((36_000, 2_207_004), BAD, SPENT),
        ((36_001, 2_207_005), BAD, SPENT),
        ((36_003, 2_207_009), BAD, SPENT),
        ((36_004, 2_207_010), BAD, SPENT),
        ((-1, 2_207_076), RESTAGE, UNKNOWN),
        ((-1, 2_207_077), RESTAGE, UNKNOWN),
        ((100, 2_207_081), BAD, SPENT),
        ((-1, 2_207_082), RESTAGE, UNKNOWN),
    ];
    for ((code, subcode), staging, publish) in rows {
        assert_eq!(both(code, Some(subcode)), (staging, publish), "{code}/{subcode}");
    }
}

/// A call was refused that had taken effect: only a reading may lead to a second one.
#[test]
fn no_publish_call_is_staged_anew_unread() {
    let codes = (-2..=100_000).chain(1_300_000..1_800_000).map(|code| (code, None));
    let subcodes = (400..500).chain(1_300_000..1_900_000).chain(2_000_000..2_300_000);
    for (code, subcode) in codes.chain(subcodes.map(|subcode| (100, Some(subcode)))) {
        let class = classify(Some(&error(code, subcode)), &around(Phase::Publish));
        assert_ne!(class, RESTAGE, "{code}/{subcode:?}");
        assert_ne!(class, ErrorClass::Spent(Remedy::Restage), "{code}/{subcode:?}");
        assert_ne!(class, BAD, "{code}/{subcode:?}: is said of what is published, too");
    }
}

#[test]
fn some_faults_are_known_by_their_text() {
    let classes = |code, message: &str| {
        let error = GraphError { message: message.into(), ..error(code, None) };
        [Phase::Staging, Phase::Publish].map(|phase| classify(Some(&error), &around(phase)))
    };
    assert_eq!(classes(368, "You have Already Posted this"), [BAD, EXISTS]);
    assert_eq!(classes(100, "No permission to publish the video"), [ACCOUNT; 2]);
    assert_eq!(classes(1, "The session has been invalidated"), [ACCOUNT; 2]);
    assert_eq!(classes(100, "The user is not an Instagram Business"), [ACCOUNT; 2]);
    assert_eq!(classes(1, "collaborators is not allowed here"), [BAD, SPENT]);
}

#[test]
fn an_answer_without_error_is_judged_by_status() {
    for status in [200, 202, 302, 404, 500, 502, 504] {
        let bare = |phase| Circumstances { status, ..around(phase) };
        assert_eq!(classify(None, &bare(Phase::Staging)), OUTAGE, "{status}");
        assert_eq!(classify(None, &bare(Phase::Publish)), UNKNOWN, "{status}");
    }
    let answered_429 = |phase| Circumstances { status: 429, ..around(phase) };
    let wait = throttled(1, Scope::Account);
    assert_eq!(classify(None, &answered_429(Phase::Staging)), wait);
    let ErrorClass::Refused(wait) = wait else { panic!("{wait:?}") };
    let doubtful = ErrorClass::Doubtful(wait);
    assert_eq!(classify(None, &answered_429(Phase::Publish)), doubtful, "maybe of a proxy");
}

#[test]
fn a_passing_fault_never_condemns_the_content() {
    let passing = GraphError { transient: true, ..error(100, None) };
    assert_eq!(classify(Some(&passing), &around(Phase::Staging)), OUTAGE);
    assert_eq!(classify(Some(&passing), &around(Phase::Publish)), UNKNOWN);
    let server = |phase| Circumstances { status: 500, ..around(phase) };
    assert_eq!(classify(Some(&error(100, None)), &server(Phase::Staging)), OUTAGE);
    assert_eq!(classify(Some(&error(100, None)), &server(Phase::Publish)), UNKNOWN);
    assert_eq!(classify(Some(&error(1, Some(2_207_057))), &server(Phase::Staging)), OUTAGE);
    let limit = GraphError { transient: true, ..error(4, None) };
    assert_eq!(classify(Some(&limit), &around(Phase::Publish)), APPS_HOUR);
}

#[test]
fn stated_throttle_time_wins() {
    let with_pause = |seconds| Circumstances {
        pause: Some(Duration::from_secs(seconds)),
        ..around(Phase::Publish)
    };
    assert_eq!(
        classify(Some(&error(80_002, None)), &with_pause(37 * 60)),
        throttled(37, Scope::Account)
    );
    let day = throttled(24 * 60, Scope::App);
    assert_eq!(classify(Some(&error(4, None)), &with_pause(9_999_999)), day, "at most a day");
}

#[test]
fn blocked_account_is_throttled_longer_every_time() {
    let minutes = |calls| {
        let around = Circumstances { calls, ..around(Phase::Publish) };
        match classify(Some(&error(368, None)), &around) {
            ErrorClass::Refused(Remedy::Wait { rest, scope: Scope::Account }) => {
                rest.as_secs() / 60
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, 1, 2, 3, 4, 9].map(minutes), [15, 15, 60, 240, 1440, 1440]);
}

/// How often the call was made changes nothing: whether it is true is read.
#[test]
fn what_a_spent_object_says_is_marked() {
    for calls in [1, 2, 9] {
        let class = |code, subcode| {
            let around = Circumstances { calls, ..around(Phase::Publish) };
            classify(Some(&error(code, subcode)), &around)
        };
        for (code, subcode) in [(9007, Some(2_207_027)), (100, None)] {
            assert!(matches!(class(code, subcode), ErrorClass::Spent(_)), "{code}/{subcode:?}");
        }
        for (code, subcode) in [(24, Some(2_207_006)), (24, Some(2_207_008)), (100, Some(33))] {
            assert_eq!(class(code, subcode), GONE, "{code}/{subcode:?}");
        }
        assert_eq!([class(100, Some(1_366_051)), class(506, None)], [EXISTS; 2]);
        assert_eq!(class(2, None), UNKNOWN);
        assert_eq!(class(4, None), APPS_HOUR);
        assert_eq!(class(190, None), ACCOUNT);
    }
}

#[test]
fn only_bad_content_gives_up_dead_objects() {
    let text = "Error: Media upload has failed with error code 2207026";
    assert_eq!(dead_container(text), (Some(2_207_026), Remedy::GiveUp));
    assert_eq!(dead_container("… error code 2207052"), (Some(2_207_052), Remedy::Restage));
    assert_eq!(dead_container("… error code 2207051."), (Some(2_207_051), Remedy::Restage));
    assert_eq!(dead_container("Error 12345678 in 90 s"), (None, Remedy::Restage));
    assert_eq!(dead_container(""), (None, Remedy::Restage));
    assert_eq!(dead_object(Some(1_363_128)), Remedy::GiveUp);
    assert_eq!(dead_object(Some(352)), Remedy::GiveUp, "a code as well");
    assert_eq!(dead_object(Some(389)), Remedy::Restage);
    assert_eq!(dead_object(Some(190)), Remedy::Restage, "asking again finds the same object");
}
