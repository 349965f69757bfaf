//! The codes of failures, as they are stored and printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The platform's own code needs text; all others are a closed list, each with one
/// meaning and one name.
macro_rules! failure_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+) => {
        /// What went wrong, as a stable code: for scripts, and for the worker's
        /// decisions.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum FailureCode {
            $($(#[doc = $doc])+ $variant,)+
            /// The platform's own (`190/463`, `FIELD_LENGTH_TOO_LONG`), the status of its
            /// answer where it gives none (`http_502`), or a code that this version
            /// does not know.
            Platform(String),
        }

        impl FailureCode {
            /// All but the platforms' own.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// What it says, in a sentence or two.
            #[must_use]
            pub const fn meaning(&self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                    Self::Platform(_) => "The platform's own code.",
                }
            }

            #[must_use]
            pub const fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Platform(code) => code.as_str(),
                }
            }
        }

        impl From<String> for FailureCode {
            /// Reads what was stored, maybe by an earlier version.
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Platform(text),
                }
            }
        }
    };
}

failure_codes! {
    // The post and its account.
    /// The post breaks a rule of its platform, which does not accept such a type, media or text.
    InvalidPost = "invalid_post",
    /// The stored post or job cannot be read.
    InvalidRow = "invalid_row",
    /// Its account was removed.
    AccountRemoved = "account_removed",
    /// Its account is paused.
    AccountPaused = "account_paused",
    /// The id of its account at the platform is not known.
    NoExternalId = "no_external_id",
    /// The id of its account is not one that the platform gives.
    InvalidExternalId = "invalid_external_id",
    /// There is no token for its account.
    NoToken = "no_token",
    /// The token contains characters that cannot be sent.
    InvalidToken = "invalid_token",
    /// A limit of the platform is nearly used up.
    NearLimit = "near_limit",
    /// Its time had passed by more than `max_late`.
    Missed = "missed",

    // The worker.
    /// The worker died in every attempt at the post.
    WorkerDied = "worker_died",
    /// The program failed while it handled the post.
    Panic = "panic",

    // The call.
    /// No connection to the platform could be made.
    Connect = "connect",
    /// The platform did not answer in time.
    Timeout = "timeout",
    /// The connection broke before the answer was whole.
    Interrupted = "interrupted",
    /// The call could not be built.
    Request = "request",
    /// The call was not sent, since too much time had passed.
    NotSent = "not_sent",
    /// The HTTP client could not be set up.
    TlsSetup = "tls_setup",
    /// The answer did not come from the platform, or is incomplete.
    UnreadableAnswer = "unreadable_answer",
    /// The answer says only that the call did not succeed.
    NotSuccessful = "not_successful",
    /// A list of the platform is too long to be read to its end.
    ListTooLong = "list_too_long",

    // The post's media, at their own server.
    /// The address of the media leads to no public server.
    MediaAddress = "media_address",
    /// The media is not of the kind that the post says, or is a web page.
    MediaContent = "media_content",
    /// The media is too large.
    MediaSize = "media_size",
    /// The media changed while it was uploaded.
    MediaChanged = "media_changed",
    /// The media's server sent other bytes than asked for.
    MediaRange = "media_range",
    /// The media's server cannot send parts of a file.
    MediaNoRanges = "media_no_ranges",
    /// The media could not be downloaded.
    MediaDownload = "media_download",

    // What is staged at the platform.
    /// What the publish call would name is not staged.
    NotStaged = "not_staged",
    /// The upload address is not one of the platform's.
    UploadUrl = "upload_url",
    /// The platform asks for parts that are not the file in order.
    UploadParts = "upload_parts",
    /// The platform accepted the upload and did nothing with it.
    UploadNotTaken = "upload_not_taken",
    /// The upload failed at the platform.
    UploadFailed = "upload_failed",
    /// The platform did not finish processing the media in time.
    ProcessingStuck = "processing_stuck",
    /// The platform could not process the media.
    ProcessingFailed = "processing_failed",
    /// What was staged has expired.
    StagingExpired = "staging_expired",

    // What became of a publish call, or of a comment.
    /// A look-up found the post, and it is not live.
    NotLive = "not_live",
    /// The platform still works on the post.
    InProgress = "in_progress",
    /// What the call named is no longer there.
    MissingObject = "missing_object",
    /// The state that was read does not say whether the post is live.
    UnclearState = "unclear_state",
    /// It was not recorded what the call named, so no look-up proves anything.
    Blind = "blind",
    /// Posts like it are live, and none is certainly this one.
    Ambiguous = "ambiguous",
    /// The post may have gone out after the backup that was restored.
    Restored = "restored",
    /// The only post like it that is live belongs to another job of this program.
    Anothers = "anothers",
    /// A post like it is live, and may belong to another job of this program.
    MayBeAnothers = "may_be_anothers",
    /// The same was posted before.
    DuplicatePost = "duplicate_post",
    /// The comment is not listed.
    NotSeen = "not_seen",
    /// The comment was refused, and is looked for before it is sent again.
    CommentRefused = "comment_refused",
    /// LinkedIn does not allow the posts of members to be read back.
    MemberPost = "member_post",
    /// LinkedIn does not let the comments of members be read back.
    MemberComment = "member_comment",
    /// Stories are listed for a day only.
    StoryGone = "story_gone",

    // A person.
    /// A person decided that the post is not live.
    Operator = "operator",
    /// A person gave up on the post, which may be live.
    Abandoned = "abandoned",
}

impl FailureCode {
    /// Of an answer without a code of its own.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self::Platform(format!("http_{status}"))
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<FailureCode> for String {
    fn from(code: FailureCode) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
impl From<&str> for FailureCode {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[cfg(test)]
impl PartialEq<&str> for FailureCode {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_word_and_reads_back() {
        let is_word =
            |word: &str| word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        for code in FailureCode::ALL {
            assert!(is_word(code.as_str()), "{code}");
            assert_eq!(FailureCode::from(code.as_str()), *code);
        }
        let mut words: Vec<&str> = FailureCode::ALL.iter().map(FailureCode::as_str).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), FailureCode::ALL.len());
    }

    #[test]
    fn foreign_codes_stay_as_they_are() {
        for text in ["190/463", "DUPLICATE_POST", "http_502", "media-download", ""] {
            let code = FailureCode::from(text);
            assert_eq!(code, FailureCode::Platform(text.to_owned()));
            assert_eq!(serde_json::to_value(&code).unwrap(), text);
        }
    }
}
