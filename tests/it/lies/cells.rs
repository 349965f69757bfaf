//! Plays the cells of the table, and checks each post against what readers ever saw.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::json;
use socialsched::domain::Platform;

use super::table::{self, Lie};
use crate::kills::flows::{FLOWS, Flow, HOSTED_FLOWS, MORE_FLOWS};
use crate::kills::harness::{Harness, LEASE_OVER, Planted};
use crate::kills::settings::{number, only, report};
use crate::support::Engine;

/// Posts of one sandbox.
const WORLD: usize = 60;
/// Seconds between rounds of workers while the platforms lie: short ones first, in which
/// a fault is still active, then long ones.
const PAUSES: [u64; 14] = [20, 40, 60, 60, 60, 120, 240, 300, 900, 900, 900, 900, 900, 900];
/// Posts that failed are looked up once more after twenty minutes and a day, and those
/// that need review later as well.
const LAST_LOOKS: [Duration; 4] = [
    Duration::from_secs(25 * 60),
    Duration::from_secs(25 * 60),
    Duration::from_secs(13 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];
/// More calls than any post may cost.
const CALLS_MAX: usize = 40;
const ATTEMPTS_MAX: u32 = 3;

/// What happens to the first worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    None,
    /// Cleared, and not called yet.
    Before,
    /// After it received the answer.
    After,
}

const DEATHS: [Death; 3] = [Death::None, Death::Before, Death::After];

#[derive(Debug)]
struct Cell<'a> {
    lie: &'a Lie,
    flow: &'static Flow,
    death: Death,
}

impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {:?}, {}", self.flow.name, self.death, self.lie.name)
    }
}

/// The call that makes a post of this kind visible, as kill points name it.
fn publish_point(flow: &Flow) -> String {
    let call = match (flow.platform, flow.name) {
        (Platform::LinkedIn, _) => "api.linkedin.com/rest/posts",
        (Platform::Instagram, _) => "graph.facebook.com/media_publish",
        (Platform::Facebook, "Facebook hosted video") => "graph.facebook.com",
        (Platform::Facebook, "Facebook video" | "Facebook direct video") => {
            "graph.facebook.com/videos"
        }
        (Platform::Facebook, "Facebook reel") => "graph.facebook.com/video_reels",
        (Platform::Facebook, "Facebook photo story") => "graph.facebook.com/photo_stories",
        (Platform::Facebook, "Facebook video story") => "graph.facebook.com/video_stories",
        (Platform::Facebook, name) if name.contains("direct") => "graph.facebook.com/feed",
        (Platform::Facebook, _) => "graph.facebook.com",
    };
    format!("publish/POST/{call}")
}

/// A cell's post, and whether its first worker died where it should.
struct Played<'a> {
    cell: Cell<'a>,
    post: Planted,
    died: bool,
}

/// What became of a family of lies.
#[derive(Default)]
struct Figures {
    cells: usize,
    died: usize,
    worlds: usize,
    calls_max: usize,
    faults: Vec<String>,
}

/// Every flow with every lie of a family, or the chosen share of them.
fn play(family: &str, lies: &[Lie], flows: &'static [Flow], settings: Option<&str>) -> Figures {
    let (share, seed, only) = (number("LIES_SHARE", 31), number("KILL_SEED", 1), only());
    let all = lies.iter().flat_map(|lie| {
        let suiting = flows.iter().filter(|flow| (lie.suits)(flow));
        suiting.flat_map(move |flow| DEATHS.map(|death| Cell { lie, flow, death }))
    });
    let mut worlds: BTreeMap<String, Vec<Cell<'_>>> = BTreeMap::new();
    for (number, cell) in (0..).zip(all) {
        // Shares meet every death and, over the seeds, every cell.
        let is_chosen = match only.as_deref() {
            Some(name) => cell.to_string() == name,
            None => (number + seed) % share == 0,
        };
        if is_chosen {
            worlds.entry(cell.lie.options.to_string()).or_default().push(cell);
        }
    }
    let mut figures = Figures::default();
    for (options, mut cells) in worlds {
        while !cells.is_empty() {
            let some = cells.split_off(cells.len().saturating_sub(WORLD));
            play_world(&options, some, settings, &mut figures);
        }
    }
    report(&format!(
        "LIES\t{:?}\t{family}\tcells={}\tdied={}\tworlds={}\tcalls<={}\tfaults={}",
        Engine::of_this_run(),
        figures.cells,
        figures.died,
        figures.worlds,
        figures.calls_max,
        figures.faults.len()
    ));
    figures
}

