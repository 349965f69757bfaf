use super::*;

#[tokio::test]
async fn images_make_photo_posts() {
    let bench = Bench::new().await;
    let (a, b) = (image(&bench, PAGE).await, image(&bench, PAGE).await);
    let (status, read) = call(&bench, "GET", &format!("images/{}", encoded(&a)), &json!({})).await;
    assert_eq!((status, &read["status"]), (200, &json!("AVAILABLE")));
    let content = json!({"multiImage": {"images": [{"id": b, "altText": "x"}, {"id": a}]}});
    created(&bench, &post(PAGE, "Two", content)).await;
    let item = bench.one().await;
    assert_eq!((&item["kind"], &item["media"][0]["id"]), (&json!("photos"), &json!(b)));
}

/// Assets must be known, uploaded, and owned by the author.
#[tokio::test]
async fn assets_must_be_uploaded_by_the_author() {
    let bench = Bench::new().await;
    let theirs = image(&bench, MEMBER).await;
    let init = json!({"initializeUploadRequest": {"owner": PAGE}});
    let (_, waiting) = call(&bench, "POST", "images?action=initializeUpload", &init).await;
    for (id, expected) in [
        (theirs.as_str(), "not owned by the author"),
        (waiting["value"]["image"].as_str().unwrap(), "MEDIA_ASSET_WAITING_UPLOAD"),
        ("urn:li:image:none", "INVALID_IMAGE_ID"),
    ] {
        let body = post(PAGE, "x", json!({"media": {"id": id}}));
        let (status, answer) = call(&bench, "POST", "posts", &body).await;
        assert_eq!(status, 400);
        assert!(answer.to_string().contains(expected), "{answer}");
    }
    assert_eq!(bench.live().await.len(), 0);
}

/// A video is uploaded in exact parts without a token.
#[tokio::test]
async fn video_parts_are_exact_and_need_no_token() {
    let options = SandboxOptions { linkedin_part_bytes: 40_000, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let clip = bench.http.get(bench.media("clip.mp4")).send().await.unwrap().bytes().await.unwrap();
    let init = json!({"initializeUploadRequest": {"owner": PAGE, "fileSizeBytes": clip.len(), "uploadCaptions": false, "uploadThumbnail": false}});
    let (_, answer) = call(&bench, "POST", "videos?action=initializeUpload", &init).await;
    let value = &answer["value"];
    let urn = value["video"].as_str().unwrap();
    let mut etags = Vec::new();
    for part in value["uploadInstructions"].as_array().unwrap() {
        let (first, last) = (
            part["firstByte"].as_u64().unwrap() as usize,
            part["lastByte"].as_u64().unwrap() as usize,
        );
        let url = part["uploadUrl"].as_str().unwrap();
        let short = bench.http.put(url).body(clip.slice(first..last)).send().await.unwrap();
        assert_eq!(short.status(), 400, "one byte short");
        let whole = clip.slice(first..=last);
        let known =
            bench.http.put(url).bearer_auth("good").body(whole.clone()).send().await.unwrap();
        assert_eq!(known.status(), 400, "a part takes no token");
        let put = bench.http.put(url).body(whole).send().await.unwrap();
        assert_eq!(put.status(), 200);
        etags.push(put.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned());
    }
    assert_eq!(etags.len(), 3);
    let finalize = |ids: Vec<String>| json!({"finalizeUploadRequest": {"video": urn, "uploadToken": "", "uploadedPartIds": ids}});
    let turned: Vec<String> = etags.iter().rev().cloned().collect();
    let (status, _) = call(&bench, "POST", "videos?action=finalizeUpload", &finalize(turned)).await;
    assert_eq!(status, 400);
    let (status, _) = call(&bench, "POST", "videos?action=finalizeUpload", &finalize(etags)).await;
    assert_eq!(status, 200);
    let body = post(PAGE, "Film", json!({"media": {"id": urn, "title": "t"}}));
    let (status, answer) = call(&bench, "POST", "posts", &body).await;
    assert_eq!((status, &answer["code"]), (400, &json!("MEDIA_ASSET_WAITING_UPLOAD")));
    bench.advance(300).await;
    let (_, read) = call(&bench, "GET", &format!("videos/{}", encoded(urn)), &json!({})).await;
    assert_eq!(read["status"], "AVAILABLE");
    assert!(created(&bench, &body).await.starts_with("urn:li:ugcPost:"));
    assert_eq!(bench.one().await["kind"], "video");
    let arrived = bench
        .http
        .get(format!("{}/__sim/uploads/{}", bench.base, encoded(urn)))
        .send()
        .await
        .unwrap();
    assert_eq!(arrived.bytes().await.unwrap(), clip);
}

#[tokio::test]
async fn a_document_is_one_put() {
    let bench = Bench::new().await;
    let init = json!({"initializeUploadRequest": {"owner": PAGE}});
    let (_, answer) = call(&bench, "POST", "documents?action=initializeUpload", &init).await;
    let url = answer["value"]["uploadUrl"].as_str().unwrap();
    bench.http.put(url).bearer_auth("good").body("%PDF-").send().await.unwrap();
    let content = json!({"media": {"id": answer["value"]["document"], "title": "Deck"}});
    created(&bench, &post(PAGE, "x", content)).await;
    assert_eq!(bench.one().await["kind"], "document");
}
