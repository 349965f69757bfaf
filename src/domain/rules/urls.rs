//! URLs: absolute, public, and exactly what was typed.
//!
//! The `url` crate repairs much that people type; a platform that fetches the
//! same text may repair it otherwise. So what would be repaired is refused.

use url::{Host, Url};

use crate::domain::escape::{ellipsis, visible};
use crate::domain::{MediaKind, PostContent, Problem, Profile};

use super::Review;
use super::address::is_public;

const IMAGES: [&str; 10] =
    ["jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "heic", "avif"];
const VIDEOS: [&str; 8] = ["mp4", "mov", "m4v", "webm", "mkv", "avi", "mpg", "mpeg"];

/// The kind of a file by the extension of its URL's path; `None` for an unknown one.
#[must_use]
pub fn media_kind_of(url: &str) -> Option<MediaKind> {
    let extension = extension_of(url)?;
    if IMAGES.contains(&extension.as_str()) {
        Some(MediaKind::Image)
    } else if VIDEOS.contains(&extension.as_str()) {
        Some(MediaKind::Video)
    } else {
        None
    }
}

fn extension_of(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok().filter(Url::has_host);
    let path = parsed.as_ref().map_or(url, Url::path);
    let path = path.split(['?', '#']).next()?;
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(extension.to_ascii_lowercase())
}

pub(super) fn check(content: &PostContent, allow_private: bool, review: &mut Review) {
    let profile = content.platform.profile();
    let mut seen: Vec<Url> = Vec::new();
    for item in &content.media {
        let flag = match item.kind {
            MediaKind::Image => "--image",
            MediaKind::Video => "--video",
        };
        let Some(mut url) = check_url(flag, &item.url, profile, allow_private, review) else {
            continue;
        };
        format(flag, &item.url, item.kind, profile, review);
        if url.scheme() == "http" && profile.fetches && !allow_private {
            let what = format!("{} fetches media over https", profile.name);
            review.warn(problem(flag, &item.url, what).hint("use an https URL"));
        }
        url.set_fragment(None);
        if seen.contains(&url) {
            review.refuse(problem(flag, &item.url, "the same URL is given twice"));
        } else {
            seen.push(url);
        }
    }
    if let Some(link) = &content.link {
        check_url("--link", link, profile, allow_private, review);
    }
}

/// Reports what is wrong with one URL; the parsed URL if it can be used.
fn check_url(
    flag: &str,
    text: &str,
    profile: &Profile,
    allow_private: bool,
    review: &mut Review,
) -> Option<Url> {
    match parse(flag, text, profile, allow_private) {
        Ok(url) => {
            // Look-alike letters show in punycode.
            if !authority_of(text).is_ascii() {
                let host = url.host_str().unwrap_or_default();
                review.warn(problem(flag, text, format!("the host is {host}")));
            }
            Some(url)
        }
        Err(problem) => {
            review.refuse(problem);
            None
        }
    }
}

fn parse(flag: &str, text: &str, profile: &Profile, allow_private: bool) -> Result<Url, Problem> {
    let refuse = |what: &str| problem(flag, text, what);
    if text.is_empty() {
        return Err(refuse("the URL is empty"));
    }
    if let Some(odd) = text.chars().find(|c| is_odd(*c)) {
        let what = format!("a URL cannot hold {}", name_of(odd));
        return Err(refuse(&what).hint("remove it, or percent-encode it (a blank is %20)"));
    }
    if !has_scheme(text) {
        let refused = refuse("not an absolute http(s) URL");
        return Err(match scheme_hint(text) {
            Some(hint) => refused.hint(hint),
            None => refused,
        });
    }
    if authority_of(text).contains('@') {
        return Err(Problem::new(flag, "a URL with a user name or password is not taken")
            .hint("use a public or a signed URL"));
    }
    let url = Url::parse(text).map_err(|error| refuse(&format!("not a valid URL: {error}")))?;
    if !allow_private && !has_public_host(&url) {
        return Err(refuse("a private address, which no platform can reach")
            .hint("use a URL on a public host"));
    }
    if !text.is_ascii() && profile.fetches {
        let refused = refuse(&format!("{} takes plain ASCII URLs only", profile.name));
        let hint = shown(url.as_str())
            .map_or("percent-encode it".to_owned(), |url| format!("percent-encode it: {url}"));
        return Err(refused.hint(hint));
    }
    Ok(url)
}

/// True for `http://` and `https://`, spelled out; a third slash would be swallowed.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && !rest.starts_with('/')
    })
}

