//! Downloads the media of a post for platforms that take bytes, not URLs.
//!
//! The URL is untrusted input: the download cannot reach private addresses, carries no
//! credentials, and is bounded in size and time.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION,
    RANGE,
};
use reqwest::{Response, StatusCode, Url};
use sha2::{Digest, Sha256};

use super::http;
use super::public_address::{NotPublic, PublicResolver, check_literal};
use crate::domain::{Away, Failure, FailureCode, MediaKind, Remedy};
use crate::kill_point::kill_point;

const MAX_REDIRECTS: usize = 3;

/// Enough to distinguish a video from a web page, and small enough to cost nothing.
const PROBE_BYTES: u64 = 512;

/// What a download may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    image_bytes: u64,
    video_bytes: u64,
    /// Without a byte.
    idle: Duration,
    /// For one request with its answer.
    total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            image_bytes: 20 * 1024 * 1024,
            video_bytes: 500 * 1024 * 1024,
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
        }
    }
}

/// An image, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub bytes: Vec<u8>,
    /// By its first bytes, whatever the server said.
    pub media_type: &'static str,
    /// In hexadecimal.
    pub sha256: String,
}

/// A video as its server describes it; the parts of one upload must all come
/// from the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// In bytes.
    pub length: u64,
    /// `ETag`, else `Last-Modified`: differs when the file was replaced.
    pub version: Option<String>,
}

/// Downloads media, safely. Builds its HTTP client at the first download.
pub struct MediaSource {
    client: OnceLock<Result<reqwest::Client, String>>,
    allow_private: bool,
    limits: Limits,
}

impl MediaSource {
    /// `allow_private` lifts the address check, for tests and private networks.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self::with_limits(allow_private, Limits::default())
    }

    fn with_limits(allow_private: bool, limits: Limits) -> Self {
        Self { client: OnceLock::new(), allow_private, limits }
    }

    /// A client of its own, so that no platform's connection or credential is near.
    fn client(&self) -> Result<&reqwest::Client, Failure> {
        let build = || {
            let mut builder =
                http::client_builder()?.read_timeout(self.limits.idle).timeout(self.limits.total);
            if !self.allow_private {
                builder = builder.dns_resolver(PublicResolver);
            }
            builder.build().map_err(|_| "cannot set up the download client".to_owned())
        };
        let client = self.client.get_or_init(build).as_ref();
        client.map_err(|why| Failure::new(Remedy::Retry, FailureCode::TlsSetup, why.clone()))
    }

    /// Downloads an image of at most 20 MiB.
    ///
    /// # Errors
    /// [`Remedy::GiveUp`] for a URL or content that will never do,
    /// [`Remedy::Retry`] for everything that may pass.
    pub async fn image(&self, url: &str) -> Result<Image, Failure> {
        let response = self.open(url, None).await?;
        if response.status() != StatusCode::OK {
            return Err(refused_download(&response));
        }
        refuse_web_page(&response)?;
        let bytes = read(response, self.limits.image_bytes).await?;
        let media_type = media_type(MediaKind::Image, &bytes)
            .ok_or_else(|| not_media("a JPEG, PNG or GIF image"))?;
        let sha256 = hash(&bytes);
        Ok(Image { bytes, media_type, sha256 })
    }

    /// Learns the size of a video by reading its first bytes.
    ///
    /// # Errors
    /// As [`Self::image`]; also when the server cannot serve parts of a file.
    pub async fn video(&self, url: &str) -> Result<Video, Failure> {
        let response = self.open(url, Some((0, PROBE_BYTES - 1))).await?;
        refuse_web_page(&response)?;
        let (first, last, length) = content_range(&response)?;
        if first != 0 || last != length.min(PROBE_BYTES) - 1 {
            return Err(wrong_range());
        }
        if length > self.limits.video_bytes {
            return Err(too_large(self.limits.video_bytes));
        }
        let video = Video { length, version: version(&response) };
        let head = read(response, PROBE_BYTES).await?;
        media_type(MediaKind::Video, &head).ok_or_else(|| not_media("an MP4 video"))?;
        Ok(video)
    }

    /// Downloads the bytes `first..=last` of a video.
    ///
    /// # Errors
    /// As [`Self::image`]; [`Remedy::Restage`] when the video has changed.
    pub async fn part(
        &self,
        url: &str,
        video: &Video,
        first: u64,
        last: u64,
    ) -> Result<Vec<u8>, Failure> {
        let response = self.open(url, Some((first, last))).await?;
        let (got_first, got_last, length) = content_range(&response)?;
        if length != video.length || version(&response) != video.version {
            return Err(changed());
        }
        if (got_first, got_last) != (first, last) {
            return Err(wrong_range());
        }
        let wanted = last - first + 1;
        let bytes = read(response, wanted).await?;
        if bytes.len() as u64 == wanted { Ok(bytes) } else { Err(wrong_range()) }
    }

    /// Sends the request and follows redirects, each of them checked.
    async fn open(&self, url: &str, range: Option<(u64, u64)>) -> Result<Response, Failure> {
        let mut url = Url::parse(url).map_err(|_| bad_address("the media URL is not a URL"))?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let mut request = self.client()?.get(url.clone()).header(ACCEPT_ENCODING, "identity");
            if let Some((first, last)) = range {
                request = request.header(RANGE, format!("bytes={first}-{last}"));
            }
            kill_point!("download.before");
            let response = request.send().await.map_err(no_download)?;
            kill_point!("download.answered");
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                let encoded = response.headers().get(CONTENT_ENCODING);
                if encoded.is_some_and(|encoding| encoding != "identity") {
                    return Err(not_media("sent without compression"));
                }
                return Ok(response);
            }
            url = redirected(&url, header(&response, LOCATION.as_str()))?;
        }
        Err(bad_address("the media URL redirects more than 3 times"))
    }

    fn check(&self, url: &Url) -> Result<(), Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad_address("a media URL must start with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad_address("a media URL must not hold a user name or password"));
        }
        if self.allow_private {
            return Ok(());
        }
        check_literal(url).map_err(|error| bad_address(error.to_string()))
    }
}

