use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

/// Answers each connection with the next of `answers` and hands back the requests.
fn server(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap() == 0 {
                    break;
                }
                request.push(byte[0]);
            }
            requests.push(String::from_utf8(request).unwrap().to_lowercase());
            // The client may have hung up already: it does so when it refuses.
            let _ = stream.write_all(&answer);
        }
        requests
    });
    (base, seen)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn source() -> MediaSource {
    let limits = Limits { image_bytes: 64, video_bytes: 4096, ..Limits::default() };
    MediaSource::with_limits(true, limits)
}

async fn image_failure(answers: Vec<Vec<u8>>) -> Failure {
    let (base, _) = server(answers);
    source().image(&format!("{base}/a.png")).await.unwrap_err()
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const MP4: &[u8] = b"\0\0\0\x18ftypmp42 and more";

#[tokio::test]
async fn image_comes_whole_with_type_and_hash() {
    let (base, seen) = server(vec![answer("200 OK", "content-type: text/plain\r\n", PNG)]);
    let image = source().image(&format!("{base}/a.png?sig=1")).await.unwrap();
    assert_eq!((image.bytes.as_slice(), image.media_type), (PNG, "image/png"));
    assert_eq!(image.sha256, hash(PNG));
    let request = &seen.join().unwrap()[0];
    assert!(request.starts_with("get /a.png?sig=1 "), "{request}");
    assert!(request.contains("accept-encoding: identity"), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let source = MediaSource::new(false);
    for url in [
        "http://127.0.0.1:9/a.png",
        "http://2130706433:9/a.png",
        "http://[::ffff:127.0.0.1]:9/a.png",
        "http://localhost:9/a.png",
    ] {
        let failure = source.image(url).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.remedy),
            ("media_address", Remedy::GiveUp),
            "{url}"
        );
    }
}

#[tokio::test]
async fn only_plain_web_addresses_are_fetched() {
    for url in [
        "ftp://a.example/a.png",
        "file:///etc/passwd",
        "nonsense",
        "https://user:secret@a.example/a.png",
    ] {
        let failure = source().image(url).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.remedy),
            ("media_address", Remedy::GiveUp),
            "{url}"
        );
        assert!(!failure.message.contains("secret"));
    }
}

/// **D4**: three redirects are followed, and a fourth is not.
#[tokio::test]
async fn only_three_redirects_are_followed() {
    let hop = || answer("302 Found", "location: /next\r\n", b"");
    let (base, seen) = server(vec![hop(), hop(), hop(), answer("200 OK", "", PNG)]);
    assert!(source().image(&format!("{base}/a.png")).await.is_ok());
    assert!(seen.join().unwrap()[3].starts_with("get /next "));
    let failure = image_failure(vec![hop(), hop(), hop(), hop()]).await;
    assert_eq!(failure.message, "the media URL redirects more than 3 times");
}

/// **D4**: a redirect is checked like the first address.
#[tokio::test]
async fn a_redirect_is_checked_like_the_first_address() {
    let elsewhere = answer("302 Found", "location: ftp://a.example/a.png\r\n", b"");
    assert_eq!(image_failure(vec![elsewhere]).await.code, "media_address");
}

/// **D4**: a redirect stays encrypted and names an address.
#[test]
fn a_redirect_stays_encrypted_and_leads_somewhere() {
    let from = |url| Url::parse(url).unwrap();
    let to = |url, location| redirected(&from(url), location).map(String::from).map_err(|e| e.code);
    let refused = Err(FailureCode::MediaAddress);
    assert_eq!(to("https://a.example/1", Some("http://a.example/1")), refused);
    assert_eq!(to("https://a.example/1", None), refused);
    assert_eq!(to("https://a.example/1", Some("/2")), Ok("https://a.example/2".to_owned()));
    assert_eq!(to("http://a.example/", Some("//b.example/")), Ok("http://b.example/".to_owned()));
}

/// **D9**: a web page is no image.
#[tokio::test]
async fn a_web_page_is_no_image() {
    let page = answer("200 OK", "content-type: text/html; charset=utf-8\r\n", b"<!doctype html>");
    assert_eq!(
        image_failure(vec![page]).await.message,
        "the media URL leads to a web page, not to a file"
    );
    let disguised = answer("200 OK", "content-type: image/png\r\n", b"<!doctype html>");
    let failure = image_failure(vec![disguised]).await;
    assert_eq!((failure.code.as_str(), failure.remedy), ("media_content", Remedy::GiveUp));
}

