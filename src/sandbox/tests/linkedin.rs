mod signature;
mod uploads;

use super::*;

pub(super) const PAGE: &str = "urn:li:organization:1234567";
pub(super) const MEMBER: &str = "urn:li:person:abc";

pub(super) fn request(bench: &Bench, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    bench
        .http
        .request(method, format!("{}/api.linkedin.com/rest/{path}", bench.base))
        .bearer_auth("good")
        .header("linkedin-version", "202609")
        .header("x-restli-protocol-version", "2.0.0")
}

pub(super) async fn call(bench: &Bench, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut request = request(bench, method, path);
    if method == "POST" {
        request = request.json(body);
    }
    read(request.send().await.unwrap()).await
}

pub(super) fn post(author: &str, text: &str, content: Value) -> Value {
    let mut body = json!({"author": author, "commentary": text, "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED", "isReshareDisabledByAuthor": false});
    if !content.is_null() {
        body["content"] = content;
    }
    body
}

/// Creates a post that must succeed, and answers its URN.
pub(super) async fn created(bench: &Bench, body: &Value) -> String {
    let answer = request(bench, "POST", "posts").json(body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let urn = answer.headers()["x-restli-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), "");
    urn
}

pub(super) fn encoded(urn: &str) -> String {
    urn.replace(':', "%3A")
}

pub(super) async fn image(bench: &Bench, owner: &str) -> String {
    let init = json!({"initializeUploadRequest": {"owner": owner}});
    let (status, answer) = call(bench, "POST", "images?action=initializeUpload", &init).await;
    assert_eq!(status, 200, "{answer}");
    let url = answer["value"]["uploadUrl"].as_str().unwrap();
    let photo =
        bench.http.get(bench.media("photo.jpg")).send().await.unwrap().bytes().await.unwrap();
    let bare = bench.http.put(url).body(photo.clone()).send().await.unwrap();
    assert_eq!(bare.status(), 401, "an image needs the token");
    let put = bench.http.put(url).bearer_auth("good").body(photo).send().await.unwrap();
    assert_eq!(put.status(), 201);
    answer["value"]["image"].as_str().unwrap().to_owned()
}

/// A text post answers an empty body and a URN that holds its time.
#[tokio::test]
async fn text_post_answers_empty_body_and_urn() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(PAGE, "Hello \\(world\\) #rust", Value::Null)).await;
    let id: i64 = urn.strip_prefix("urn:li:share:").unwrap().parse().unwrap();
    let now = bench.sim("GET", "clock", json!({})).await["now_ms"].as_i64().unwrap();
    assert_eq!(id >> 22, now);
    let item = bench.one().await;
    assert_eq!((&item["text"], &item["account"]), (&json!("Hello (world) #rust"), &json!(PAGE)));
    let (status, read) =
        call(&bench, "GET", &format!("posts/{}?viewContext=AUTHOR", encoded(&urn)), &json!({}))
            .await;
    assert_eq!(status, 200);
    assert_eq!(read["commentary"], "Hello \\(world\\) {hashtag|\\#|rust}");
    let finder = format!("posts?q=author&author={}&count=10&sortBy=CREATED", encoded(PAGE));
    let (_, found) = call(&bench, "GET", &finder, &json!({})).await;
    assert_eq!(found["elements"][0]["id"], json!(urn));
    let batch = format!("posts?ids=List({})", encoded(&urn));
    let (_, found) = call(&bench, "GET", &batch, &json!({})).await;
    assert_eq!(found["results"][&urn]["id"], json!(urn));
}

/// The same post within ten minutes is refused with the first one's URN.
#[tokio::test]
async fn repeated_post_is_refused_with_first_urn() {
    let bench = Bench::new().await;
    let body = post(MEMBER, "Again", Value::Null);
    let urn = created(&bench, &body).await;
    bench.advance(599_999).await;
    let (status, answer) = call(&bench, "POST", "posts", &body).await;
    assert_eq!(status, 422);
    assert_eq!(
        answer,
        json!({"errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"),
        "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
        "status": 422})
    );
    bench.one().await;
    created(&bench, &post(PAGE, "Again", Value::Null)).await;
    bench.advance(1).await;
    created(&bench, &body).await;
    assert_eq!(bench.live().await.len(), 3);
}

#[tokio::test]
async fn headers_are_checked_in_order() {
    let bench = Bench::new().await;
    let url = format!("{}/api.linkedin.com/rest/posts", bench.base);
    let bare = bench.http.post(&url);
    let (status, answer) = read(bare.send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (401, &json!("EMPTY_ACCESS_TOKEN")));
    let unversioned = bench.http.post(&url).bearer_auth("noscope-x");
    let (status, answer) = read(unversioned.send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (400, &json!("VERSION_MISSING")));
    let old = bench.http.post(&url).bearer_auth("noscope-x").header("linkedin-version", "202504");
    let (status, answer) = read(old.send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (426, &json!("NONEXISTENT_VERSION")));
    assert_eq!(answer["message"], "Requested version 20250401 is not active");
    let noscope = bench
        .http
        .post(&url)
        .bearer_auth("noscope-x")
        .header("linkedin-version", "202609")
        .header("x-restli-protocol-version", "2.0.0");
    let (status, answer) = read(noscope.body("no json").send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (403, &json!("ACCESS_DENIED")));
    let (status, answer) = call(&bench, "POST", "posts", &json!({})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("MISSING_FIELD")));
}

