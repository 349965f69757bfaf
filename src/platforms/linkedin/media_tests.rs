use super::super::stand_in::*;
use super::*;
use crate::platforms::Publisher;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

/// A LinkedIn with small video parts; `state` is what it says of media.
async fn linkedin(state: (u16, Value)) -> StandIn {
    let file: Vec<u8> = video_file();
    StandIn::start(move |request| {
        let host = request.header("host").unwrap();
        let line = request.line.as_str();
        if line.starts_with("GET /photo") {
            Reply::status(200).bytes(PNG)
        } else if line.starts_with("GET /clip") {
            request.part_of(&file)
        } else if line.contains("/rest/images?action=initializeUpload") {
            let value = json!({
                "uploadUrlExpiresAt": 1, "image": "urn:li:image:C1",
                "uploadUrl": format!("http://{host}/www.linkedin.com/dms-uploads/image"),
            });
            Reply::json(200, &json!({ "value": value }))
        } else if line.contains("/rest/videos?action=initializeUpload") {
            let part = |number: u32, first: u64, last: u64| {
                let url = format!("http://{host}/www.linkedin.com/dms-uploads/part-{number}");
                json!({ "uploadUrl": url, "firstByte": first, "lastByte": last })
            };
            let value = json!({
                "uploadUrlsExpireAt": 1, "video": "urn:li:video:D1", "uploadToken": "",
                "uploadInstructions": [part(0, 0, 599), part(1, 600, 999)],
            });
            Reply::json(200, &json!({ "value": value }))
        } else if line.contains("dms-uploads/part-0") {
            Reply::status(200).header("etag", "\"quoted\"")
        } else if line.contains("dms-uploads/part-1") {
            Reply::status(201).header("etag", "/ambry-video/signedId/b.bin")
        } else if line.starts_with("PUT ") {
            Reply::status(201)
        } else if line.contains("finalizeUpload") {
            Reply::status(200)
        } else {
            Reply::json(state.0, &state.1)
        }
    })
    .await
}

fn video_file() -> Vec<u8> {
    let mut file: Vec<u8> = (0..1000_u32).map(|at| (at % 251) as u8).collect();
    file[4..8].copy_from_slice(b"ftyp");
    file
}

fn available() -> (u16, Value) {
    (200, json!({ "status": "AVAILABLE" }))
}

fn with_image(stand_in: &StandIn, author: &str) -> Draft {
    let mut draft = draft(author, "text", &[]);
    draft.content.media = vec![image(format!("{}/photo.png", stand_in.base))];
    draft
}

fn with_video(stand_in: &StandIn, author: &str) -> Draft {
    let mut draft = draft(author, "text", &[]);
    draft.content.media = vec![video(format!("{}/clip.mp4", stand_in.base))];
    draft
}

#[tokio::test]
async fn an_image_goes_up_with_token_and_length() {
    let stand_in = linkedin(available()).await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    prepare_all(&stand_in.client(), &mut draft).await;
    let seen = stand_in.seen();
    let start = &seen[0];
    assert_eq!(start.line, "POST /api.linkedin.com/rest/images?action=initializeUpload");
    assert_eq!(start.json(), json!({ "initializeUploadRequest": { "owner": ORGANIZATION } }));
    assert_eq!(start.header("linkedin-version"), Some("202609"));
    assert_eq!(start.header("x-restli-protocol-version"), Some("2.0.0"));
    assert_eq!(seen[1].header("authorization"), None, "the download carries no token");
    let put = &seen[2];
    assert_eq!(put.line, "PUT /www.linkedin.com/dms-uploads/image");
    assert_eq!(put.header("authorization"), Some("Bearer canary-token"));
    assert_eq!(put.header("content-length"), Some("12"));
    assert_eq!(put.body, PNG);
    assert_eq!(seen[3].line, "GET /api.linkedin.com/rest/images/urn%3Ali%3Aimage%3AC1");
    let names: Vec<_> = draft.staging.0.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(names, ["image/0", "image/0/uploaded", "image/0/ready"]);
    assert_eq!(draft.staging.get("image/0/uploaded").unwrap().detail["length"], 12);
}

#[tokio::test]
async fn members_images_wait_once_and_unread() {
    let stand_in = linkedin((403, Value::Null)).await;
    let mut draft = with_image(&stand_in, MEMBER);
    draft.content.media.push(image(format!("{}/photo2.png", stand_in.base)));
    prepare_all(&stand_in.client(), &mut draft).await;
    assert_eq!(
        draft.staging.0.iter().filter(|artifact| artifact.kind == StepKind::Wait).count(),
        1
    );
    assert!(!stand_in.seen().iter().any(|request| request.line.contains("/rest/images/")));
}

