//! Fetching media like the services do, but from loopback only.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::media;

/// How much of a file is kept to recognise its format and dimensions.
const HEAD_BYTES: usize = 256 * 1024;
/// Longest wait for a media server.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a fetched file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asset {
    pub(super) format: Format,
    pub(super) bytes: u64,
    /// Width and height, when the format contains them.
    pub(super) dimensions: Option<(u32, u32)>,
    /// The media server honours byte ranges.
    pub(super) ranges: bool,
    /// The `Content-Type` was that of a web page or other text.
    pub(super) is_text: bool,
}

/// A file format, recognised by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Gif,
    Mp4,
    Unknown,
}

/// Why a file could not be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FetchProblem {
    /// Not an address on this machine, refused, or no usable HTTP answer.
    Unreachable,
    /// The media server answered with this status instead of the file.
    Status(u16),
    /// The URL has characters outside ASCII, or cannot be parsed.
    BadUrl,
}

impl Asset {
    /// Recognises a whole file.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let format = format_of(bytes);
        Self {
            format,
            bytes: bytes.len() as u64,
            dimensions: dimensions_of(format, bytes),
            ranges: true,
            is_text: false,
        }
    }

    pub(super) fn is_image(&self) -> bool {
        !self.is_text && matches!(self.format, Format::Jpeg | Format::Png | Format::Gif)
    }

    pub(super) fn is_video(&self) -> bool {
        !self.is_text && self.format == Format::Mp4
    }
}

/// Fetches `address`; files of the sandbox itself are read without network.
pub(super) async fn fetch(
    address: &str,
    base_url: &str,
    assume_remote: bool,
) -> Result<Asset, FetchProblem> {
    if !address.is_ascii() {
        return Err(FetchProblem::BadUrl);
    }
    let url = Url::parse(address).map_err(|_| FetchProblem::BadUrl)?;
    if let Some(file) = address.strip_prefix(base_url).and_then(|rest| rest.strip_prefix("/media/"))
    {
        return media::asset(file);
    }
    let ip: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => Some(ip.into()),
        Some(Host::Ipv6(ip)) => Some(ip.into()),
        Some(Host::Domain("localhost")) => Some(IpAddr::from([127, 0, 0, 1])),
        _ => None,
    };
    match (ip.filter(IpAddr::is_loopback), url.scheme()) {
        (Some(ip), "http") => {
            let port = url.port_or_known_default().unwrap_or(80);
            tokio::time::timeout(PATIENCE, get(&url, SocketAddr::new(ip, port)))
                .await
                .unwrap_or(Err(FetchProblem::Unreachable))
        }
        _ if assume_remote => Ok(assumed(url.path())),
        _ => Err(FetchProblem::Unreachable),
    }
}

/// A plausible file for a URL that is not fetched.
fn assumed(path: &str) -> Asset {
    let path = path.to_ascii_lowercase();
    let format = if path.ends_with(".mp4") || path.ends_with(".mov") {
        Format::Mp4
    } else if path.ends_with(".png") {
        Format::Png
    } else {
        Format::Jpeg
    };
    Asset { format, bytes: 100_000, dimensions: Some((1080, 1080)), ranges: true, is_text: false }
}

/// One `GET` over plain HTTP/1.1 with a range, as video fetchers send it.
async fn get(url: &Url, peer: SocketAddr) -> Result<Asset, FetchProblem> {
    let unreachable = |_| FetchProblem::Unreachable;
    let mut stream = TcpStream::connect(peer).await.map_err(unreachable)?;
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    let request = format!(
        "GET {}{query} HTTP/1.1\r\nHost: {peer}\r\nUser-Agent: facebookexternalhit/1.1\r\n\
         Range: bytes=0-\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n",
        url.path()
    );
    stream.write_all(request.as_bytes()).await.map_err(unreachable)?;

    let mut seen = Vec::new();
    let mut total = 0u64;
    let mut chunk = vec![0; 64 * 1024];
    let body_start = loop {
        let n = stream.read(&mut chunk).await.map_err(unreachable)?;
        if n == 0 || seen.len() > HEAD_BYTES {
            return Err(FetchProblem::Unreachable);
        }
        seen.extend_from_slice(&chunk[..n]);
        if let Some(at) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&seen[..body_start]).to_ascii_lowercase();
    let status: u16 =
        head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or(FetchProblem::Unreachable)?;
    if !matches!(status, 200 | 206) {
        return Err(FetchProblem::Status(status));
    }
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length: Option<u64> = field("content-length:").and_then(|v| v.parse().ok());
    let is_text = field("content-type:").is_some_and(|kind| kind.starts_with("text/"));
    let mut body = seen.split_off(body_start);
    total += body.len() as u64;
    while length.is_none_or(|length| total < length) {
        let n = stream.read(&mut chunk).await.map_err(unreachable)?;
        if n == 0 {
            break;
        }
        total += n as u64;
        if body.len() < HEAD_BYTES {
            body.extend_from_slice(&chunk[..n]);
        }
    }
    if length.is_some_and(|length| total < length) {
        return Err(FetchProblem::Unreachable);
    }
    Ok(Asset { bytes: total, ranges: status == 206, is_text, ..Asset::of(&body) })
}

fn format_of(bytes: &[u8]) -> Format {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', ..] => Format::Png,
        [b'G', b'I', b'F', b'8', ..] => Format::Gif,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Format::Mp4,
        _ => Format::Unknown,
    }
}

fn dimensions_of(format: Format, bytes: &[u8]) -> Option<(u32, u32)> {
    match format {
        Format::Png => {
            let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
            Some((number(16)?, number(20)?))
        }
        Format::Jpeg => {
            let at = jpeg_frame(bytes)?;
            let number = |at: usize| bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes);
            Some((number(at + 7)?.into(), number(at + 5)?.into()))
        }
        _ => None,
    }
}

/// Where the start-of-frame marker of a JPEG stands.
pub(super) fn jpeg_frame(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        match *bytes.get(at..at + 4)? {
            [0xFF, 0xC0..=0xC2, _, _] => return Some(at),
            [0xFF, _, high, low] => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => return None,
        }
    }
}
