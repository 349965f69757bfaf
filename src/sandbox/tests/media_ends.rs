//! Media whose processing ends badly, or never.

use super::instagram::{container, status};
use super::linkedin::{PAGE, call, encoded, image};
use super::*;

#[tokio::test]
async fn containers_end_as_wished() {
    for (end, code, said) in
        [("ERROR/2207026", "ERROR", "error code 2207026"), ("EXPIRED", "EXPIRED", "24 hours.")]
    {
        let bench = Bench::new().await;
        bench.options(json!({ "container_ends": end })).await;
        let reel = json!({"media_type": "REELS", "video_url": bench.media("c.mp4")});
        let id = container(&bench, reel).await;
        assert_eq!(status(&bench, &id).await, "IN_PROGRESS");
        bench.advance(300).await;
        assert_eq!(status(&bench, &id).await, code);
        let read = bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
        assert!(read["status"].as_str().unwrap().ends_with(said), "{read}");
        let path = format!("{}/media_publish", instagram::ACCOUNT);
        assert_eq!(bench.refused("POST", &path, json!({ "creation_id": id })).await.0, 24);
        // The next one is processed as usual; this one stays dead.
        bench.options(json!({"container_ends": null})).await;
        let next = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
        assert_eq!(status(&bench, &next).await, "FINISHED");
        assert_eq!(status(&bench, &id).await, code);
    }
}

#[tokio::test]
async fn another_end_is_refused() {
    let bench = Bench::new().await;
    for end in ["ERROR", "ERROR/x", "FINISHED"] {
        let url = format!("{}/__sim/options", bench.base);
        let answer = bench.http.post(url).json(&json!({ "container_ends": end }));
        assert_eq!(answer.send().await.unwrap().status(), 400, "{end}");
    }
}

#[tokio::test]
async fn media_may_be_stuck_on_every_platform() {
    let bench = Bench::new().await;
    bench.options(json!({"processing_stuck": true})).await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    let reel = facebook::uploaded(&bench, "1000001/video_reels").await;
    let finish = json!({"upload_phase": "finish", "video_id": reel, "video_state": "PUBLISHED"});
    bench.ok("POST", "1000001/video_reels", finish).await;
    let urn = image(&bench, PAGE).await;
    bench.advance(3_600_000).await;
    assert_eq!(status(&bench, &id).await, "IN_PROGRESS");
    let read = bench.ok("GET", &format!("{reel}?fields=status"), json!({})).await;
    assert_eq!(read["status"]["video_status"], "processing");
    assert_eq!(read["status"]["publishing_phase"]["status"], "in_progress");
    let (_, read) = call(&bench, "GET", &format!("images/{}", encoded(&urn)), &Value::Null).await;
    assert_eq!(read["status"], "PROCESSING");
    assert_eq!(bench.live().await.len(), 0);
    for list in ["drafts", "ever"] {
        bench.list(list).await;
    }
}
