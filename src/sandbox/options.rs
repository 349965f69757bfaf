//! What is adjustable: delays, quotas, and every behaviour of the real
//! services that nobody has proven.

use serde::{Deserialize, Serialize};

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
    /// How long LinkedIn refuses comments on a new post ("Unable to obtain activity").
    pub comment_lag_ms: u64,
    /// Instagram: what a second `media_publish` of one container does.
    pub second_publish: SecondPublish,
    /// Facebook: what a second `finish` of one reel or video story does.
    pub second_finish: SecondFinish,
    /// Facebook: lets a photo be used by more than one post or story.
    pub allow_photo_reuse: bool,
    /// LinkedIn: how long an equal post is refused; 0 switches the filter off.
    pub duplicate_window_ms: u64,
    /// LinkedIn: compares only the text, not the attached media.
    pub duplicate_ignores_media: bool,
    /// LinkedIn: share of duplicates (0.0 to 1.0) that the filter lets through.
    pub duplicate_miss_probability: f64,
    /// LinkedIn: the refusal names a fresh id that reads 404.
    pub duplicate_names_ghost: bool,
    /// LinkedIn: counts the escaped text, not the visible one, against 3,000.
    pub linkedin_counts_escapes: bool,
    /// LinkedIn: versions (`YYYYMM`) that are served; any other answers 426.
    pub linkedin_versions: Vec<String>,
    /// LinkedIn: calls per token and UTC day before 429.
    pub linkedin_daily_calls: Option<u32>,
    /// LinkedIn: accepts an `Authorization` header on the PUT of a video part.
    pub linkedin_part_with_token: bool,
    /// LinkedIn: accepts uploads with chunked encoding (no `Content-Length`).
    pub linkedin_chunked_uploads: bool,
    /// LinkedIn: size of a video part in bytes.
    pub linkedin_part_bytes: u64,
    /// Graph API versions that are served.
    pub graph_versions: Vec<String>,
    /// Graph API: calls per account and hour before 80001 or 80002.
    pub graph_hourly_calls: Option<u32>,
    /// Instagram: publishes per account and rolling 24 h.
    pub instagram_daily_posts: u32,
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
    NotFound,
    /// 9007/2207027, nothing happens.
    NotReady,
    /// The first media id again, nothing happens.
    SameMedia,
    /// A second post goes live.
    SecondPost,
}

/// The answer to a second `upload_phase=finish` of one video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFinish {
    /// `{"success":true}`, nothing happens.
    Success,
    /// Code 100, nothing happens.
    Error,
    /// `{"success":true}` and a second post goes live.
    SecondPost,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            image_processing_ms: 0,
            video_processing_ms: 300,
            list_delay_ms: 0,
            read_lag_ms: 0,
            comment_lag_ms: 0,
            second_publish: SecondPublish::NotFound,
            second_finish: SecondFinish::Success,
            allow_photo_reuse: false,
            duplicate_window_ms: 600_000,
            duplicate_ignores_media: false,
            duplicate_miss_probability: 0.0,
            duplicate_names_ghost: false,
            linkedin_counts_escapes: false,
            linkedin_versions: (202_601..=202_609).map(|v| v.to_string()).collect(),
            linkedin_daily_calls: None,
            linkedin_part_with_token: false,
            linkedin_chunked_uploads: false,
            linkedin_part_bytes: 4_194_304,
            graph_versions: (21..=26).map(|v| format!("v{v}.0")).collect(),
            graph_hourly_calls: None,
            instagram_daily_posts: 50,
            instagram_daily_containers: 400,
            facebook_daily_reels: 30,
            assume_remote_media: false,
            seed: 1,
        }
    }
}