/// Where a redirect leads; the address itself is checked like the first one.
fn redirected(from: &Url, location: Option<&str>) -> Result<Url, Failure> {
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| bad_address("the media URL redirects to nowhere"))?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(bad_address("the media URL redirects from https to http"));
    }
    Ok(to)
}

/// Reads a body that may not be longer than `limit`.
async fn read(mut response: Response, limit: u64) -> Result<Vec<u8>, Failure> {
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_download)? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The `first`, `last` and total of a partial answer.
fn content_range(response: &Response) -> Result<(u64, u64, u64), Failure> {
    match response.status() {
        StatusCode::PARTIAL_CONTENT => {}
        StatusCode::OK => {
            return Err(Failure::new(
                Remedy::Retry,
                FailureCode::MediaNoRanges,
                "the media's server ignores range requests, which an upload in parts needs",
            ));
        }
        _ => return Err(refused_download(response)),
    }
    let range = header(response, CONTENT_RANGE.as_str()).and_then(|text| {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
    });
    range.filter(|(first, last, total)| first <= last && last < total).ok_or_else(wrong_range)
}

fn version(response: &Response) -> Option<String> {
    header(response, ETAG.as_str())
        .or_else(|| header(response, LAST_MODIFIED.as_str()))
        // Whether a server promises equal bytes or equal content differs from answer to answer.
        .map(|version| version.trim_start_matches("W/").to_owned())
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// What the first bytes say it is.
fn media_type(kind: MediaKind, head: &[u8]) -> Option<&'static str> {
    match kind {
        MediaKind::Image if head.starts_with(b"\xff\xd8\xff") => Some("image/jpeg"),
        MediaKind::Image if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        MediaKind::Image if head.starts_with(b"GIF8") => Some("image/gif"),
        MediaKind::Video if head.get(4..8) == Some(b"ftyp") => Some("video/mp4"),
        MediaKind::Image | MediaKind::Video => None,
    }
}

/// Login and error pages come with status 200 often enough.
fn refuse_web_page(response: &Response) -> Result<(), Failure> {
    let content_type = header(response, CONTENT_TYPE.as_str()).unwrap_or_default();
    let web_page =
        response.status().is_success() && content_type.trim_start().starts_with("text/html");
    if web_page {
        return Err(Failure::new(
            Remedy::GiveUp,
            FailureCode::MediaContent,
            "the media URL leads to a web page, not to a file",
        ));
    }
    Ok(())
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bad_address(message: impl Into<String>) -> Failure {
    Failure::new(Remedy::GiveUp, FailureCode::MediaAddress, message)
}

fn not_media(wanted: &str) -> Failure {
    Failure::new(
        Remedy::GiveUp,
        FailureCode::MediaContent,
        format!("the media URL's content is not {wanted}"),
    )
}

fn too_large(limit: u64) -> Failure {
    Failure::new(
        Remedy::GiveUp,
        FailureCode::MediaSize,
        format!("the media is larger than {limit} bytes"),
    )
}

fn changed() -> Failure {
    Failure::new(
        Remedy::Restage,
        FailureCode::MediaChanged,
        "the media changed while it was being uploaded",
    )
}

fn wrong_range() -> Failure {
    Failure::new(
        Remedy::Retry,
        FailureCode::MediaRange,
        "the media's server sent other bytes than asked for",
    )
}

fn refused_download(response: &Response) -> Failure {
    let status = response.status();
    let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let remedy = if passes { Remedy::Outage(Away::MediaHost) } else { Remedy::Retry };
    Failure::new(
        remedy,
        FailureCode::MediaDownload,
        format!("the media's server answered {status}"),
    )
}

/// A download that broke; the URL stays out of it, since it may be signed.
fn no_download(error: reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<NotPublic>() {
            return bad_address(refused.to_string());
        }
        cause = error.source();
    }
    let what = match () {
        () if error.is_timeout() => "took too long",
        () if error.is_connect() => "could not be reached",
        () => "broke off",
    };
    let message = format!("the download of the media {what}");
    Failure::new(Remedy::Outage(Away::MediaHost), FailureCode::MediaDownload, message)
}

#[cfg(test)]
#[path = "media_source_tests.rs"]
mod tests;
