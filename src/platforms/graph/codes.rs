//! Every number of Meta's errors that is known: what it means, what to do, and
//! its class on a staging call and on a publish call.
//!
//! Sources: Meta's pages "Handle Errors" (Graph API) and "Error Codes"
//! (Instagram), its guides for reels and rate limits, and reports of clients
//! in the field where Meta's pages are silent.

use CodeClass::{
    Account, App, AppLimit, Bad, Blocked, Doubtful, Duplicate, Gone, Limit, PersonLimit, Poll,
    Restage, Retry, Unknown,
};

/// What an error means, before phase and circumstances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeClass {
    /// A passing fault.
    Retry,
    /// What was staged is dead.
    Restage,
    /// Not ready yet.
    Poll,
    /// The account's limit, with the throttle time in minutes when the answer names none.
    Limit(u64),
    /// The same, of the person whose token it is.
    PersonLimit(u64),
    /// The same, of the app: of every account.
    AppLimit(u64),
    /// The same on a publish call, which may have made its post live.
    Doubtful(u64),
    /// Blocked as abusive: throttled longer every time.
    Blocked,
    /// Token, role or permission of this account.
    Account,
    /// Set-up of the app, the same for every account.
    App,
    /// Will never pass.
    Bad,
    /// Says that this content was posted already.
    Duplicate,
    /// Not found, or spent by a publish call that went through.
    Gone,
    /// Proves nothing.
    Unknown,
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// On a call that makes something invisible, or reads.
    pub(super) staging: CodeClass,
    /// On a call of no return.
    pub(super) publish: CodeClass,
    /// What it means, to follow the platform's name; empty where the number says
    /// nothing.
    pub(super) means: &'static str,
    /// The next step, as a sentence.
    pub(super) advice: &'static str,
}

const fn both(class: CodeClass, means: &'static str, advice: &'static str) -> Meaning {
    Meaning { staging: class, publish: class, means, advice }
}

const fn each(
    staging: CodeClass,
    publish: CodeClass,
    means: &'static str,
    advice: &'static str,
) -> Meaning {
    Meaning { staging, publish, means, advice }
}

const RECONNECT: &str = "Reconnect the account, then resume it.";
const CONFIRM: &str =
    "Log in at facebook.com as that person and confirm it, then resume the account.";
const GRANT: &str = "Reconnect the account and grant every permission, then resume it.";
const LATER: &str = "It is tried again by itself when the limit has passed.";
const AGAIN: &str = "It is tried again by itself.";
const OTHER_FILE: &str = "Schedule it with another file.";
const URL_PUBLIC: &str =
    "Check that the URL is public, needs no login, and is open to facebookexternalhit.";
const EDIT: &str = "Change the content and schedule it again.";

/// The few faults that have no number of their own (field reports).
pub(super) fn of_text(code: i64, text: &str) -> Option<Meaning> {
    let text = text.to_lowercase();
    let says = |part: &str| text.contains(part);
    Some(match code {
        368 if says("already posted") => both(Duplicate, "the same was posted before", EDIT),
        100 if says("no permission to publish the video") => {
            both(Account, "the token may not publish videos", GRANT)
        }
        _ if says("session has been invalidated") => {
            both(Account, "the session was ended", RECONNECT)
        }
        _ if says("not an instagram business") => both(
            Account,
            "the account is no Instagram professional account",
            "Make it one in Instagram's settings and reconnect it, then resume it.",
        ),
        _ if says("collaborators is not allowed") => {
            both(Bad, "collaborators are not allowed for this post", EDIT)
        }
        _ => return None,
    })
}

