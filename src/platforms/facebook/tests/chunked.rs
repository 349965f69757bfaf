//! A video in parts, against a scripted Facebook that is also the media's server.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::{Away, Preparation};
use crate::platforms::stand_in::{Reply, Seen, StandIn};

const LENGTH: usize = 1000;

fn file(length: usize) -> Vec<u8> {
    let mut file: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    file[4..8].copy_from_slice(b"ftyp");
    file
}

/// Which bytes are wanted next, as Facebook writes numbers.
fn wants(from: u64, to: u64) -> Reply {
    Reply::json(200, &json!({"start_offset": from.to_string(), "end_offset": to.to_string()}))
}

fn started(from: u64, to: u64) -> Reply {
    Reply::json(
        200,
        &json!({"video_id": "7001", "upload_session_id": "9001",
            "start_offset": from.to_string(), "end_offset": to.to_string()}),
    )
}

/// A Facebook that answers `start`, each `transfer` and `finish` like this.
async fn scripted(length: usize, start: Reply, transfers: Vec<Reply>, finish: Reply) -> StandIn {
    let (file, transferred) = (file(length), AtomicUsize::new(0));
    StandIn::start(move |request| {
        let body = request.text();
        match () {
            () if request.line.starts_with("GET /clip") => {
                request.part_of(&file).header("etag", "\"v1\"")
            }
            () if body.contains("\"start\"") => start.clone(),
            () if body.contains("\"finish\"") => finish.clone(),
            () if body.contains("transfer") => {
                let number = transferred.fetch_add(1, Ordering::SeqCst);
                transfers[number.min(transfers.len() - 1)].clone()
            }
            () => Reply::json(400, &graph_error(100, None)),
        }
    })
    .await
}

fn client(stand_in: &StandIn) -> Facebook {
    Facebook::new(stand_in.http(), MediaSource::new(true), MetaSettings::default())
}

fn clip(stand_in: &StandIn) -> Draft {
    let url = format!("{}/clip.mp4", stand_in.base);
    post(PostType::Video, vec![MediaItem { url, kind: MediaKind::Video, alt: None }])
}

/// Prepares until the publish call may go out, and gives the names of what was made.
async fn prepare(facebook: &Facebook, draft: &mut Draft) -> Result<Vec<String>, Failure> {
    for _ in 0..20 {
        match facebook.prepare(draft).await? {
            Preparation::Ready => {
                return Ok(draft.staging.0.iter().map(|made| made.name.clone()).collect());
            }
            Preparation::Staged(made) => {
                assert_eq!(made.len(), 1, "one call per step");
                draft.staging.0.extend(made);
            }
            Preparation::Wait(..) => panic!("there is nothing to wait for"),
        }
    }
    panic!("not ready: {:?}", draft.staging);
}

fn posts_of(stand_in: &StandIn) -> Vec<Seen> {
    stand_in.seen().into_iter().filter(|seen| seen.line.starts_with("POST")).collect()
}

#[tokio::test]
async fn a_video_goes_up_as_asked_for() {
    let transfers = vec![wants(600, 1000), wants(1000, 1000)];
    let done = Reply::json(200, &json!({"success": true}));
    let stand_in = scripted(LENGTH, started(0, 600), transfers, done).await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    let made = prepare(&facebook, &mut draft).await.unwrap();
    assert_eq!(made, ["video", "video/part/0", "video/part/600"]);
    let sent = posts_of(&stand_in);
    let edge = format!("POST /graph.facebook.com/v25.0/{PAGE}/videos");
    assert!(sent.iter().all(|call| call.line == edge), "{sent:?}");
    assert!(sent.iter().all(|call| call.header("authorization") == Some("Bearer canary-token")));
    assert_eq!(sent[0].json(), json!({"upload_phase": "start", "file_size": LENGTH}));
    for (call, (offset, part)) in sent[1..].iter().zip([("0", 0..600), ("600", 600..1000)]) {
        let kind = call.header("content-type").unwrap();
        assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
        let text = call.text();
        assert!(text.contains("name=\"upload_phase\"\r\n\r\ntransfer\r\n"), "{text}");
        assert!(text.contains("name=\"upload_session_id\"\r\n\r\n9001\r\n"), "{text}");
        assert!(text.contains(&format!("name=\"start_offset\"\r\n\r\n{offset}\r\n")), "{text}");
        let bytes = &file(LENGTH)[part];
        assert!(call.body.windows(bytes.len()).any(|window| window == bytes), "{offset}");
    }
    // The id that always shows what became of the publish call is known before it.
    assert_eq!(facebook.object(&draft).as_deref(), Some("7001"));
    assert_eq!(facebook.witness(&draft), Witness::Object);
    let downloads = stand_in.seen().into_iter().filter(|seen| seen.line.starts_with("GET"));
    assert!(downloads.into_iter().all(|seen| seen.header("authorization").is_none()));
}

