//! `multipart/form-data`, read as strictly as its definition is (RFC 7578).

use axum::body::Bytes;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// The part has a file name: it is a file, not a parameter.
    pub(super) is_file: bool,
    pub(super) bytes: Bytes,
}

/// The parts of a body; none if anything is out of place.
pub(super) fn parse(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = boundary(content_type)?;
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = strip(body.clone(), &delimiter.as_bytes()[2..])?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = strip(rest.clone(), b"--") {
            let ends = end.is_empty() || &end[..] == b"\r\n";
            return (ends && !parts.is_empty()).then_some(parts);
        }
        rest = strip(rest, b"\r\n")?;
        let at = find(&rest, b"\r\n\r\n")?;
        let (name, is_file) = disposition(std::str::from_utf8(&rest[..at]).ok()?)?;
        rest = rest.slice(at + 4..);
        let end = find(&rest, delimiter.as_bytes())?;
        parts.push(Part { name, is_file, bytes: rest.slice(..end) });
        rest = rest.slice(end + delimiter.len()..);
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|p| p.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

/// Name and kind of a part, from its headers.
fn disposition(headers: &str) -> Option<(String, bool)> {
    let (_, value) = headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let mut parameters = value.split(';').map(str::trim);
    if !parameters.next()?.eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut is_file) = (None, false);
    for parameter in parameters {
        let (key, value) = parameter.split_once('=')?;
        match key {
            "name" => name = Some(value.strip_prefix('"')?.strip_suffix('"')?.to_owned()),
            "filename" | "filename*" => is_file = true,
            _ => {}
        }
    }
    Some((name.filter(|name| !name.is_empty())?, is_file))
}

fn strip(bytes: Bytes, start: &[u8]) -> Option<Bytes> {
    bytes.starts_with(start).then(|| bytes.slice(start.len()..))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=x";

    fn read(kind: &str, body: &str) -> Option<Vec<Part>> {
        parse(kind, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn parts_keep_their_bytes() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n\
                    content-disposition: form-data; name=\"f\"; filename=\"v.mp4\"\r\n\
                    Content-Type: video/mp4\r\n\r\n\r\n--no--x\r\n\r\n--x--\r\n";
        let part = |name: &str, is_file, bytes: &'static str| Part {
            name: name.to_owned(),
            is_file,
            bytes: bytes.into(),
        };
        let parts = vec![part("a", false, "1"), part("f", true, "\r\n--no--x\r\n")];
        assert_eq!(read(KIND, body), Some(parts));
    }

    #[test]
    fn anything_out_of_place_is_refused() {
        let head = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        let good = format!("{head}1\r\n--x--\r\n");
        assert!(read(KIND, &good).is_some());
        for (kind, body) in [
            ("multipart/form-data", good.clone()),
            ("multipart/mixed; boundary=x", good.clone()),
            ("multipart/form-data; boundary=y", good.clone()),
            (KIND, format!("{head}1\r\n--x\r\n")),
            (KIND, format!("{head}1\r\n--x--\r\nmore")),
            (KIND, format!("preamble\r\n{good}")),
            (KIND, good.replace("form-data", "attachment")),
            (KIND, good.replace("; name=\"a\"", "")),
            (KIND, good.replace("\r\n", "\n")),
            (KIND, "--x--\r\n".to_owned()),
        ] {
            assert_eq!(read(kind, &body), None, "{kind}: {body}");
        }
    }
}