/// **D11**: compressed answers are refused.
#[tokio::test]
async fn compressed_answers_are_refused() {
    let packed = answer("200 OK", "content-encoding: gzip\r\n", PNG);
    assert_eq!(image_failure(vec![packed]).await.code, "media_content");
}

/// **D10**: a large image is refused with and without a stated length.
#[tokio::test]
async fn large_image_is_refused_whatever_its_length() {
    let large = [PNG, &[0; 64]].concat();
    assert_eq!(image_failure(vec![answer("200 OK", "", &large)]).await.code, "media_size");
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    assert_eq!(image_failure(vec![[head, large.as_slice()].concat()]).await.code, "media_size");
}

#[tokio::test]
async fn a_missing_image_may_appear_later() {
    for status in ["404 Not Found", "403 Forbidden", "410 Gone"] {
        let failure = image_failure(vec![answer(status, "", b"")]).await;
        assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Retry, "media_download"));
        assert!(failure.message.contains(&status[..3]), "{}", failure.message);
        assert_eq!(failure.http_status, None, "it is not the platform's");
    }
}

/// **D15**: a media server that fails is an outage. The post is not to blame
/// for it: costs no attempt.
#[tokio::test]
async fn a_media_server_that_fails_is_an_outage() {
    let outage = Remedy::Outage(Away::MediaHost);
    for status in ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"]
    {
        let failure = image_failure(vec![answer(status, "", b"")]).await;
        assert_eq!((failure.remedy, failure.code.as_str()), (outage, "media_download"), "{status}");
    }
    let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n\x89PNG".to_vec();
    assert_eq!(image_failure(vec![broken]).await.remedy, outage);
    assert_eq!(image_failure(vec![Vec::new()]).await.remedy, outage, "hangs up at once");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = source().image(&format!("http://{closed}/a.png")).await.unwrap_err();
    assert_eq!(failure.remedy, outage);
    assert!(failure.message.contains("could not be reached"), "{}", failure.message);
}

fn partial(range: &str, etag: &str, body: &[u8]) -> Vec<u8> {
    answer(
        "206 Partial Content",
        &format!("content-range: bytes {range}\r\netag: {etag}\r\n"),
        body,
    )
}

#[tokio::test]
async fn a_video_is_measured_by_its_first_bytes() {
    let head = [MP4, &[0; 512]].concat();
    let (base, seen) = server(vec![partial("0-511/4000", "\"v1\"", &head[..512])]);
    let video = source().video(&format!("{base}/a.mp4")).await.unwrap();
    assert_eq!(video, Video { length: 4000, version: Some("\"v1\"".to_owned()) });
    assert!(seen.join().unwrap()[0].contains("range: bytes=0-511"));
}

/// **D12**: a video needs a server that serves parts.
#[tokio::test]
async fn a_video_needs_a_server_that_serves_parts() {
    for (answer, code) in [
        // Facebook can fetch such a video itself.
        (answer("200 OK", "", MP4), "media_no_ranges"),
        (partial("5-516/4000", "v", &[0; 512]), "media_range"),
        (partial("0-511/99999", "v", &[0; 512]), "media_size"),
        (partial("0-19/20", "v", &[0; 20]), "media_content"),
        (answer("206 Partial Content", "", MP4), "media_range"),
        (answer("403 Forbidden", "", b""), "media_download"),
    ] {
        let (base, _) = server(vec![answer]);
        assert_eq!(source().video(&format!("{base}/a.mp4")).await.unwrap_err().code, code);
    }
}

/// **D13**: a part is exactly the bytes that were requested, of the same file.
#[tokio::test]
async fn a_part_is_exactly_the_bytes_asked_for() {
    let video = Video { length: 100, version: Some("v1".to_owned()) };
    let (base, seen) = server(vec![partial("10-13/100", "v1", b"abcd")]);
    assert_eq!(source().part(&base, &video, 10, 13).await.unwrap(), b"abcd");
    assert!(seen.join().unwrap()[0].contains("range: bytes=10-13"));
    for (answer, remedy) in [
        (partial("10-12/100", "v1", b"abc"), Remedy::Retry),
        (partial("10-13/100", "v1", b"abc"), Remedy::Retry),
        (partial("10-13/101", "v1", b"abcd"), Remedy::Restage),
        (partial("10-13/100", "v2", b"abcd"), Remedy::Restage),
        (answer("200 OK", "etag: v1\r\n", &[0; 100]), Remedy::Retry),
    ] {
        let (base, _) = server(vec![answer]);
        assert_eq!(source().part(&base, &video, 10, 13).await.unwrap_err().remedy, remedy);
    }
}