fn play_world(options: &str, cells: Vec<Cell<'_>>, settings: Option<&str>, figures: &mut Figures) {
    // Equal posts are refused only where a lie says so.
    let harness = Harness::new();
    if let Some(settings) = settings {
        let file = harness.world.path("lies.toml");
        fs::write(&file, settings).unwrap();
        harness.world.set("SOCIALSCHED_CONFIG", file);
    }
    harness.world.options(&serde_json::from_str(options).unwrap());
    let mut played: Vec<Played<'_>> = cells
        .into_iter()
        .map(|cell| {
            let post = harness.plant_with(cell.flow, None, ATTEMPTS_MAX);
            for rule in &cell.lie.rules {
                let mut rule = rule.clone();
                rule["match"]["account"] = json!(post.external_account);
                harness.world.fault(&rule);
            }
            Played { cell, post, died: false }
        })
        .collect();
    for one in &mut played {
        let moment = match one.cell.death {
            Death::None => continue,
            Death::Before => "before",
            Death::After => "read",
        };
        let point = format!("{}.{moment}:1", publish_point(one.cell.flow));
        one.died = harness.killed_at(harness.worker(&one.post), &point);
    }
    if played.iter().any(|one| one.died) {
        harness.world.advance(LEASE_OVER);
    }
    for pause in PAUSES {
        work(&harness);
        harness.world.advance(Duration::from_secs(pause));
    }
    harness.world.heal();
    resume_accounts(&harness);
    harness.finish();
    // Posts that were reported as failed, or need review, are looked up once more.
    for pause in LAST_LOOKS {
        harness.world.advance(pause);
        work(&harness);
    }
    check_posts(&harness, &played, figures);
    harness.world.assert_healthy();
}

fn work(harness: &Harness) {
    // Media is asked for twice a second here, and would be too often.
    let status = harness.worker_for("2s").args(["--concurrency", "16"]).status().unwrap();
    assert!(status.success(), "{status}");
}

/// An operator does what paused accounts ask for.
fn resume_accounts(harness: &Harness) {
    harness.world.options(&json!({
        "app_hourly_calls": null, "user_hourly_calls": null, "graph_hourly_calls": null,
        "linkedin_app_daily_calls": null, "linkedin_daily_calls": null, "container_ends": null,
    }));
    let paused = "SELECT id FROM meta_social_accounts WHERE paused_at IS NOT NULL";
    for row in harness.world.database.rows(paused) {
        harness.world.run(&["accounts", "resume", &row[0]]).ok();
    }
}

/// What a row reports about its post.
struct Reported<'a> {
    status: &'a str,
    outcome: &'a str,
    comment: &'a str,
    attempts: u32,
    error: &'a str,
}

/// What readers ever saw of an account.
#[derive(Debug, Default)]
struct Ever {
    posts: usize,
    deleted: usize,
    comments: usize,
}

