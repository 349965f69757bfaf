//! Times as people write them.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Account, Ran, World};

/// Schedules at that time without storing anything.
fn at(world: &World, account: &Account, when: &str, more: &[&str]) -> Ran {
    let at = format!("--at={when}");
    let args = ["schedule", "--account", &account.id, "--caption", "Hello", "-n", &at];
    world.run(&[&args, more].concat())
}

/// What the time is understood as.
#[track_caller]
fn understood(world: &World, account: &Account, when: &str, more: &[&str]) -> String {
    let ran = at(world, account, when, &[more, &["--json"]].concat()).ok();
    ran.json()["data"]["scheduledFor"].as_str().unwrap().to_owned()
}

/// **B1**: a past time is refused with the database's clock.
#[test]
fn past_time_is_refused_by_database_clock() {
    let world = World::new();
    let page = world.account("facebook");
    let now = world.database.now();
    let second_ago = (now - Duration::from_secs(1)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let now = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    for when in ["2020-01-01T00:00:00Z", &now, &second_ago] {
        let ran = at(&world, &page, when, &[]).exits(2);
        ran.complains("clock").complains("--now").complains(&now[..10]);
    }
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    world.run(&["reschedule", &id, "--at", "2020-01-01T00:00:00Z"]).exits(2);
}

/// **B2**: a time without a zone is read in the chosen zone and shown in UTC.
#[test]
fn zoneless_time_uses_zone_and_shows_utc() {
    let world = World::new();
    let page = world.account("facebook");
    let noon = "2028-07-01 12:00";
    assert_eq!(understood(&world, &page, noon, &[]), "2028-07-01T12:00:00Z");
    let paris = ["--tz", "Europe/Paris"];
    assert_eq!(understood(&world, &page, noon, &paris), "2028-07-01T10:00:00Z");
    at(&world, &page, noon, &paris).ok().says("12:00 Europe/Paris").says("10:00 UTC");
    world.set("SOCIALSCHED_TZ", "America/New_York");
    assert_eq!(understood(&world, &page, noon, &[]), "2028-07-01T16:00:00Z");
    at(&world, &page, noon, &["--tz", "Mars/Olympus"]).exits(2).complains("Mars/Olympus");
}

/// **B3**: a time that the clocks skip is refused with both neighbours.
#[test]
fn skipped_time_names_both_neighbours() {
    let world = World::new();
    let page = world.account("facebook");
    let (gap, zone) = ("2028-03-12 02:30", "America/New_York");
    let ran = at(&world, &page, gap, &["--tz", zone]).exits(2);
    ran.complains(zone).complains("01:30").complains("03:30").complains("--dst");
    let with = |dst| understood(&world, &page, gap, &["--tz", zone, "--dst", dst]);
    assert_eq!(with("earlier"), "2028-03-12T06:30:00Z");
    assert_eq!(with("later"), "2028-03-12T07:30:00Z");
}

/// **B4**: a time that the clocks show twice needs a choice.
#[test]
fn time_shown_twice_needs_a_choice() {
    let world = World::new();
    let page = world.account("facebook");
    let (fold, zone) = ("2028-11-05 01:30", "America/New_York");
    let ran = at(&world, &page, fold, &["--tz", zone]).exits(2);
    ran.complains("twice").complains("-04:00").complains("-05:00").complains("--dst");
    let with = |dst| understood(&world, &page, fold, &["--tz", zone, "--dst", dst]);
    assert_eq!(with("earlier"), "2028-11-05T05:30:00Z");
    assert_eq!(with("later"), "2028-11-05T06:30:00Z");
}

/// **B5**: leap seconds are refused.
#[test]
fn leap_seconds_are_refused() {
    let world = World::new();
    let page = world.account("facebook");
    for when in ["2028-01-01T10:00:60Z", "2028-01-01 10:00:60", "2028-06-30T23:59:60Z"] {
        at(&world, &page, when, &[]).exits(2).complains("leap second");
    }
}

/// **B6**: days and hours that do not exist are refused.
#[test]
fn impossible_days_and_hours_are_refused() {
    let world = World::new();
    let page = world.account("facebook");
    for when in [
        "2029-02-29 10:00",
        "2028-02-30T10:00:00Z",
        "2028-13-01T00:00:00Z",
        "2028-01-00T00:00:00Z",
        "2028-01-01T24:00:00Z",
        "2028-01-01 25:00",
        "2028-01-01T10:60:00Z",
        "2028-01-01T10:00:00+99:00",
        "03/10/2028 14:00",
        "2h",
        "5",
        "9am",
        "tomorrow",
        "tomorrow 9am PST",
        "-2h",
        "",
        " ",
    ] {
        at(&world, &page, when, &[]).exits(2).complains("--at");
    }
    assert_eq!(understood(&world, &page, "2028-02-29 10:00", &[]), "2028-02-29T10:00:00Z");
}

/// **B7**: years beyond five from now are refused.
#[test]
fn years_beyond_five_from_now_are_refused() {
    let world = World::new();
    let page = world.account("facebook");
    for when in [
        "0000-01-01T00:00:00Z",
        "-000001-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "+262142-01-01T00:00:00Z",
        "+010000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "+100y",
        "+999999999999d",
        "P99999Y",
    ] {
        at(&world, &page, when, &[]).exits(2).complains("--at");
    }
    at(&world, &page, "9999-12-31T23:59:59Z", &[]).exits(2).complains("range");
}

/// **B8**: look-alike characters are refused by their number.
#[test]
fn look_alike_characters_are_named_by_number() {
    let world = World::new();
    let page = world.account("facebook");
    for (when, character) in [
        ("2028-01-01T10:00:00\u{2212}05:00", "U+2212"),
        ("２０２８-01-01T10:00:00Z", "U+FF12"),
        ("2028\u{2010}01\u{2010}01 10:00", "U+2010"),
        ("2028-01-01\u{a0}10:00", "U+00A0"),
        ("2028-01-01 10:00\u{200b}", "U+200B"),
    ] {
        at(&world, &page, when, &[]).exits(2).complains(character);
    }
    // Blanks around it are what a shell leaves over.
    assert_eq!(understood(&world, &page, " 2028-01-01T10:00:00Z ", &[]), "2028-01-01T10:00:00Z");
    at(&world, &page, "2028-01-01T10:00:00Z\n", &[]).exits(2);
}

/// **B9**: a fraction never rounds into the next second.
#[test]
fn fraction_never_rounds_up_a_second() {
    let world = World::new();
    let page = world.account("facebook");
    for when in ["2028-01-01T10:00:00.999999999Z", "2028-01-01T10:00:00.999Z"] {
        let told = understood(&world, &page, when, &[]);
        assert!(told.starts_with("2028-01-01T10:00:00.999"), "{told}");
        let id = world.schedule(&page, &["--caption", when, "--at", when]);
        assert_eq!(world.post(&id)["postSchedule"]["runAt"], told.as_str(), "told and stored");
    }
}

/// A zone file of one offset, in hours east of Greenwich.
fn zone_file(hours: i32) -> Vec<u8> {
    let mut file = Vec::new();
    // RFC 8536: version 1 and version 2 data with one type each, and the rule.
    for _ in 0..2 {
        file.extend(b"TZif2");
        file.extend([0; 15]);
        for count in [0_u32, 0, 0, 0, 1, 4] {
            file.extend(count.to_be_bytes());
        }
        file.extend((hours * 3600).to_be_bytes());
        file.extend([0, 0]);
        file.extend(b"XXX\0");
    }
    file.extend(format!("\nXXX{}\n", -hours).as_bytes());
    file
}

/// **B14**: a post keeps its instant when a zone's rules change.
#[test]
fn post_keeps_instant_when_zone_rules_change() {
    let world = World::new();
    let page = world.account("facebook");
    world.set("SOCIALSCHED_TZ", "America/New_York");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "2028-07-01 12:00"]);
    let zones = world.path("zoneinfo");
    fs::create_dir_all(zones.join("America")).unwrap();
    fs::write(zones.join("America/New_York"), zone_file(5)).unwrap();
    world.set("TZDIR", zones);
    assert_eq!(world.post(&id)["postSchedule"]["runAt"], "2028-07-01T16:00:00Z");
    world.run(&["list", "-o", "table"]).ok().says("2028-07-01 21:00");
    world.assert_healthy();
}

