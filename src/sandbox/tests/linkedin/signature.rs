use super::*;

/// Headers that a proxy does not have.
const SIGNATURE: [(&str, Option<&str>); 3] =
    [("x-li-uuid", None), ("x-li-fabric", None), ("x-restli-protocol-version", Some("2.0.0"))];

/// Sends a call, and looks for the signature; a refusal has its status in the body.
async fn signed(call: reqwest::RequestBuilder, status: u16) {
    let answer = call.send().await.unwrap();
    for (name, value) in SIGNATURE {
        let got = answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert!(got.is_some() && value.is_none_or(|value| got == Some(value)), "{status} {name}");
    }
    let (got, body) = read(answer).await;
    assert_eq!(got, status, "{body}");
    if status >= 400 {
        assert_eq!(body["status"], status, "{body}");
    }
}

#[tokio::test]
async fn every_success_is_signed() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let one = format!("posts/{}", encoded(&urn));
    let comments = format!("socialActions/{}/comments", encoded(&urn));
    let comment = json!({"actor": PAGE, "object": urn, "message": {"text": "x"}});
    let init = json!({"initializeUploadRequest": {"owner": PAGE}});
    signed(request(&bench, "POST", "posts").json(&post(PAGE, "y", Value::Null)), 201).await;
    signed(request(&bench, "GET", &one), 200).await;
    signed(request(&bench, "POST", &comments).json(&comment), 201).await;
    signed(request(&bench, "GET", &comments), 200).await;
    signed(request(&bench, "POST", "images?action=initializeUpload").json(&init), 200).await;
    signed(request(&bench, "DELETE", &one), 204).await;
}

#[tokio::test]
async fn every_refusal_is_signed_and_repeats_its_status() {
    let bench = Bench::new().await;
    let body = post(PAGE, "x", Value::Null);
    let create = || request(&bench, "POST", "posts");
    created(&bench, &body).await;
    signed(create().json(&body), 422).await;
    signed(create().json(&json!({})), 400).await;
    signed(create().json(&post("urn:li:person:", "x", Value::Null)), 403).await;
    signed(create().body("x").header("content-type", "text/plain"), 415).await;
    signed(request(&bench, "GET", "posts/urn%3Ali%3Ashare%3A1"), 404).await;
    signed(request(&bench, "GET", "elsewhere"), 404).await;
    let url = format!("{}/api.linkedin.com/rest/posts", bench.base);
    signed(bench.http.post(&url).json(&body), 401).await;
    let old = bench.http.post(&url).bearer_auth("good").header("linkedin-version", "202504");
    signed(old.json(&body), 426).await;
    for (rule, status) in [
        (json!({"fault": "429"}), 429),
        (json!({"fault": "before_commit_4xx"}), 400),
        (json!({"fault": "after_commit_5xx"}), 500),
        (json!({"fault": "status", "status": 403}), 403),
    ] {
        bench.sim("DELETE", "faults", json!({})).await;
        bench.faults(json!([rule])).await;
        signed(create().json(&body), status).await;
    }
    bench.sim("DELETE", "faults", json!({})).await;
    bench.options(json!({"linkedin_daily_calls": 0})).await;
    signed(create().json(&body), 429).await;
}

#[tokio::test]
async fn a_gateways_page_is_not_signed() {
    let bench = Bench::new().await;
    bench.faults(json!([{"fault": "html_502"}])).await;
    let answer = request(&bench, "POST", "posts").send().await.unwrap();
    assert!(SIGNATURE.iter().all(|(name, _)| !answer.headers().contains_key(*name)));
}

#[tokio::test]
async fn pages_read_comments_members_do_not() {
    let bench = Bench::new().await;
    for (author, status) in [(PAGE, 200), (MEMBER, 403)] {
        let urn = created(&bench, &post(author, "x", Value::Null)).await;
        let comments = format!("socialActions/{}/comments", encoded(&urn));
        let comment = json!({"actor": author, "object": urn, "message": {"text": "mine"}});
        assert_eq!(call(&bench, "POST", &comments, &comment).await.0, 201);
        let (got, list) = call(&bench, "GET", &comments, &Value::Null).await;
        assert_eq!(got, status, "{author}");
        if status == 200 {
            let found = &list["elements"][0];
            assert_eq!(
                (&found["actor"], &found["message"]["text"]),
                (&json!(PAGE), &json!("mine"))
            );
        }
    }
}
