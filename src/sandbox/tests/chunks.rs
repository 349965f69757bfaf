//! Facebook videos that arrive in chunks.

use super::*;

const VIDEOS: &str = "1000001/videos";

/// Starts a session; answers the ids of the video and of the session.
pub(super) async fn started(bench: &Bench, size: usize) -> (String, String) {
    let start = json!({"upload_phase": "start", "file_size": size});
    let answer = bench.ok("POST", VIDEOS, start).await;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("video_id"), text("upload_session_id"))
}

/// Sends a chunk as browsers send files.
pub(super) async fn send(bench: &Bench, session: &str, offset: &str, bytes: &[u8]) -> (u16, Value) {
    let mut body = Vec::new();
    for (name, value) in
        [("upload_phase", "transfer"), ("upload_session_id", session), ("start_offset", offset)]
    {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
    }
    body.extend_from_slice(
        b"--b\r\nContent-Disposition: form-data; name=\"video_file_chunk\"; filename=\"c\"\r\n\
          Content-Type: application/octet-stream\r\n\r\n",
    );
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let call = bench
        .http
        .post(format!("{}/graph.facebook.com/v25.0/{VIDEOS}", bench.base))
        .bearer_auth("good")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body);
    read(call.send().await.unwrap()).await
}

async fn finish(bench: &Bench, session: &str, more: Value) -> (u16, Value) {
    let mut body = json!({"upload_phase": "finish", "upload_session_id": session});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.graph("POST", VIDEOS, body).await
}

async fn clip(bench: &Bench) -> Vec<u8> {
    bench.http.get(bench.media("c.mp4")).send().await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn chunked_video_goes_live_after_last_phase() {
    let bench = Bench::new().await;
    bench.options(json!({"facebook_chunk_bytes": 40_000})).await;
    let clip = clip(&bench).await;
    let (id, session) = started(&bench, clip.len()).await;
    let mut start = 0;
    while start < clip.len() {
        let end = clip.len().min(start + 40_000);
        let status = bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
        let status = &status["status"];
        assert_eq!(status["video_status"], "uploading");
        assert_eq!(status["uploading_phase"]["bytes_transferred"], start);
        let sent = send(&bench, &session, &start.to_string(), &clip[start..end]).await;
        let next = clip.len().min(end + 40_000);
        let offsets = json!({"start_offset": end.to_string(), "end_offset": next.to_string()});
        assert_eq!(sent, (200, offsets));
        start = end;
    }
    let arrived = bench.http.get(format!("{}/__sim/uploads/{id}", bench.base)).send().await;
    assert_eq!(arrived.unwrap().bytes().await.unwrap(), clip);
    let status = bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
    assert_eq!(status["status"]["video_status"], "upload_complete");
    assert_eq!(status["status"]["uploading_phase"]["status"], "complete");
    assert_eq!(status["status"]["publishing_phase"]["status"], "not_started");
    let words = json!({"description": "Film", "title": "T"});
    assert_eq!(finish(&bench, &session, words).await, (200, json!({"success": true})));
    assert_eq!(bench.live().await.len(), 0, "it is being processed");
    bench.advance(300).await;
    let item = bench.one().await;
    assert_eq!((&item["kind"], &item["text"]), (&json!("video"), &json!("Film")));
    let read = bench.ok("GET", &format!("{id}?fields=published,post_id,title"), json!({})).await;
    assert_eq!((&read["published"], &read["post_id"]), (&json!(true), &item["id"]));
}

#[tokio::test]
async fn finished_video_stays_unpublished_until_flipped() {
    let bench = Bench::new().await;
    let clip = clip(&bench).await;
    let (id, session) = started(&bench, clip.len()).await;
    send(&bench, &session, "0", &clip).await;
    finish(&bench, &session, json!({"published": false})).await;
    bench.advance(300).await;
    assert_eq!(bench.live().await.len(), 0);
    bench.ok("POST", &id, json!({"published": true})).await;
    bench.one().await;
}

#[tokio::test]
async fn a_chunk_must_be_the_next_one() {
    let bench = Bench::new().await;
    bench.options(json!({"facebook_chunk_bytes": 100})).await;
    let (_, session) = started(&bench, 150).await;
    for (offset, length) in [("100", 50), ("0", 99), ("0", 101), ("0", 0), ("x", 100)] {
        let (status, answer) = send(&bench, &session, offset, &vec![7; length]).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (400, &json!(6001)), "{offset} {length}: {answer}");
        assert_eq!(error["error_subcode"], 1_363_037);
        let next = json!({"start_offset": "0", "end_offset": "100"});
        assert_eq!(error["error_data"], next);
    }
    assert_eq!(send(&bench, &session, "0", &[7; 100]).await.0, 200);
    let (_, again) = send(&bench, &session, "0", &[7; 100]).await;
    assert_eq!(again["error"]["error_data"]["start_offset"], "100");
    let (_, unknown) = send(&bench, "1", "0", &[7; 100]).await;
    assert_eq!(unknown["error"]["code"], 6001);
}

#[tokio::test]
async fn all_bytes_must_arrive_before_the_last_phase() {
    let bench = Bench::new().await;
    let (_, session) = started(&bench, 200).await;
    let (status, answer) = finish(&bench, &session, json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(6000)));
    let tiny = json!({"upload_phase": "start", "file_size": 1});
    assert_eq!(bench.refused("POST", VIDEOS, tiny).await.0, 382);
    let sizeless = json!({"upload_phase": "start"});
    assert_eq!(bench.refused("POST", VIDEOS, sizeless).await.0, 100);
}

#[tokio::test]
async fn bytes_that_make_no_video_fail_in_processing() {
    let bench = Bench::new().await;
    let (id, session) = started(&bench, 200).await;
    send(&bench, &session, "0", &[7; 200]).await;
    finish(&bench, &session, json!({"published": false})).await;
    bench.advance(300).await;
    let status = bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
    assert_eq!(status["status"]["video_status"], "error");
}

#[tokio::test]
async fn a_second_last_phase_is_switchable() {
    for (second, code, posts) in [("same", 0, 1), ("refused", 100, 1), ("second_post", 0, 2)] {
        let bench = Bench::new().await;
        bench.options(json!({ "second_finish": second })).await;
        let clip = clip(&bench).await;
        let (_, session) = started(&bench, clip.len()).await;
        send(&bench, &session, "0", &clip).await;
        finish(&bench, &session, json!({})).await;
        bench.advance(300).await;
        let (_, answer) = finish(&bench, &session, json!({})).await;
        assert_eq!(answer["error"]["code"].as_i64().unwrap_or(0), code, "{second}");
        assert_eq!(bench.live().await.len(), posts, "{second}");
    }
}

#[tokio::test]
async fn a_multipart_body_must_be_whole() {
    let bench = Bench::new().await;
    let call = bench
        .http
        .post(format!("{}/graph.facebook.com/v25.0/1000001/feed", bench.base))
        .bearer_auth("good")
        .header("content-type", "multipart/form-data; boundary=b")
        .body("--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nHello\r\n--b\r\n");
    let (status, answer) = read(call.send().await.unwrap()).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
    assert_eq!(bench.live().await.len(), 0);
}