/// The host as typed, with everything before and after it up to the path.
fn authority_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Characters that `url` drops, turns round or hides: blanks, controls, backslashes, marks.
fn is_odd(c: char) -> bool {
    c.is_whitespace() || c == '\\' || visible(c.encode_utf8(&mut [0; 4])).len() != c.len_utf8()
}

fn name_of(odd: char) -> String {
    match odd {
        ' ' => "a blank".to_owned(),
        '\\' => "a backslash".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        '\0' => "a NUL character".to_owned(),
        other => format!("the character U+{:04X}", u32::from(other)),
    }
}

/// What may be meant by a text without `http(s)://`.
fn scheme_hint(text: &str) -> Option<String> {
    let before_colon = text.split_once(':').map(|(before, _)| before);
    let other_scheme = text.contains("://") || before_colon.is_some_and(|name| !name.contains('.'));
    if other_scheme || text.contains('@') {
        return None;
    }
    let candidate = format!("https://{}", text.trim_start_matches('/'));
    let url = Url::parse(&candidate).ok()?;
    let is_host = url.host_str().is_some_and(|host| host.contains('.'));
    let is_file = text.starts_with(['/', '.']) && !text.starts_with("//")
        || url.path() == "/" && media_kind_of(text).is_some();
    if is_file {
        Some("media are fetched from the web: give the public URL of the file".to_owned())
    } else if is_host {
        Some(format!("did you mean {} ?", shown(&candidate)?))
    } else {
        None
    }
}

fn has_public_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            // RFC 6761, 6762, 8375, and the name that clouds give their metadata hosts.
            let private = [".localhost", ".local", ".home.arpa", ".internal"];
            name.contains('.') && !private.iter().any(|end| name.ends_with(end))
        }
        None => false,
    }
}

/// Warns about a file type that the platform does not publish.
fn format(flag: &str, text: &str, kind: MediaKind, profile: &Profile, review: &mut Review) {
    let (taken, a_file) = match kind {
        MediaKind::Image => (profile.image_files, "an image"),
        MediaKind::Video => (profile.video_files, "a video"),
    };
    let extension = extension_of(text).filter(|_| media_kind_of(text).is_some());
    let Some(extension) = extension.filter(|_| !taken.is_empty()) else { return };
    if media_kind_of(text) != Some(kind) {
        review.warn(problem(
            flag,
            text,
            format!("the extension .{extension} is not that of {a_file}"),
        ));
    } else if !taken.contains(&extension.as_str()) {
        let (name, taken) = (profile.name, taken.join(", "));
        let what = format!("{name} takes {taken} files as {kind}, not .{extension}");
        review.warn(problem(flag, text, what));
    }
}

fn problem(flag: &str, text: &str, what: impl Into<String>) -> Problem {
    let problem = Problem::new(flag, what);
    match shown(text) {
        Some(shown) => problem.value(shown),
        None => problem,
    }
}

/// A URL as it may be repeated in messages: without its query, which often is a
/// signature, and not at all if it may hold a user name or password.
pub(super) fn shown(text: &str) -> Option<String> {
    // In the whole text: a malformed URL may contain a password in any part.
    if ["@", "%40", "\u{ff20}"].iter().any(|at| text.contains(at)) {
        return None;
    }
    let (before, cut) = match text.find(['?', '#']) {
        Some(at) => (&text[..at], if text[at..].starts_with('?') { "?…" } else { "" }),
        None => (text, ""),
    };
    Some(format!("{}{cut}", ellipsis(&visible(before), 200)))
}