#[tokio::test]
async fn bad_tokens_answer_401_and_missing_scopes_403() {
    let bench = Bench::new().await;
    for (prefix, status, code) in [
        ("expired-", 401, "EXPIRED_ACCESS_TOKEN"),
        ("revoked-", 401, "REVOKED_ACCESS_TOKEN"),
        ("invalid-", 401, "INVALID_ACCESS_TOKEN"),
        ("noscope-", 403, "ACCESS_DENIED"),
        ("wrongpage-", 403, "ACCESS_DENIED"),
    ] {
        let answer = bench
            .http
            .post(format!("{}/api.linkedin.com/rest/posts", bench.base))
            .bearer_auth(format!("{prefix}x"))
            .header("linkedin-version", "202609")
            .header("x-restli-protocol-version", "2.0.0")
            .json(&post(PAGE, "x", Value::Null));
        let (got, body) = read(answer.send().await.unwrap()).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)), "{prefix}");
    }
    assert_eq!(bench.live().await.len(), 0);
}

#[tokio::test]
async fn members_cannot_read_their_posts_back() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(MEMBER, "x", Value::Null)).await;
    let image = image(&bench, MEMBER).await;
    for path in [
        format!("posts/{}", encoded(&urn)),
        format!("posts?q=author&author={}", encoded(MEMBER)),
        format!("images/{}", encoded(&image)),
    ] {
        assert_eq!(call(&bench, "GET", &path, &json!({})).await.0, 403, "{path}");
    }
}

