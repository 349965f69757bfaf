use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Sends raw bytes and answers everything until the connection ends.
pub(super) async fn raw(bench: &Bench, request: &str) -> String {
    let mut stream = TcpStream::connect(bench.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn only_loopback_addresses_are_bound() {
    let address = "0.0.0.0:0".parse().unwrap();
    let error = Sandbox::bind(address, SandboxOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn shutdown_also_frees_a_hanging_call() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox =
        Sandbox::bind("127.0.0.1:0".parse().unwrap(), SandboxOptions::default()).await.unwrap();
    let base = sandbox.base_url();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(sandbox.serve(async { drop(stopped.await) }));
    let http = reqwest::Client::builder().build().unwrap();
    let rule = json!([{"fault": "before_commit_hang"}]);
    http.post(format!("{base}/__sim/faults")).json(&rule).send().await.unwrap();
    let call = tokio::spawn(http.get(format!("{base}/graph.facebook.com/v25.0/me")).send());
    while http.get(format!("{base}/__sim/log")).send().await.unwrap().text().await.unwrap() == "[]"
    {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    let _ = call.await.unwrap();
}

#[tokio::test]
async fn sample_media_answers_like_a_file_server() {
    let bench = Bench::new().await;
    let get = |file: &str| bench.http.get(bench.media(file));
    let photo = get("photo.jpg").send().await.unwrap();
    assert_eq!(photo.headers()["content-type"], "image/jpeg");
    let whole = photo.bytes().await.unwrap();
    let part = get("photo.jpg").header("range", "bytes=2-5").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 2-5/{}", whole.len()));
    assert_eq!(part.bytes().await.unwrap(), whole.slice(2..=5));
    assert_ne!(get("photo2.jpg").send().await.unwrap().bytes().await.unwrap(), whole);
    let head = bench.http.head(bench.media("big.jpg?bytes=9000000")).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "9000000");
    let big = get("big.jpg?bytes=9000000").send().await.unwrap();
    assert_eq!(big.bytes().await.unwrap().len(), 9_000_000);
    let clip = get("clip.mp4").send().await.unwrap().bytes().await.unwrap();
    assert_eq!(&clip[4..8], b"ftyp");
    assert_eq!(get("missing.jpg").send().await.unwrap().status(), 404);
    let plain = get("clip.mp4?ranges=no").header("range", "bytes=0-0").send().await.unwrap();
    assert_eq!(plain.status(), 200);
    let beyond = get("photo.jpg").header("range", "bytes=999999-").send().await.unwrap();
    assert_eq!(beyond.status(), 416);
}

/// Media of other local servers is fetched over the network.
#[tokio::test]
async fn media_of_other_servers_is_fetched() {
    let files = Bench::new().await;
    let bench = Bench::new().await;
    for (file, code) in [("a.jpg", 0), ("missing.jpg", 324), ("a.jpg?type=text/html", 324)] {
        let body = json!({"url": files.media(file), "published": false});
        let (_, answer) = bench.graph("POST", "1000001/photos", body).await;
        assert_eq!(answer["error"]["code"].as_i64().unwrap_or(0), code, "{file}: {answer}");
    }
}

#[tokio::test]
async fn graph_answers_carry_version_and_usage() {
    let options = SandboxOptions { graph_hourly_calls: Some(1), ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let answer = bench.try_graph("GET", "1000001/feed", json!({})).await.unwrap();
    assert_eq!(answer.headers()["facebook-api-version"], "v25.0");
    assert!(answer.headers().contains_key("x-app-usage"));
    let answer = bench.try_graph("GET", "1000001/feed", json!({})).await.unwrap();
    let usage = answer.headers()["x-business-use-case-usage"].to_str().unwrap();
    assert!(usage.contains("\"estimated_time_to_regain_access\":60"), "{usage}");
    let (status, body) = read(answer).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(80001)));
    bench.advance(3_600_000).await;
    bench.ok("GET", "1000001/feed", json!({})).await;
}

/// Reset forgets posts, and options can change while running.
#[tokio::test]
async fn reset_forgets_posts_options_change_live() {
    let bench = Bench::new().await;
    bench.create("1000001/feed", json!({"message": "x"})).await;
    let options = bench.sim("POST", "options", json!({"read_lag_ms": 5})).await;
    assert_eq!(options["read_lag_ms"], 5);
    bench.sim("POST", "reset", json!({})).await;
    assert_eq!(bench.live().await.len(), 0);
    let options = bench.sim("GET", "options", json!({})).await;
    assert_eq!(options["read_lag_ms"], 5);
}

#[tokio::test]
async fn answers_carry_the_date_of_the_simulated_clock() {
    let bench = Bench::new().await;
    bench.sim("POST", "clock", json!({"set_ms": 1_784_110_496_000i64})).await;
    let answer = bench.try_graph("GET", "me", json!({})).await.unwrap();
    assert_eq!(answer.headers()["date"], "Wed, 15 Jul 2026 10:14:56 GMT");
}