#[tokio::test]
async fn finish_publishes_and_nothing_before_it() {
    let transfers = vec![wants(1000, 1000)];
    let done = Reply::json(200, &json!({"success": true}));
    let stand_in = scripted(LENGTH, started(0, 1000), transfers, done).await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    prepare(&facebook, &mut draft).await.unwrap();
    assert!(!posts_of(&stand_in).iter().any(|call| call.text().contains("published")));
    let answer = facebook.publish(&draft).await;
    let Answer::Published(receipt) = answer else { panic!("{answer:?}") };
    assert_eq!(receipt.external_id.as_deref(), Some("7001"));
    assert_eq!(
        posts_of(&stand_in).last().unwrap().json(),
        json!({"upload_phase": "finish", "upload_session_id": "9001", "published": true,
            "description": "Hello 👋"})
    );
}

/// A part is kept in memory.
#[tokio::test]
async fn a_large_part_is_cut_at_four_mebibytes() {
    const MIB: u64 = 1024 * 1024;
    let transfers = vec![wants(4 * MIB, 5 * MIB), wants(5 * MIB, 5 * MIB)];
    let length = usize::try_from(5 * MIB).unwrap();
    let stand_in = scripted(length, started(0, 5 * MIB), transfers, Reply::status(500)).await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    prepare(&facebook, &mut draft).await.unwrap();
    let seen = stand_in.seen();
    let ranges: Vec<&str> = seen.iter().filter_map(|seen| seen.header("range")).collect();
    assert_eq!(ranges, ["bytes=0-511", "bytes=0-4194303", "bytes=4194304-5242879"]);
}

/// A video cut otherwise is broken without any error.
#[tokio::test]
async fn parts_that_are_not_the_video_are_refused() {
    for (name, next) in [
        ("nothing taken", wants(0, 600)),
        ("gone back", wants(0, 0)),
        ("a gap", wants(700, 1000)),
        ("the end before the end", wants(600, 600)),
        ("beyond the end", wants(600, 600)),
    ] {
        let stand_in = scripted(LENGTH, started(0, 600), vec![next], Reply::status(500)).await;
        let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
        let failure = prepare(&facebook, &mut draft).await.unwrap_err();
        assert_eq!(
            (failure.remedy, failure.code.as_str()),
            (Remedy::Restage, "upload_parts"),
            "{name}"
        );
        assert_eq!(posts_of(&stand_in).len(), 2, "{name}");
    }
    let more = vec![wants(600, 1000), wants(1000, 2000)];
    let stand_in = scripted(LENGTH, started(0, 600), more, Reply::status(500)).await;
    let failure = prepare(&client(&stand_in), &mut clip(&stand_in)).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Restage, "more than the video has");
}

/// **P6**: an upload's success is believed only with what it must say.
#[tokio::test]
async fn an_answer_without_offsets_is_no_success() {
    let odd = || {
        vec![
            Reply::web_page(200),
            Reply::status(200),
            Reply::json(200, &json!({"success": true})),
            Reply::json(200, &json!({"start_offset": "x", "end_offset": "9"})),
            Reply::json(200, &json!({"start_offset": "9", "end_offset": "1"})),
        ]
    };
    for answer in odd() {
        let stand_in =
            scripted(LENGTH, started(0, 600), vec![answer.clone()], odd()[0].clone()).await;
        let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
        let failure = prepare(&facebook, &mut draft).await.unwrap_err();
        assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{answer:?}");
        assert_eq!(failure.code, "unreadable_answer", "{answer:?}");
        assert!(!draft.staging.has("video/part/0"));
    }
    for start in [started(600, 1000), started(0, 0), Reply::json(200, &json!({"video_id": "1"}))] {
        let stand_in = scripted(LENGTH, start.clone(), odd(), Reply::status(500)).await;
        let failure = prepare(&client(&stand_in), &mut clip(&stand_in)).await.unwrap_err();
        assert_eq!(failure.code, "unreadable_answer", "{start:?}");
    }
}

/// A restarted worker goes on where the other one ended.
#[tokio::test]
async fn a_lost_part_is_sent_once_more() {
    let transfers =
        vec![Reply::status(502), wants(600, 1000), Reply::web_page(200), wants(1000, 1000)];
    let stand_in = scripted(LENGTH, started(0, 600), transfers, Reply::status(500)).await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    for _ in 0..2 {
        let failure = prepare(&facebook, &mut draft).await.unwrap_err();
        assert_eq!(failure.remedy, Remedy::Outage(Away::Platform));
    }
    prepare(&facebook, &mut draft).await.unwrap();
    let sent = posts_of(&stand_in);
    let offsets: Vec<&str> = ["\r\n0\r\n", "\r\n600\r\n"].to_vec();
    let of = |call: &Seen| offsets.iter().position(|at| call.text().contains(at)).unwrap();
    assert_eq!(sent[1..].iter().map(of).collect::<Vec<_>>(), [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_failed_upload_starts_anew() {
    let broken = Reply::json(400, &graph_error(6001, None));
    let stand_in = scripted(LENGTH, started(0, 600), vec![broken], Reply::status(500)).await;
    let failure = prepare(&client(&stand_in), &mut clip(&stand_in)).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "6001"));
    assert!(failure.message.starts_with("Facebook: there is a problem with the upload"));
}

/// The parts of one upload must all come from the same file.
#[tokio::test]
async fn a_file_that_was_replaced_starts_anew() {
    let reads = AtomicUsize::new(0);
    let stand_in = StandIn::start(move |request| {
        if request.line.starts_with("GET") {
            let number = reads.fetch_add(1, Ordering::SeqCst);
            return request.part_of(&file(LENGTH)).header("etag", format!("\"v{number}\""));
        }
        started(0, 600)
    })
    .await;
    let failure = prepare(&client(&stand_in), &mut clip(&stand_in)).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "media_changed"));
}

