//! Images, videos and documents: initialize, PUT, finalize, status.

use axum::body::Bytes;
use axum::http::{Method, header};
use serde_json::{Value, json};

use super::error;
use crate::sandbox::clock::{HOUR_MS, iso};
use crate::sandbox::fetch::Asset;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::{Item, Platform, World};
use crate::sandbox::tokens;

/// Pixel limit of images (exclusive).
const MAX_PIXELS: u64 = 36_152_320;

const VIDEO_BYTES: std::ops::RangeInclusive<u64> = 75_000..=500_000_000;

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Video,
    Document,
}

/// One asset from `initializeUpload` on.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    kind: Kind,
    pub(super) owner: String,
    created_ms: i64,
    url_expires_ms: i64,
    parts: Vec<Part>,
    /// When the last byte (and, for a video, finalize) arrived.
    complete_ms: Option<i64>,
    ready_ms: i64,
    broken: Option<&'static str>,
}

#[derive(Debug, Clone)]
struct Part {
    /// First and last byte; an image or document is one part of any size.
    range: Option<(u64, u64)>,
    etag: String,
    body: Option<Bytes>,
}

impl Upload {
    /// Everything that arrived, in order.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.parts.iter().filter_map(|part| part.body.as_deref()).collect::<Vec<_>>().concat()
    }

    pub(super) fn status(&self, now: i64) -> &'static str {
        match self.complete_ms {
            None => "WAITING_UPLOAD",
            Some(_) if self.ready_ms > now => "PROCESSING",
            Some(_) if self.broken.is_some() => "PROCESSING_FAILED",
            Some(_) => "AVAILABLE",
        }
    }
}

/// Answers `/rest/images`, `/rest/videos` and `/rest/documents`.
pub(super) fn handle(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    let kind = match segments[0] {
        "images" => Kind::Image,
        "videos" => Kind::Video,
        _ => Kind::Document,
    };
    let action = call.text("action");
    match (&call.method, segments.get(1), action.as_deref()) {
        (&Method::POST, None, Some("initializeUpload")) => initialize(world, call, kind),
        (&Method::POST, None, Some("finalizeUpload")) if kind == Kind::Video => {
            finalize(world, call)
        }
        (&Method::GET, Some(urn), _) => status(world, urn),
        _ => error(404, "RESOURCE_NOT_FOUND", "No virtual resource found"),
    }
}

fn initialize(world: &mut World, call: &Call, kind: Kind) -> Reply {
    let request = call.params.get("initializeUploadRequest").cloned().unwrap_or_default();
    let Some(owner) = request["owner"].as_str().filter(|owner| owner.starts_with("urn:li:")) else {
        return error(
            400,
            "MISSING_FIELD",
            "ERROR :: /initializeUploadRequest/owner :: field is required",
        );
    };
    let now = world.now();
    let name = match kind {
        Kind::Image => "image",
        Kind::Video => "video",
        Kind::Document => "document",
    };
    let id = world.mint("D4E", owner);
    let urn = format!("urn:li:{name}:{id}");
    world.own(&urn, owner);
    let address = |part: usize| {
        format!(
            "{}/www.linkedin.com/dms-uploads/{id}/{name}/{part}?ca=sandbox&n={part}",
            call.base_url
        )
    };
    let mut parts = vec![Part { range: None, etag: String::new(), body: None }];
    let mut url_expires_ms = now + 24 * HOUR_MS;
    let mut value =
        json!({"uploadUrlExpiresAt": url_expires_ms, "uploadUrl": address(0), name: urn});
    if kind == Kind::Video {
        let Some(size) = request["fileSizeBytes"]
            .as_u64()
            .filter(|size| (1..=*VIDEO_BYTES.end()).contains(size))
        else {
            return error(
                400,
                "INVALID_VALUE_FOR_FIELD",
                "ERROR :: /initializeUploadRequest/fileSizeBytes :: must be 1 to 500 MB",
            );
        };
        let step = world.options.linkedin_part_bytes.max(1);
        parts = (0..size.div_ceil(step))
            .map(|n| Part {
                range: Some((n * step, ((n + 1) * step).min(size) - 1)),
                etag: etag(&id, n),
                body: None,
            })
            .collect();
        let instructions: Vec<Value> = parts
            .iter()
            .enumerate()
            .filter_map(|(n, part)| part.range.map(|(first, last)| json!({"uploadUrl": address(n), "firstByte": first, "lastByte": last})))
            .collect();
        url_expires_ms = now + 30 * 24 * HOUR_MS;
        value = json!({"uploadUrlsExpireAt": url_expires_ms, "video": urn, "uploadInstructions": instructions, "uploadToken": ""});
    }
    let upload = Upload {
        kind,
        owner: owner.to_owned(),
        created_ms: now,
        url_expires_ms,
        parts,
        complete_ms: None,
        ready_ms: i64::MAX,
        broken: None,
    };
    world.linkedin.uploads.insert(urn, upload);
    Reply::ok(json!({ "value": value }))
}

/// Both forms that were seen: a plain id and a path. The header quotes the first.
fn etag(id: &str, part: u64) -> String {
    if part.is_multiple_of(2) {
        format!("{id}-{part}")
    } else {
        format!("/ambry-video/signedId/{id}-{part}.bin")
    }
}