/// Subcodes, which mean the same under every code.
pub(super) fn of_subcode(subcode: i64) -> Option<Meaning> {
    Some(match subcode {
        // Tokens.
        458 => both(Account, "the person has removed the app", RECONNECT),
        459 | 464 => both(Account, "the person must confirm the account first", CONFIRM),
        460 => both(Account, "the password was changed or the session ended", RECONNECT),
        463 => both(Account, "the token has expired", RECONNECT),
        466 => both(Account, "the session was ended", RECONNECT),
        467 | 490 => both(Account, "the token is not valid", RECONNECT),
        492 => both(
            Account,
            "the person has lost the role on the Page",
            "Give the role back, reconnect the account, then resume it.",
        ),
        // Instagram.
        2_207_001 => each(Restage, Unknown, "Instagram's server failed", AGAIN),
        2_207_003 => each(Restage, Unknown, "downloading the media took too long", URL_PUBLIC),
        2_207_004 => both(Bad, "the image is larger than 8 MB", OTHER_FILE),
        2_207_005 => both(Bad, "the image has a format other than JPEG", OTHER_FILE),
        2_207_006 => each(Retry, Gone, "the media was not found", AGAIN),
        2_207_008 => each(Retry, Gone, "the container was not found or has expired", AGAIN),
        2_207_009 => {
            both(Bad, "the image is not between 4:5 and 1.91:1", "Crop it and schedule it again.")
        }
        2_207_010 => both(Bad, "the caption is longer than 2,200 characters", EDIT),
        2_207_020 => each(Restage, Gone, "the media has expired", AGAIN),
        2_207_023 => both(Bad, "the media type is not known", EDIT),
        2_207_026 => both(
            Bad,
            "the video format is not supported",
            "Encode it as MP4 with H.264 and AAC, and schedule it again.",
        ),
        2_207_027 => both(Poll, "the media is not ready yet", AGAIN),
        2_207_028 => both(Bad, "a carousel needs 2 to 10 items", EDIT),
        2_207_032 => each(Restage, Unknown, "the container could not be made", AGAIN),
        2_207_035..=2_207_037 => both(Bad, "the product tags are not valid", EDIT),
        2_207_040 => both(Bad, "the caption mentions more than 20 people", EDIT),
        2_207_042 => both(Limit(HOUR), "today's quota of posts is used up", LATER),
        2_207_050 => both(
            Account,
            "the Instagram account is restricted or inactive",
            "Log in to Instagram and clear it, then resume the account.",
        ),
        // Seen below posts that are live.
        2_207_051 => both(Doubtful(HOUR), "Instagram took it for spam", LATER),
        2_207_052 => each(Restage, Unknown, "the media could not be fetched", URL_PUBLIC),
        2_207_053 => each(Restage, Unknown, "the upload failed", AGAIN),
        2_207_057 => both(Bad, "the thumbnail lies outside of the video", EDIT),
        2_207_076 => each(Restage, Unknown, "the video could not be processed", OTHER_FILE),
        2_207_077 => each(
            Restage,
            Unknown,
            "the video could not be downloaded",
            "Check that its server answers byte ranges and does not redirect.",
        ),
        2_207_081 => both(Bad, "the account may not make trial reels", EDIT),
        2_207_082 => each(Restage, Unknown, "the upload of the media failed", OTHER_FILE),
        // Facebook.
        1996 => both(Limit(HOUR), "there were unusually many calls", LATER),
        1_346_003 | 1_404_102 => both(Bad, "the content is against Facebook's rules", EDIT),
        1_349_125 => both(Bad, "the file has a wrong format", OTHER_FILE),
        1_363_040 => both(Bad, "the video is not between 16:9 and 9:16", OTHER_FILE),
        1_363_047 | 1_609_010 => {
            each(Retry, Unknown, "Facebook's service was not available", AGAIN)
        }
        1_363_127 => both(Bad, "the video is smaller than 540×960", OTHER_FILE),
        1_363_128 => both(Bad, "the video is not 3 to 90 seconds long", OTHER_FILE),
        1_363_129 => both(Bad, "the video does not have 24 to 60 frames a second", OTHER_FILE),
        1_366_046 => both(Bad, "the photo is larger than 4 MB or no photo", OTHER_FILE),
        // The photos are used by a post whose id was lost: while staging that one
        // is invisible, so fresh photos are safe.
        1_366_051 => each(Restage, Duplicate, "the photos were posted before", AGAIN),
        1_390_008 => both(Blocked, "posts followed each other too fast", LATER),
        1_404_006 | 1_404_112 | 4_854_002 => {
            both(Account, "Facebook wants a security check of the person", CONFIRM)
        }
        1_404_078 => both(
            Account,
            "the Page needs Page publishing authorisation",
            "The person does it in the Page's settings at facebook.com; then resume the account.",
        ),
        // The object was made; only its answer could not be formed.
        1_772_107 => each(Unknown, Unknown, "the answer could not be formed", AGAIN),
        2_061_006 => both(Bad, "the URL is not valid", EDIT),
        2_069_019 => both(Bad, "the file is not valid", OTHER_FILE),
        _ => return None,
    })
}

