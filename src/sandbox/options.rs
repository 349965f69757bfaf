//! What is adjustable: delays, quotas, and every behaviour of the real services that is
//! not documented.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::delay;

/// How the sandbox behaves. The default is fast and takes the stricter reading
/// wherever the real behaviour is unknown. All times are milliseconds.
///
/// `POST /__sim/options` changes single fields of a running sandbox; the JSON
/// names are the field names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxOptions {
    /// Processing time of an image after its upload or fetch.
    pub image_processing_ms: u64,
    /// Processing time of a video after its upload or fetch.
    pub video_processing_ms: u64,
    /// How long after it went live an object stays missing from lists.
    pub list_delay_ms: u64,
    /// How long a new object cannot be read by its id (Graph 100/33, LinkedIn 404).
    pub read_lag_ms: u64,
    /// How long after it went live an object still reads by its id as before:
    /// not published; LinkedIn posts and Instagram media not found.
    pub stale_state_ms: u64,
    /// So much are the platforms' clocks ahead of real time (behind, if negative).
    pub clock_offset_ms: i64,
    /// Media handed over from now on never become ready, on any platform.
    pub processing_stuck: bool,
    /// Number of posts by others that appear on the account right after each post that a
    /// client makes visible.
    pub newer_posts: u16,
    /// How long LinkedIn refuses comments on a new post ("Unable to obtain activity").
    pub comment_lag_ms: u64,
    /// Instagram: what a second `media_publish` of one container does.
    pub second_publish: SecondPublish,
    /// Facebook: what a second `finish` of one reel, video story or chunked video does.
    pub second_finish: SecondFinish,
    /// Facebook: what `is_published=true` does to a published post.
    pub second_flip: SecondCall,
    /// Facebook: what `published=true` does to a published video.
    pub second_video_flip: SecondCall,
    /// Facebook: what a second `photo_stories` with one photo does.
    pub second_story: SecondCall,
    /// Facebook: whether `is_published=true` publishes an unpublished post.
    pub feed_flip: Flip,
    /// Facebook: whether `published=true` publishes an unpublished video.
    pub video_flip: Flip,
    /// Facebook: most bytes of a chunk of a video.
    pub facebook_chunk_bytes: u64,
    /// Facebook: allows a photo to be used by more than one post or story.
    pub allow_photo_reuse: bool,
    /// LinkedIn: how long an equal post is refused; 0 switches the filter off.
    pub duplicate_window_ms: u64,
    /// LinkedIn: compares only the text, not the attached media.
    pub duplicate_ignores_media: bool,
    /// LinkedIn: share of duplicates (0.0 to 1.0) that the filter misses.
    pub duplicate_miss_probability: f64,
    /// LinkedIn: the refusal names a fresh id that reads 404.
    pub duplicate_names_ghost: bool,
    /// LinkedIn: counts the escaped text, not the visible one, against 3,000.
    pub linkedin_counts_escapes: bool,
    /// LinkedIn: versions (`YYYYMM`) that are served; any other answers 426.
    pub linkedin_versions: Vec<String>,
    /// LinkedIn: calls per token and UTC day before 429.
    pub linkedin_daily_calls: Option<u32>,
    /// LinkedIn: calls of all tokens per UTC day before 429.
    pub linkedin_app_daily_calls: Option<u32>,
    /// LinkedIn: accepts an `Authorization` header on the PUT of a video part.
    pub linkedin_part_with_token: bool,
    /// LinkedIn: accepts uploads with chunked encoding (no `Content-Length`).
    pub linkedin_chunked_uploads: bool,
    /// LinkedIn: size of a video part in bytes.
    pub linkedin_part_bytes: u64,
    /// Graph API versions that are served.
    pub graph_versions: Vec<String>,
    /// Graph API: calls per account and hour before 80001 (32 with a token of a
    /// person) or 80002.
    pub graph_hourly_calls: Option<u32>,
    /// Graph API: calls per token and hour before 17.
    pub user_hourly_calls: Option<u32>,
    /// Graph API: all calls per hour before 4.
    pub app_hourly_calls: Option<u32>,
    /// Graph API: fields that the served versions do not have.
    pub unknown_fields: Vec<String>,
    /// Instagram: publishes per account and rolling 24 h.
    pub instagram_daily_posts: u32,
    /// Instagram: how the processing of media handed over from now on ends.
    pub container_ends: Option<ContainerEnd>,
    /// Instagram: the spelling of `children` that is understood.
    pub children_form: ChildrenForm,
    /// Instagram: containers per account and rolling 24 h.
    pub instagram_daily_containers: u32,
    /// Facebook: reels per Page and rolling 24 h.
    pub facebook_daily_reels: u32,
    /// Takes media URLs outside loopback as present and fitting, by their file
    /// ending, without fetching them. Otherwise they cannot be fetched.
    pub assume_remote_media: bool,
    /// Seed of everything random: ids and fault probabilities.
    pub seed: u64,
}

/// The answer to a second `media_publish` of one container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondPublish {
    /// 24/2207006, nothing happens.
    #[serde(alias = "refused")]
    NotFound,
    /// 9007/2207027, nothing happens.
    NotReady,
    /// The first media id again, nothing happens.
    #[serde(alias = "same")]
    SameMedia,
    /// A second post goes live.
    SecondPost,
}