/// Answers `PUT /dms-uploads/{id}/{kind}/{part}`.
pub(super) fn put(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    let [_, id, name, part] = segments else { return Reply::empty(404) };
    let urn = format!("urn:li:{name}:{id}");
    let now = world.now();
    if call.method != Method::PUT {
        return Reply::empty(405);
    }
    let chunked = !call.headers.contains_key(header::CONTENT_LENGTH);
    if chunked && !world.options.linkedin_chunked_uploads {
        return Reply::html(411, "Length Required");
    }
    let with_token = call.headers.contains_key(header::AUTHORIZATION);
    let ready_ms = world.options.ready_at(now, world.options.image_processing_ms);
    let video_ok = world.options.linkedin_part_with_token;
    let Some(upload) = world.linkedin.uploads.get_mut(&urn) else { return Reply::empty(404) };
    if upload.kind == Kind::Video && with_token && !video_ok {
        return error(
            400,
            "INVALID_REQUEST",
            "Only one way of authorization is allowed on a signed upload address",
        );
    }
    if upload.kind != Kind::Video
        && (call.auth != "bearer" || tokens::problem(call.token.as_deref()).is_some())
    {
        return Reply::json(
            401,
            json!({"message": "Empty oauth2_access_token", "serviceErrorCode": 401, "status": 401}),
        );
    }
    if now > upload.url_expires_ms {
        return error(400, "EXPIRED_UPLOAD_URL", "The upload URL has expired");
    }
    let Some(part) = part.parse::<usize>().ok().and_then(|n| upload.parts.get_mut(n)) else {
        return Reply::empty(404);
    };
    let body = call.body.clone();
    if let Some((first, last)) = part.range {
        if body.len() as u64 != last + 1 - first {
            return error(
                400,
                "INVALID_RANGE",
                &format!("The part must have the bytes {first} to {last}"),
            );
        }
        let path_form = part.etag.starts_with('/');
        let shown = if path_form { part.etag.clone() } else { format!("\"{}\"", part.etag) };
        part.body = Some(body);
        return Reply::empty(200).with("etag", shown);
    }
    let asset = Asset::of(&body);
    let pixels = asset.dimensions.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
    upload.broken = match upload.kind {
        Kind::Image if !asset.is_image() => Some("The file is not a JPG, PNG or GIF"),
        Kind::Image if pixels >= MAX_PIXELS => Some("The image has too many pixels"),
        _ => None,
    };
    part.body = Some(body);
    upload.complete_ms = Some(now);
    upload.ready_ms = ready_ms;
    Reply::empty(201)
}

fn finalize(world: &mut World, call: &Call) -> Reply {
    let request = call.params.get("finalizeUploadRequest").cloned().unwrap_or_default();
    let now = world.now();
    let ready_ms = world.options.ready_at(now, world.options.video_processing_ms);
    let Some(upload) =
        request["video"].as_str().and_then(|urn| world.linkedin.uploads.get_mut(urn))
    else {
        return error(400, "INVALID_VIDEO_ID", "The video does not exist");
    };
    if request["uploadToken"].as_str() != Some("") {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "ERROR :: /finalizeUploadRequest/uploadToken :: must be the one of initializeUpload",
        );
    }
    let ids: Vec<&str> = request["uploadedPartIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let expected: Vec<&str> = upload.parts.iter().map(|part| part.etag.as_str()).collect();
    if ids != expected || upload.parts.iter().any(|part| part.body.is_none()) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "ERROR :: /finalizeUploadRequest/uploadedPartIds :: must be the ETags of all parts in order",
        );
    }
    if upload.complete_ms.is_none() {
        let asset = Asset::of(&upload.bytes());
        upload.broken = match asset {
            asset if !asset.is_video() => Some("The file is not an MP4 video"),
            asset if asset.bytes < *VIDEO_BYTES.start() => Some("The video is smaller than 75 KB"),
            _ => None,
        };
        upload.complete_ms = Some(now);
        upload.ready_ms = ready_ms;
    }
    Reply::empty(200)
}

fn status(world: &World, urn: &str) -> Reply {
    let Some(upload) = world.linkedin.uploads.get(urn) else {
        return error(404, "NOT_FOUND", "The asset does not exist");
    };
    if upload.kind != Kind::Video && upload.owner.starts_with("urn:li:person:") {
        return error(
            403,
            "ACCESS_DENIED",
            "Accessing this image resource is forbidden for the member",
        );
    }
    let mut answer =
        json!({"id": urn, "owner": upload.owner, "status": upload.status(world.now())});
    if answer["status"] == "PROCESSING_FAILED" {
        answer["processingFailureReason"] = json!(upload.broken);
    }
    Reply::ok(answer)
}

/// A media URN with the size that arrived.
pub(super) fn describe(world: &World, urn: &str) -> Value {
    let bytes = world.linkedin.uploads.get(urn).map(|upload| upload.bytes().len());
    json!({"id": urn, "bytes": bytes})
}

/// Uploads whose URN is not in `used`.
pub(super) fn drafts(world: &World, used: &[String]) -> Vec<Item> {
    let unused = world.linkedin.uploads.iter().filter(|(urn, _)| !used.contains(urn));
    let mut items: Vec<Item> = unused
        .map(|(urn, upload)| Item {
            platform: Platform::Linkedin,
            account: upload.owner.clone(),
            kind: match upload.kind {
                Kind::Image => "photo",
                Kind::Video => "video",
                Kind::Document => "document",
            },
            id: urn.clone(),
            text: String::new(),
            media: vec![describe(world, urn)],
            created_at: iso(upload.created_ms),
            comments: Vec::new(),
            by_others: false,
            expired: false,
        })
        .collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    items
}