/// Whether this label of an error says that an object is missing, not visible yet, or
/// closed to the token.
pub(in crate::platforms) fn is_missing(label: &str) -> bool {
    label == "100/33"
}

/// Whether this label of an error (a code without a subcode) says that a
/// permission is missing.
pub(super) fn is_permission(label: &str) -> bool {
    label.parse().is_ok_and(|code: i64| matches!(code, 3 | 10 | 200..=299))
}

/// A rolling hour, over which Meta counts most limits, in minutes.
const HOUR: u64 = 60;

/// Codes without a subcode that decides.
pub(super) fn of_code(code: i64) -> Option<Meaning> {
    Some(match code {
        // Posts went live below codes 1 and 2.
        -2..=2 => each(Retry, Unknown, "the server failed", AGAIN),
        3 => both(Account, "the app lacks a capability", GRANT),
        4 | 341 => both(AppLimit(HOUR), "the app's limit of calls is used up", LATER),
        9 => both(Limit(HOUR), "the quota of posts is used up", LATER),
        10 => both(Account, "a permission is missing", GRANT),
        12 => both(
            Account,
            "the id is not that of an Instagram professional account",
            "Add the account again with its Instagram user id, then resume it.",
        ),
        17 => both(PersonLimit(HOUR), "the person's limit of calls is used up", LATER),
        20 => each(Unknown, Unknown, "the answer could not be formed", AGAIN),
        24 => each(Retry, Unknown, "the media was not found", AGAIN),
        25 => both(Account, "the Instagram account is restricted", RECONNECT),
        32 | 80_001 => both(Limit(HOUR), "the Page's limit of calls is used up", LATER),
        100 => both(Bad, "a value is not valid", EDIT),
        102 | 190 | 450 | 452 | 2500 => both(Account, "the token is not valid", RECONNECT),
        104 => both(App, "the app secret does not fit", "Check the app's settings."),
        194 => both(Bad, "a value is missing", EDIT),
        197 => both(Bad, "the post is empty", EDIT),
        200..=299 => both(
            Account,
            "a permission is missing, or the token is a person's and not the Page's",
            GRANT,
        ),
        324 => each(Retry, Bad, "the image is missing or not valid", URL_PUBLIC),
        352 => both(Bad, "the video format is not supported", OTHER_FILE),
        368 => both(Blocked, "Facebook blocked the action for a while", LATER),
        382 => both(Bad, "the video file is too small", OTHER_FILE),
        389 => each(Retry, Retry, "the video could not be fetched", URL_PUBLIC),
        506 => each(Duplicate, Duplicate, "the same text was posted just before", EDIT),
        613 => both(Limit(HOUR), "a limit of calls is used up", LATER),
        1500 => both(Bad, "the link is not a valid URL", EDIT),
        2635 => both(
            App,
            "this version of the Graph API is retired",
            "Set a newer graph_version, or update this program.",
        ),
        6000 => each(Restage, Unknown, "there is a problem with the video file", OTHER_FILE),
        6001 => each(Restage, Unknown, "there is a problem with the upload", AGAIN),
        9004 => each(Restage, Unknown, "the media could not be fetched", URL_PUBLIC),
        9007 => both(Poll, "the media is not ready yet", AGAIN),
        36_000 => both(Bad, "the image is too large", OTHER_FILE),
        36_001 => both(Bad, "the image format is not supported", OTHER_FILE),
        36_003 => both(Bad, "the image has a wrong ratio", OTHER_FILE),
        36_004 => both(Bad, "the caption is too long", EDIT),
        80_002 => both(Limit(HOUR), "the Instagram account's limit of calls is used up", LATER),
        80_000 | 80_003..=80_006 | 80_008 | 80_009 | 80_014 => {
            both(Limit(HOUR), "the limit of another product is used up", LATER)
        }
        1_609_005 => each(Retry, Bad, "the link's page could not be read", URL_PUBLIC),
        1_609_008 => each(Retry, Bad, "links to facebook.com are refused", EDIT),
        _ => return None,
    })
}