/// The answer to a second `upload_phase=finish` of one video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFinish {
    /// `{"success":true}`, nothing happens.
    #[serde(alias = "same")]
    Success,
    /// Code 100, nothing happens.
    #[serde(alias = "refused")]
    Error,
    /// `{"success":true}` and a second post goes live.
    SecondPost,
}

/// What a second publish call on one object does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondCall {
    /// The first answer again, nothing happens.
    Same,
    /// Code 100, nothing happens.
    Refused,
    /// A second post goes live.
    SecondPost,
}

/// Whether an unpublished object can be published afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flip {
    Works,
    /// Code 100, nothing happens.
    Refused,
}

/// How `children` of a carousel may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildrenForm {
    Both,
    /// A list of ids; text is code 100.
    List,
    /// Ids with commas between them; a list is code 100.
    Text,
}

/// What becomes of a container instead of `FINISHED`: `EXPIRED`, or `ERROR`
/// with a subcode, written `ERROR/2207026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ContainerEnd {
    Error(u64),
    Expired,
}

impl TryFrom<String> for ContainerEnd {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let subcode = text.strip_prefix("ERROR/").map(str::parse);
        match (text.as_str(), subcode) {
            ("EXPIRED", _) => Ok(Self::Expired),
            (_, Some(Ok(subcode))) => Ok(Self::Error(subcode)),
            _ => Err("neither EXPIRED nor ERROR with a subcode, such as ERROR/2207026"),
        }
    }
}

impl From<ContainerEnd> for String {
    fn from(end: ContainerEnd) -> Self {
        match end {
            ContainerEnd::Error(subcode) => format!("ERROR/{subcode}"),
            ContainerEnd::Expired => "EXPIRED".to_owned(),
        }
    }
}

impl SandboxOptions {
    /// The names of all options.
    #[must_use]
    pub fn names() -> Vec<String> {
        match serde_json::to_value(Self::default()) {
            Ok(Value::Object(all)) => all.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Changes some options: an object of names and values.
    ///
    /// # Errors
    /// A name or value is wrong; then all options stay as they are.
    pub fn change(&mut self, changes: Value) -> serde_json::Result<()> {
        let mut all = serde_json::to_value(&*self)?;
        match (&mut all, changes) {
            (Value::Object(all), Value::Object(changes)) => all.extend(changes),
            (all, changes) => *all = changes,
        }
        *self = serde_json::from_value(all)?;
        Ok(())
    }

    /// Changes one option, given as text: JSON, or a bare string; a list may have its
    /// items between commas.
    ///
    /// # Errors
    /// There is no such option, or it does not take the value.
    pub fn set(&mut self, name: &str, value: &str) -> serde_json::Result<()> {
        let is_list = serde_json::to_value(&*self)?[name].is_array();
        let value = match serde_json::from_str(value) {
            Ok(Value::Number(_)) | Err(_) if is_list => value.split(',').map(Value::from).collect(),
            Ok(value) => value,
            Err(_) => Value::from(value),
        };
        self.change(Value::Object([(name.to_owned(), value)].into_iter().collect()))
    }

    /// When the processing ends that begins now and takes `processing_ms`.
    pub(super) fn ready_at(&self, now: i64, processing_ms: u64) -> i64 {
        if self.processing_stuck { i64::MAX } else { now + delay(processing_ms) }
    }
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            image_processing_ms: 0,
            video_processing_ms: 300,
            list_delay_ms: 0,
            stale_state_ms: 0,
            clock_offset_ms: 0,
            processing_stuck: false,
            newer_posts: 0,
            read_lag_ms: 0,
            comment_lag_ms: 0,
            second_publish: SecondPublish::NotFound,
            second_finish: SecondFinish::Success,
            second_flip: SecondCall::Same,
            second_video_flip: SecondCall::Same,
            second_story: SecondCall::Refused,
            feed_flip: Flip::Works,
            video_flip: Flip::Works,
            facebook_chunk_bytes: 4_194_304,
            allow_photo_reuse: false,
            duplicate_window_ms: 600_000,
            duplicate_ignores_media: false,
            duplicate_miss_probability: 0.0,
            duplicate_names_ghost: false,
            linkedin_counts_escapes: false,
            linkedin_versions: (202_601..=202_609).map(|v| v.to_string()).collect(),
            linkedin_daily_calls: None,
            linkedin_app_daily_calls: None,
            linkedin_part_with_token: false,
            linkedin_chunked_uploads: false,
            linkedin_part_bytes: 4_194_304,
            graph_versions: (21..=26).map(|v| format!("v{v}.0")).collect(),
            graph_hourly_calls: None,
            user_hourly_calls: None,
            app_hourly_calls: None,
            unknown_fields: Vec::new(),
            instagram_daily_posts: 50,
            container_ends: None,
            children_form: ChildrenForm::Both,
            instagram_daily_containers: 400,
            facebook_daily_reels: 30,
            assume_remote_media: false,
            seed: 1,
        }
    }
}