#[tokio::test]
async fn page_without_rights_waits_once() {
    let refusal = json!({ "status": 403, "serviceErrorCode": 100 });
    let stand_in = linkedin((403, refusal)).await;
    let client = stand_in.client();
    let mut draft = with_video(&stand_in, ORGANIZATION);
    prepare_all(&client, &mut draft).await;
    let rest = draft.staging.get("video/grace").expect("it paused");
    assert_eq!((rest.kind, rest.remote_id.as_str()), (StepKind::Wait, "urn:li:video:D1"));
    assert_eq!(client.prepare(&draft).await, Ok(Preparation::Ready));
}

#[tokio::test]
async fn a_video_goes_up_in_parts_without_token() {
    let stand_in = linkedin(available()).await;
    let mut draft = with_video(&stand_in, MEMBER);
    prepare_all(&stand_in.client(), &mut draft).await;
    let seen = stand_in.seen();
    let start = seen.iter().find(|request| request.line.contains("initializeUpload")).unwrap();
    assert_eq!(
        start.json()["initializeUploadRequest"],
        json!({ "owner": MEMBER, "fileSizeBytes": 1000, "uploadCaptions": false, "uploadThumbnail": false })
    );
    let parts: Vec<_> = seen.iter().filter(|request| request.line.starts_with("PUT")).collect();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].body, video_file()[..600]);
    assert_eq!(parts[1].body, video_file()[600..]);
    for part in parts {
        assert_eq!(part.header("authorization"), None);
        assert_eq!(part.header("content-length"), Some(part.body.len().to_string().as_str()));
        assert_eq!(part.header("content-type"), Some("application/octet-stream"));
    }
    let finish = seen.iter().find(|request| request.line.contains("finalizeUpload")).unwrap();
    assert_eq!(
        finish.json()["finalizeUploadRequest"],
        json!({
            "video": "urn:li:video:D1", "uploadToken": "",
            "uploadedPartIds": ["quoted", "/ambry-video/signedId/b.bin"],
        })
    );
    assert!(draft.staging.has("video/ready"));
}

#[tokio::test]
async fn a_restarted_upload_takes_the_next_part() {
    let stand_in = linkedin(available()).await;
    let client = stand_in.client();
    let mut draft = with_video(&stand_in, ORGANIZATION);
    prepare_all(&client, &mut draft).await;
    draft.staging.0.truncate(2);
    let before = stand_in.seen().len();
    let Ok(Preparation::Staged(artifacts)) = client.prepare(&draft).await else { panic!() };
    assert_eq!(artifacts[0].name, "video/part/1");
    let lines: Vec<_> = stand_in.seen()[before..].iter().map(|seen| seen.line.clone()).collect();
    assert_eq!(lines, ["GET /clip.mp4", "PUT /www.linkedin.com/dms-uploads/part-1"]);
}

/// Polls the state of an uploaded image until that ends in a failure.
async fn polled(stand_in: &StandIn) -> (Vec<u64>, Failure) {
    let client = stand_in.client();
    let mut draft = with_image(stand_in, ORGANIZATION);
    draft.staging.0 =
        vec![artifact("image/0", "urn:li:image:C1"), artifact("image/0/uploaded", "")];
    let mut rests = Vec::new();
    loop {
        match client.prepare(&draft).await {
            Ok(Preparation::Wait(rest, artifacts)) => {
                rests.push(rest.as_secs());
                draft.staging.0.extend(artifacts);
            }
            Ok(other) => panic!("{other:?}"),
            Err(failure) => return (rests, failure),
        }
    }
}

#[tokio::test]
async fn processing_is_polled_ever_more_slowly() {
    let stand_in = linkedin((200, json!({ "status": "PROCESSING" }))).await;
    let (rests, failure) = polled(&stand_in).await;
    assert_eq!(rests[..6], [10, 15, 22, 33, 50, 60]);
    assert_eq!(rests.len() as u64, MAX_POLLS, "and not without end");
    assert_eq!(failure.remedy, Remedy::Restage);
}

/// **P6**: LinkedIn took the upload, and says that it waits for it.
#[tokio::test]
async fn upload_not_taken_restarts_soon() {
    let stand_in = linkedin((200, json!({ "status": "WAITING_UPLOAD" }))).await;
    let (rests, failure) = polled(&stand_in).await;
    assert_eq!(rests, [10, 15, 22]);
    assert_eq!(failure.remedy, Remedy::Restage);
}

/// A page of a proxy is no state, and no permission that is missing.
#[tokio::test]
async fn a_state_must_be_linkedins() {
    for state in [(403, json!("<html>")), (401, Value::Null), (500, Value::Null)] {
        let stand_in = linkedin(state.clone()).await;
        let (rests, failure) = polled(&stand_in).await;
        assert!(rests.is_empty(), "{state:?}");
        assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{state:?}");
    }
}