/// **D12**: Facebook fetches the file itself from a server without parts.
/// Facebook itself needs no parts.
#[tokio::test]
async fn a_server_without_parts_lets_facebook_fetch() {
    let stand_in = StandIn::start(|request| match request.line.starts_with("GET /clip") {
        true => Reply::status(200).bytes(&file(LENGTH)),
        false => Reply::json(200, &json!({"id": "7002"})),
    })
    .await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    for name in ["video/hosted", "video"] {
        let Ok(Preparation::Staged(made)) = facebook.prepare(&draft).await else { panic!() };
        assert_eq!(made[0].name, name);
        draft.staging.0.extend(made);
    }
    let sent = posts_of(&stand_in);
    assert_eq!(sent.len(), 1);
    let url = format!("{}/clip.mp4", stand_in.base);
    let body = json!({"file_url": url, "published": false, "description": "Hello 👋"});
    assert_eq!(sent[0].json(), body);
    assert_eq!(Flow::of(&draft, &MetaSettings::default()), Ok(Flow::HostedVideo));
}

/// It is no flip: the same call has no other variant.
#[tokio::test]
async fn a_refused_finish_is_not_published_directly() {
    let no = Reply::json(400, &graph_error(100, None));
    let stand_in = scripted(LENGTH, started(0, 1000), vec![wants(1000, 1000)], no).await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    prepare(&facebook, &mut draft).await.unwrap();
    let Answer::Refused(failure) = facebook.publish(&draft).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::GiveUp);
}

#[tokio::test]
async fn a_finish_answered_by_a_page_is_unknown() {
    for page in [Reply::web_page(200), Reply::status(204), Reply::web_page(403)] {
        let stand_in = scripted(LENGTH, started(0, 1000), vec![wants(1000, 1000)], page).await;
        let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
        prepare(&facebook, &mut draft).await.unwrap();
        let answer = facebook.publish(&draft).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    }
}

/// What was staged before the settings changed goes on as it began.
#[tokio::test]
async fn staged_upload_continues_after_settings_change() {
    let stand_in = StandIn::start(|_| Reply::json(200, &json!({"success": true}))).await;
    let mut draft = clip(&stand_in);
    // Handed over by its URL: there is no upload to be ended.
    draft.staging.0 = vec![Artifact::new(StepKind::Create, "video", "7001")];
    for mode in [PublishMode::TwoStep, PublishMode::Direct] {
        draft.account.publish_mode = Some(mode);
        let answer = client(&stand_in).publish(&draft).await;
        assert!(matches!(answer, Answer::Published(_)), "{answer:?}");
        assert!(stand_in.seen().last().unwrap().line.ends_with("/7001"));
    }
}

/// What a reading of a chunked video shows, and what is left of it.
#[tokio::test]
async fn an_unfinished_video_is_not_live_and_deleted() {
    let stand_in = StandIn::start(|request| {
        let line = request.line.as_str();
        if line.contains("published_posts") {
            Reply::json(200, &json!({"data": []}))
        } else if line.contains("fields=status") {
            let phase = json!({"status": "not_started"});
            Reply::json(
                200,
                &json!({"status": {"video_status": "uploading",
                "publishing_phase": phase}}),
            )
        } else if line.contains("fields=published") {
            Reply::json(200, &json!({"published": false}))
        } else if line.starts_with("DELETE") {
            Reply::json(200, &json!({"success": true}))
        } else {
            Reply::json(400, &graph_error(100, None))
        }
    })
    .await;
    let (facebook, mut draft) = (client(&stand_in), clip(&stand_in));
    let session = json!({"session": "9001"});
    draft.staging.0 = vec![Artifact::new(StepKind::Create, "video", "7001").detail(session)];
    let call = crate::platforms::rehearsal::gated(&facebook, &mut draft, draft_time());
    let seen = facebook.look_up(&draft, &call).await;
    assert_eq!(seen, Sighting::NotLive { after: LISTS_LAG });
    discard_staged(&facebook, &draft).await;
    assert!(
        stand_in.seen().iter().any(|seen| seen.line == "DELETE /graph.facebook.com/v25.0/7001")
    );
}

fn draft_time() -> chrono::DateTime<chrono::Utc> {
    "2026-11-24T10:00:00Z".parse().unwrap()
}