/// A call without a body needs a length, and URNs in paths need encoding.
#[tokio::test]
async fn bodyless_post_needs_length_and_encoding() {
    let bench = Bench::new().await;
    let raw = "POST /api.linkedin.com/rest/posts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nLinkedIn-Version: 202609\r\nX-Restli-Protocol-Version: 2.0.0\r\nConnection: close\r\n\r\n";
    assert!(super::server::raw(&bench, raw).await.starts_with("HTTP/1.1 411"));
    let (status, _) = call(&bench, "GET", "posts/urn:li:share:1", &json!({})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_post_is_edited_and_deleted_repeatably() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let path = format!("posts/{}", encoded(&urn));
    let patch = json!({"patch": {"$set": {"commentary": "y"}}});
    let edit =
        request(&bench, "POST", &path).header("x-restli-method", "PARTIAL_UPDATE").json(&patch);
    assert_eq!(edit.send().await.unwrap().status(), 204);
    assert_eq!(bench.one().await["text"], "y");
    for _ in 0..2 {
        assert_eq!(request(&bench, "DELETE", &path).send().await.unwrap().status(), 204);
    }
    assert_eq!(bench.live().await.len(), 0);
    assert_eq!(call(&bench, "GET", &path, &json!({})).await.0, 404);
    let (status, _) = call(&bench, "POST", "posts", &post(PAGE, "y", Value::Null)).await;
    assert_eq!(status, 422, "deleted posts still count as duplicates");
}

#[tokio::test]
async fn comments_are_plain_text_and_wait_for_propagation() {
    let options = SandboxOptions { comment_lag_ms: 2000, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let urn = created(&bench, &post(MEMBER, "x", Value::Null)).await;
    let path = format!("socialActions/{}/comments", encoded(&urn));
    let body = json!({"actor": MEMBER, "object": urn, "message": {"text": "plain (text)"}});
    let (status, answer) = call(&bench, "POST", &path, &body).await;
    assert_eq!(status, 404);
    assert!(answer["message"].as_str().unwrap().starts_with("Unable to obtain activity for urn"));
    bench.advance(2000).await;
    let (status, answer) = call(&bench, "POST", &path, &body).await;
    assert_eq!((status, &answer["message"]["text"]), (201, &json!("plain (text)")));
    assert_eq!(bench.one().await["comments"], json!(["plain (text)"]));
}

#[tokio::test]
async fn text_limits_and_drafts_are_refused() {
    let bench = Bench::new().await;
    let (_, answer) =
        call(&bench, "POST", "posts", &post(PAGE, &"x".repeat(3001), Value::Null)).await;
    assert_eq!(answer["code"], "FIELD_LENGTH_TOO_LONG");
    let mut draft = post(PAGE, "x", Value::Null);
    draft["lifecycleState"] = json!("DRAFT");
    assert_eq!(call(&bench, "POST", "posts", &draft).await.0, 400);
    let article = json!({"article": {"source": "https://example.com", "title": "T"}});
    created(&bench, &post(PAGE, "x", article)).await;
    assert_eq!(bench.one().await["kind"], "article");
}

#[tokio::test]
async fn the_daily_quota_resets_at_midnight_utc() {
    let options = SandboxOptions { linkedin_daily_calls: Some(1), ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    bench
        .sim("POST", "clock", json!({"set_ms": 1_790_000_000_000i64 / 86_400_000 * 86_400_000}))
        .await;
    created(&bench, &post(PAGE, "a", Value::Null)).await;
    let (status, answer) = call(&bench, "POST", "posts", &post(PAGE, "b", Value::Null)).await;
    assert_eq!(status, 429);
    assert!(answer["message"].as_str().unwrap().contains(" DAY "));
    bench.advance(86_400_000).await;
    created(&bench, &post(PAGE, "b", Value::Null)).await;
}

#[tokio::test]
async fn identity_calls_answer() {
    let bench = Bench::new().await;
    let info =
        bench.http.get(format!("{}/api.linkedin.com/v2/userinfo", bench.base)).bearer_auth("good");
    let (_, body) = read(info.send().await.unwrap()).await;
    assert_eq!(body["sub"], "sandbox-member");
    let form = "client_id=a&client_secret=b&token=expired-x";
    let answer = bench
        .http
        .post(format!("{}/www.linkedin.com/oauth/v2/introspectToken", bench.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let (_, body) = read(answer.send().await.unwrap()).await;
    assert_eq!((&body["active"], &body["status"]), (&json!(false), &json!("expired")));
    let (_, acls) =
        call(&bench, "GET", "organizationAcls?q=roleAssignee&state=APPROVED", &json!({})).await;
    assert_eq!(acls["elements"][0]["organization"], json!(PAGE));
}

#[tokio::test]
async fn the_duplicate_filter_is_adjustable() {
    let switched = async |options: Value| {
        let bench = Bench::new().await;
        bench.sim("POST", "options", options).await;
        let article =
            |title: &str| json!({"article": {"source": "https://example.com", "title": title}});
        created(&bench, &post(PAGE, "x", article("a"))).await;
        let (same, answer) = call(&bench, "POST", "posts", &post(PAGE, "x", article("a"))).await;
        let (other, _) = call(&bench, "POST", "posts", &post(PAGE, "x", article("b"))).await;
        let live = bench.live().await;
        let named =
            live.iter().any(|item| answer.to_string().contains(item["id"].as_str().unwrap()));
        (same, other, named)
    };
    assert_eq!(switched(json!({})).await, (422, 201, true));
    assert_eq!(switched(json!({"duplicate_ignores_media": true})).await, (422, 422, true));
    assert_eq!(switched(json!({"duplicate_names_ghost": true})).await, (422, 201, false));
    assert_eq!(switched(json!({"duplicate_miss_probability": 1.0})).await.0, 201);
    assert_eq!(switched(json!({"duplicate_window_ms": 0})).await.0, 201);
}

#[tokio::test]
async fn new_post_is_readable_after_the_lag() {
    let options = SandboxOptions { read_lag_ms: 5000, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let path = format!("posts/{}", encoded(&urn));
    let finder = format!("posts?q=author&author={}", encoded(PAGE));
    assert_eq!(call(&bench, "GET", &path, &json!({})).await.0, 404);
    assert_eq!(call(&bench, "GET", &finder, &json!({})).await.1["elements"], json!([]));
    bench.advance(5000).await;
    assert_eq!(call(&bench, "GET", &path, &json!({})).await.0, 200);
    assert_eq!(call(&bench, "GET", &finder, &json!({})).await.1["elements"][0]["id"], json!(urn));
}

#[tokio::test]
async fn faults_reach_linkedin_too() {
    let bench = Bench::new().await;
    let fault = async |rule: Value| bench.faults(json!([rule])).await;
    fault(json!({"when": {"nth": 1}, "fault": "no_id"})).await;
    let answer =
        request(&bench, "POST", "posts").json(&post(PAGE, "a", Value::Null)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert!(!answer.headers().contains_key("x-restli-id"));
    fault(json!({"when": {"nth": 1}, "fault": "truncate_body"})).await;
    let answer =
        request(&bench, "POST", "posts").json(&post(PAGE, "b", Value::Null)).send().await.unwrap();
    assert!(answer.headers().contains_key("x-restli-id"), "the head arrives whole");
    assert!(answer.text().await.is_err());
    fault(json!({"when": {"nth": 1}, "fault": "duplicate_delivery"})).await;
    created(&bench, &post(PAGE, "c", Value::Null)).await;
    fault(json!({"when": {"nth": 1}, "fault": "after_commit_status", "status": 409})).await;
    let (status, answer) = call(&bench, "POST", "posts", &post(PAGE, "d", Value::Null)).await;
    assert_eq!((status, &answer["code"]), (409, &json!("CONFLICT")));
    assert_eq!(bench.live().await.len(), 4);
}

#[tokio::test]
async fn a_page_token_without_read_scope_cannot_read() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let url = format!("{}/api.linkedin.com/rest/posts/{}", bench.base, encoded(&urn));
    let read = bench
        .http
        .get(url)
        .bearer_auth("noread-x")
        .header("linkedin-version", "202609")
        .header("x-restli-protocol-version", "2.0.0");
    assert_eq!(read.send().await.unwrap().status(), 403);
}