/// **B15**: posts that are too late are missed and not sent.
#[test]
fn posts_too_late_are_missed_not_sent() {
    let world = World::new();
    let page = world.account("facebook");
    let old = world.schedule(&page, &["--caption", "Two days old"]);
    let day = world.schedule(&page, &["--caption", "Two hours old"]);
    let back = |id: &str, seconds: i64| {
        let time = world.database.in_seconds(-seconds);
        world.database.execute(&format!(
            "UPDATE post_schedule SET run_at = {time} WHERE post_detail_id = '{id}'"
        ));
    };
    back(&old, 2 * 86_400);
    back(&day, 2 * 3_600);
    let summary = world.json(&["run-worker", "--once"])["data"].clone();
    assert_eq!((&summary["missed"], &summary["published"]), (&1.into(), &1.into()), "{summary}");
    let post = world.post(&old);
    assert_eq!((&post["status"], &post["state"]), (&"failed".into(), &"missed".into()), "{post}");
    assert_eq!((&post["errorCode"], &post["outcome"]), (&"missed".into(), &"not_published".into()));
    assert!(post["errorMessage"].is_string(), "{post}");
    assert_eq!(world.status(&day), "published");
    let late = world.schedule(&page, &["--caption", "Ten minutes old"]);
    back(&late, 600);
    world.work(&["--max-late", "5m"]);
    assert_eq!(world.post(&late)["state"], "missed");
    let texts: Vec<Value> = world.live().iter().map(|post| post["text"].clone()).collect();
    assert_eq!(texts, ["Two hours old"]);
    assert_eq!(world.json(&["list", "--status", "missed"])["meta"]["total"], 2);
    // A person may send it all the same.
    world.run(&["retry", &old]).ok();
    world.advance(Duration::from_secs(1));
    world.work(&[]);
    assert_eq!(world.status(&old), "published");
    world.assert_healthy();
}
