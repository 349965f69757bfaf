//! Sample media under `/media/`, for demos and tests that need real files.
//!
//! Any name ending in `.jpg`, `.jpeg`, `.png` or `.mp4` is served; each JPEG
//! and MP4 name has bytes of its own. The query shapes the file: `bytes=N` pads
//! it to N bytes, `width=W&height=H` rewrites the dimensions of a JPEG,
//! `ranges=no` ignores byte ranges, `type=text/plain` lies about the type.
//! Names that contain `missing` answer 404, `.html` answers a web page.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, header};
use std::collections::HashMap;

use super::fetch::{Asset, FetchProblem, jpeg_frame};
use super::reply::{Content, Reply};

const JPEG: &[u8] = include_bytes!("media/photo.jpg");
const PNG: &[u8] = include_bytes!("media/photo.png");
const MP4: &[u8] = include_bytes!("media/clip.mp4");
/// Smallest sample clip: LinkedIn refuses videos below 75 KB.
const CLIP_BYTES: usize = 100_000;
/// Largest padding that is served.
const MAX_BYTES: usize = 1 << 30;

struct Sample {
    kind: &'static str,
    bytes: Vec<u8>,
    /// Whole length, with zeros behind `bytes`.
    length: usize,
    ranges: bool,
}

/// Finds a sample by name and query, e.g. `photo.jpg?bytes=9000000`.
fn sample(file: &str) -> Option<Sample> {
    let (name, query) = file.split_once('?').unwrap_or((file, ""));
    let options: HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let lower = name.to_ascii_lowercase();
    if lower.contains("missing") {
        return None;
    }
    let number = |key: &str| options.get(key).and_then(|v| v.parse::<usize>().ok());
    let (mut kind, bytes, least) = if lower.ends_with(".jpg") || lower.ends_with(".jpeg") {
        let size = number("width").zip(number("height"));
        ("image/jpeg", jpeg(name, size), 0)
    } else if lower.ends_with(".png") {
        ("image/png", PNG.to_vec(), 0)
    } else if lower.ends_with(".mp4") {
        ("video/mp4", [MP4, &free_box(name)].concat(), CLIP_BYTES)
    } else if lower.ends_with(".html") {
        ("text/html", b"<html><body>Not a picture</body></html>".to_vec(), 0)
    } else {
        return None;
    };
    match options.get("type").map(String::as_str) {
        Some("text/plain") => kind = "text/plain",
        Some("text/html") => kind = "text/html",
        Some("application/octet-stream") => kind = "application/octet-stream",
        _ => {}
    }
    let length = bytes.len().max(number("bytes").unwrap_or(least)).min(MAX_BYTES);
    Some(Sample { kind, bytes, length, ranges: options.get("ranges").is_none_or(|v| v != "no") })
}

/// The sample photo with its name as a comment, so that names differ in bytes.
fn jpeg(name: &str, size: Option<(usize, usize)>) -> Vec<u8> {
    let comment = &name.as_bytes()[..name.len().min(200)];
    let length = (comment.len() + 2) as u16;
    let mut bytes =
        [&JPEG[..2], &[0xFF, 0xFE], &length.to_be_bytes(), comment, &JPEG[2..]].concat();
    if let (Some((width, height)), Some(at)) = (size, jpeg_frame(&bytes)) {
        bytes[at + 5..at + 7].copy_from_slice(&(height as u16).to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&(width as u16).to_be_bytes());
    }
    bytes
}

fn free_box(name: &str) -> Vec<u8> {
    let length = (name.len() + 8) as u32;
    [&length.to_be_bytes(), b"free".as_slice(), name.as_bytes()].concat()
}

impl Sample {
    fn slice(&self, first: usize, last: usize) -> Vec<u8> {
        let mut part: Vec<u8> =
            self.bytes.iter().copied().skip(first).take(last + 1 - first).collect();
        part.resize(last + 1 - first, 0);
        part
    }
}

/// What a service would find under this name.
pub(super) fn asset(file: &str) -> Result<Asset, FetchProblem> {
    let sample = sample(file).ok_or(FetchProblem::Status(404))?;
    Ok(Asset {
        bytes: sample.length as u64,
        ranges: sample.ranges,
        is_text: sample.kind.starts_with("text/"),
        ..Asset::of(&sample.bytes)
    })
}

/// Answers `GET` and `HEAD` of `/media/{file}`.
pub(super) fn serve(method: &Method, file: &str, headers: &HeaderMap) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Reply::empty(405).into_http();
    }
    let Some(sample) = sample(file) else {
        return Reply::html(404, "Not found").into_http();
    };
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .filter(|_| sample.ranges)
        .and_then(|text| range(text, sample.length));
    let (status, first, last) = match range {
        Some(Some((first, last))) => (206, first, last),
        Some(None) => {
            return Reply::empty(416)
                .with("content-range", format!("bytes */{}", sample.length))
                .into_http();
        }
        None => (200, 0, sample.length - 1),
    };
    let mut reply = Reply::empty(status)
        .with("content-length", (last + 1 - first).to_string())
        .with("etag", format!("\"{:x}-{}\"", sample.length, file.len()));
    if sample.ranges {
        reply = reply.with("accept-ranges", "bytes");
    }
    if status == 206 {
        reply = reply.with("content-range", format!("bytes {first}-{last}/{}", sample.length));
    }
    let bytes = if *method == Method::HEAD { Vec::new() } else { sample.slice(first, last) };
    reply.body = Content::Raw(sample.kind.to_owned(), Bytes::from(bytes));
    reply.into_http()
}

/// Reads one `bytes=` range: `None` to ignore it, `Some(None)` when it cannot be met.
fn range(text: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let tail: usize = last.parse().ok()?;
        return Some((tail > 0).then(|| (length.saturating_sub(tail), length - 1)));
    }
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() { length - 1 } else { last.parse().ok()? };
    Some((first < length && first <= last).then(|| (first, last.min(length - 1))))
}