fn check_posts(harness: &Harness, played: &[Played<'_>], figures: &mut Figures) {
    let mut ever: BTreeMap<String, Ever> = BTreeMap::new();
    for item in harness.world.ever() {
        let seen = ever.entry(item["account"].as_str().unwrap().to_owned()).or_default();
        seen.posts += 1;
        seen.deleted += usize::from(!item["deleted_at"].is_null());
        seen.comments += item["comments"].as_array().map_or(0, Vec::len);
    }
    let rows = harness.world.database.rows(
        "SELECT d.id, d.status, d.outcome, d.first_comment_state, s.attempts, d.error_message
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id",
    );
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for call in harness.world.calls() {
        if let Some(account) = call["account"].as_str() {
            *calls.entry(account.to_owned()).or_default() += 1;
        }
    }
    figures.worlds += 1;
    for Played { cell, post, died } in played {
        let row = rows.iter().find(|row| row[0] == post.id).unwrap();
        let reported = Reported {
            status: &row[1],
            outcome: &row[2],
            comment: &row[3],
            attempts: row[4].parse().unwrap(),
            error: &row[5],
        };
        let seen = ever.remove(&post.external_account).unwrap_or_default();
        let calls = calls.get(&post.external_account).copied().unwrap_or_default();
        figures.cells += 1;
        figures.died += usize::from(*died);
        figures.calls_max = figures.calls_max.max(calls);
        // Only an undisturbed platform leads every worker to its call.
        let lived = cell.lie.name == "no lie" && cell.death != Death::None && !died;
        for fault in
            fault(cell, &reported, &seen, calls).into_iter().chain(lived.then_some("lived"))
        {
            figures.faults.push(format!(
                "{cell}: {fault}: {}/{} after {} attempts and {calls} calls, {seen:?}, comment \
                 {:?}: {}",
                reported.status,
                reported.outcome,
                reported.attempts,
                reported.comment,
                reported.error
            ));
        }
    }
}

fn fault(
    cell: &Cell<'_>,
    reported: &Reported<'_>,
    seen: &Ever,
    calls: usize,
) -> Option<&'static str> {
    let (lie, flow) = (cell.lie, cell.flow);
    let is_blind = flow.is_members || lie.blinds_pages && flow.platform == Platform::LinkedIn;
    match (reported.status, reported.outcome) {
        _ if seen.posts > 1 => Some("doubled"),
        _ if seen.deleted > 0 => Some("deleted, and readers had seen it"),
        _ if seen.comments > 1 => Some("a comment doubled"),
        _ if calls > CALLS_MAX => Some("too many calls"),
        ("published", _) if seen.posts == 0 => Some("published, and nowhere to be seen"),
        ("published", _) if reported.attempts > 1 + lie.burns => Some("attempts burnt"),
        ("published", _) => comment_fault(cell, reported, seen),
        // Only where an answer may have been lost, by the lie or by a death.
        ("failed", "unknown") if is_blind && (cell.death != Death::None || lie.hides_answers()) => {
            None
        }
        ("failed", "unknown") => Some("unknown"),
        ("failed", "not_published") if seen.posts == 1 => Some("failed, and live"),
        ("failed", "not_published")
            if lie.may_fail && !(lie.passes && cell.death == Death::None) =>
        {
            None
        }
        // The list could be read again in the end, and did not have it.
        ("failed", "not_published") if lie.blinds_pages && !flow.is_members => None,
        ("failed", _) => Some("failed"),
        _ => Some("ended wrongly"),
    }
}

fn comment_fault(cell: &Cell<'_>, reported: &Reported<'_>, seen: &Ever) -> Option<&'static str> {
    match (reported.comment, seen.comments) {
        ("", 0) if cell.flow.first_comment.is_none() => None,
        ("sent", 1) => None,
        ("failed", 0) if cell.lie.may_fail => None,
        ("unknown", _) if cell.flow.is_members => None,
        _ => Some("its comment ended wrongly"),
    }
}

/// Every flow, in a table of its own for each family of faults.
fn stand(family: &str, lies: &[Lie]) {
    let more = format!("{family}, more flows");
    let hosted = format!("{family}, hosted videos");
    let settings = "[facebook]\nvideo_upload = \"hosted\"\n";
    let played = [
        play(family, lies, FLOWS, None),
        play(&more, lies, MORE_FLOWS, None),
        play(&hosted, lies, HOSTED_FLOWS, Some(settings)),
    ];
    assert!(played.iter().any(|figures| figures.died > 0), "no worker died");
    let faults: Vec<String> = played.into_iter().flat_map(|figures| figures.faults).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn refused_and_live() {
    stand("refused_and_live", &table::refused_and_live());
}

#[test]
fn refused_truly() {
    stand("refused_truly", &table::refused_truly());
}

#[test]
fn without_answer() {
    stand("without_answer", &table::without_answer());
}

#[test]
fn odd_answers() {
    stand("odd_answers", &table::odd_answers());
}

#[test]
fn lags() {
    stand("lags", &table::lags());
}

#[test]
fn second_calls() {
    stand("second_calls", &table::second_calls());
}

#[test]
fn staging() {
    stand("staging", &table::staging());
}

#[test]
fn lists() {
    stand("lists", &table::lists());
}

#[test]
fn comments() {
    stand("comments", &table::comments());
}

#[test]
fn limits() {
    stand("limits", &table::limits());
}