/// **P6**: what a web page answers was not taken.
#[tokio::test]
async fn an_upload_answered_by_a_page_is_none() {
    for reply in [Reply::web_page(200), Reply::web_page(201), Reply::web_page(403)] {
        let status = reply.status;
        let stand_in = StandIn::start(move |request| match request.line.starts_with("PUT") {
            true => reply.clone(),
            false => Reply::status(200).bytes(PNG),
        })
        .await;
        let mut draft = with_image(&stand_in, ORGANIZATION);
        let url = format!("{}/www.linkedin.com/up", stand_in.base);
        let started = artifact("image/0", "urn:li:image:C1").detail(json!({ "upload_url": url }));
        draft.staging.0.push(started);
        let failure = stand_in.client().prepare(&draft).await.unwrap_err();
        assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{status}");
    }
    let stand_in = StandIn::start(|_| Reply::web_page(200)).await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!(failure.code, "unreadable_answer", "the call that starts an upload");
    draft.content.media = vec![video(format!("{}/clip.mp4", stand_in.base))];
    draft.staging.0 = vec![artifact("video", "urn:li:video:D1").detail(json!({
        "length": 8, "version": null, "upload_token": "", "parts": []
    }))];
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!(failure.code, "unreadable_answer", "the call that ends one");
}

/// **P19**: an error of one medium of several says which.
#[tokio::test]
async fn a_failed_image_is_named_by_its_number() {
    let stand_in = linkedin(available()).await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    draft.content.media.push(image(format!("{}/rest/missing.png", stand_in.base)));
    let client = stand_in.client();
    let failure = loop {
        match client.prepare(&draft).await {
            Ok(Preparation::Staged(made)) => draft.staging.0.extend(made),
            Ok(other) => panic!("{other:?}"),
            Err(failure) => break failure,
        }
    };
    assert!(failure.message.starts_with("item 2 of 2: the media"), "{}", failure.message);
}

#[tokio::test]
async fn unprocessable_media_fails_with_its_reason() {
    let state =
        json!({ "status": "PROCESSING_FAILED", "processingFailureReason": "too many pixels" });
    let stand_in = linkedin((200, state)).await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    draft.staging.0 =
        vec![artifact("image/0", "urn:li:image:C1"), artifact("image/0/uploaded", "")];
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::GiveUp);
    assert_eq!(failure.message, "LinkedIn could not process the media: too many pixels");
}

#[tokio::test]
async fn a_forged_upload_url_gets_nothing() {
    let stand_in = StandIn::start(|_| {
        let value = json!({ "image": "urn:li:image:C1", "uploadUrl": "https://evil.example/up" });
        Reply::json(200, &json!({ "value": value }))
    })
    .await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.remedy), ("upload_url", Remedy::Restage));
    let planted =
        artifact("image/0", "x").detail(json!({ "upload_url": "https://evil.example/up" }));
    draft.staging.0.push(planted);
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Restage, "asking again would find the same URL");
    let part = json!({ "upload_url": "https://evil.example/up", "first": 0, "last": 7 });
    for parts in [json!([part]), json!("nonsense")] {
        draft.content.media = vec![video("https://a.example/clip.mp4")];
        draft.staging.0 = vec![artifact("video", "urn:li:video:D1").detail(json!({
            "length": 8, "version": null, "upload_token": "", "parts": parts
        }))];
        let failure = stand_in.client().prepare(&draft).await.unwrap_err();
        assert_eq!(failure.remedy, Remedy::Restage);
    }
    assert_eq!(stand_in.seen().len(), 1, "nothing was downloaded or sent");
}

#[tokio::test]
async fn an_expired_upload_url_starts_anew() {
    let stand_in = StandIn::start(|request| match request.line.starts_with("PUT") {
        true => Reply::status(403),
        false => Reply::status(200).bytes(PNG),
    })
    .await;
    let mut draft = with_image(&stand_in, ORGANIZATION);
    let url = format!("{}/www.linkedin.com/up", stand_in.base);
    draft
        .staging
        .0
        .push(artifact("image/0", "urn:li:image:C1").detail(json!({ "upload_url": url })));
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Restage);
}

#[tokio::test]
async fn wrong_author_is_reported_before_any_call() {
    let stand_in = linkedin(available()).await;
    let draft = with_image(&stand_in, "urn:li:person:");
    let failure = stand_in.client().prepare(&draft).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.remedy), ("invalid_external_id", Remedy::GiveUp));
    assert!(stand_in.seen().is_empty());
}
