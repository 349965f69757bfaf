//! What the worker reports to systemd.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::json;

use crate::support::{World, eventually};

/// Receives until a message holds the text.
#[track_caller]
fn await_message(socket: &UnixDatagram, text: &str) {
    let mut buffer = [0; 1024];
    loop {
        let length = socket.recv(&mut buffer).unwrap_or_else(|why| panic!("no {text}: {why}"));
        if String::from_utf8_lossy(&buffer[..length]).contains(text) {
            return;
        }
    }
}

/// systemd is notified that the worker is ready, alive and finishing.
#[test]
fn systemd_learns_ready_alive_and_stopping() {
    let world = World::new();
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    world.set("NOTIFY_SOCKET", &path);
    world.set("WATCHDOG_USEC", "600000");
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello"]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"}, "fault": "before_commit_hang",
    }));
    let mut worker = world.start_worker(&[]);
    await_message(&socket, "READY=1");
    await_message(&socket, "WATCHDOG=1");
    let is_feed = |call: &serde_json::Value| call["path"].as_str().unwrap().contains("/feed");
    eventually("the worker is in a call", || world.calls().iter().any(is_feed));
    worker.terminate();
    await_message(&socket, "STOPPING=1");
    await_message(&socket, "WATCHDOG=1");
    assert!(worker.is_running(), "it finishes what runs");
    worker.terminate();
    assert_eq!(worker.wait(), 143);
}
