//! F10: values that cannot be read, in rows that are well formed otherwise. They
//! are their own row's fault: every other post goes out in the same run.

use serde_json::Value;

use crate::support::{Account, Engine, Ran, World, bad_times};

/// Counts that cannot be counted up.
pub(super) fn bad_counts(column: &str) -> &'static [&'static str] {
    match (Engine::of_this_run(), column) {
        (Engine::Sqlite, "max_attempts") => &["'x'", "9223372036854775807", "1.5", "x'31'"],
        (Engine::Sqlite, _) => &["'x'", "9223372036854775807", "-3", "1.5", "x'31'"],
        (_, "fence") => &["9223372036854775807", "-3"],
        (_, "max_attempts") => &["2147483647"],
        (_, _) => &["2147483647", "-3"],
    }
}

/// Posts of one page that are due, each with one bad value, among good ones.
pub(super) struct Odd {
    pub(super) world: World,
    pub(super) page: Account,
    pub(super) good: Vec<String>,
    /// Table, column, value and the post's id.
    pub(super) bad: Vec<(&'static str, &'static str, &'static str, String)>,
}

impl Odd {
    pub(super) fn new() -> Self {
        let world = World::new();
        let page = world.account("facebook");
        let mut odd = Self { world, page, good: Vec::new(), bad: Vec::new() };
        odd.good();
        odd
    }

    pub(super) fn good(&mut self) {
        let text = format!("Good {}", self.good.len());
        self.good.push(self.world.schedule(&self.page, &["--caption", &text]));
    }

    pub(super) fn plant(
        &mut self,
        table: &'static str,
        column: &'static str,
        values: &[&'static str],
    ) {
        for value in values {
            let n = self.bad.len();
            let id = |letter: &str| format!("{letter}0000000-0000-4000-8000-{n:012}");
            let key = if table == "post_details" { id("a") } else { id("b") };
            self.world.database.lax(&format!(
                    "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption)
                       VALUES ('{}', '{}', '{}', 'facebook', 'post', 'Odd {n}');
                     INSERT INTO post_schedule (id, post_detail_id, run_at) VALUES ('{}', '{}', {});
                     UPDATE {table} SET {column} = {value} WHERE id = '{key}'",
                    id("a"), self.world.company(), self.page.id,
                    id("b"), id("a"), self.world.database.in_seconds(-60),
                ),
            );
            self.bad.push((table, column, value, id("a")));
        }
    }

    /// Every command goes on, one by one or over all posts.
    fn ask(&self) -> Vec<Ran> {
        let commands: [&[&str]; 9] = [
            &["list", "--all"],
            &["list", "--all", "--json"],
            &["list", "--sort", "-run-at", "--limit", "3"],
            &["queue-status"],
            &["accounts"],
            &["clients"],
            &["recover", "-n"],
            &["run-worker", "--once", "-n"],
            &["migrate", "--status"],
        ];
        commands.iter().map(|args| self.world.run(args).ok()).collect()
    }

    /// One run publishes the good ones.
    pub(super) fn work(&mut self) -> Ran {
        self.good();
        let ran = self.world.work(&["--concurrency", "2"]);
        for id in &self.good {
            assert_eq!(self.world.status(id), "published", "{ran}");
        }
        ran
    }

    pub(super) fn row(&self, id: &str) -> Vec<String> {
        let query = format!(
            "SELECT d.status, s.status, d.outcome, d.error_code, d.error_message
               FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
              WHERE d.id = '{id}'"
        );
        self.world.database.rows(&query).remove(0)
    }

    /// Each ended by itself, with the reason.
    fn assert_failed(&self, ran: &Ran) {
        for (table, column, value, id) in &self.bad {
            let row = self.row(id);
            let expected = ["failed", "failed", "not_published", "invalid_row"];
            assert_eq!(row[..4], expected, "{column} {value}: {row:?} {ran}");
            assert!(row[4].contains(&format!("{table}.{column}")), "{value}: {row:?}");
            assert!(ran.stderr.contains(id.as_str()), "{column} {value} {id}: {ran}");
        }
        let counted = format!("failed {},", self.bad.len());
        assert!(ran.stdout.contains(&counted), "{ran}");
        let live = self.world.live();
        let odd = |post: &&Value| post["text"].as_str().unwrap_or("").starts_with("Odd");
        assert_eq!(live.iter().filter(odd).count(), 0);
        assert_eq!(live.len(), self.good.len());
    }
}

/// **F10**: times that are none end their posts.
#[test]
fn invalid_times_end_their_posts() {
    let mut odd = Odd::new();
    for (table, column) in [
        ("post_schedule", "run_at"),
        ("post_schedule", "next_attempt_at"),
        ("post_details", "cancel_requested_at"),
    ] {
        odd.plant(table, column, bad_times());
    }
    let asked = odd.ask();
    for (table, column, value, id) in &odd.bad {
        let told = asked[0].stderr.lines().find(|line| line.contains(id.as_str()));
        let told = told.unwrap_or_else(|| panic!("{column} {value}: {}", asked[0]));
        assert!(told.contains(&format!("{table}.{column}")), "{told}");
        let shown = odd.world.run(&["show", id]).ok();
        shown.complains(column).says("Odd ").says("facebook");
        let json = odd.world.json(&["show", id]);
        assert_eq!(json["data"]["stored"]["post_details"]["id"], Value::String(id.clone()));
    }
    let ran = odd.work();
    odd.assert_failed(&ran);
    odd.ask();
    odd.world.run(&["recover"]).ok();
    odd.world.assert_healthy();
}

/// **F10**: bookkeeping times that are none stop no post. They are not needed
/// to publish.
#[test]
fn invalid_bookkeeping_times_stop_no_post() {
    let mut odd = Odd::new();
    for (table, column) in [
        ("post_details", "created_at"),
        ("post_details", "updated_at"),
        ("post_details", "published_at"),
        ("post_schedule", "created_at"),
        ("post_schedule", "updated_at"),
    ] {
        odd.plant(table, column, bad_times());
    }
    let asked = odd.ask();
    for (_, column, value, id) in &odd.bad {
        let is_listed = matches!(*column, "created_at" | "published_at");
        let is_told = asked[0].stderr.contains(id.as_str());
        let of_job =
            odd.bad.iter().any(|(table, _, _, bad)| bad == id && *table == "post_schedule");
        assert_eq!(is_told, is_listed && !of_job, "{column} {value}: {}", asked[0]);
    }
    odd.work();
    for (_, column, value, id) in &odd.bad {
        assert_eq!(odd.row(id)[0], "published", "{column} {value}");
    }
    odd.ask();
    odd.world.assert_healthy();
}

/// **F10**: counts beyond their range end their posts.
#[test]
fn out_of_range_counts_end_their_posts() {
    let mut odd = Odd::new();
    for column in ["attempts", "max_attempts", "fence"] {
        odd.plant("post_schedule", column, bad_counts(column));
    }
    odd.ask();
    let ran = odd.work();
    odd.assert_failed(&ran);
    odd.ask();
    odd.world.run(&["recover"]).ok();
}

/// **F10**: contents that are none end their posts. Also texts that are none,
/// and closed lists with other words.
#[test]
fn invalid_contents_end_their_posts() {
    let mut odd = Odd::new();
    odd.plant("post_details", "media", &["'null'", "'[1]'", "'{\"url\": 1}'", "'\"x\"'"]);
    match odd.world.database.engine() {
        Engine::Sqlite => {
            let bad = "CAST(x'41ff' AS TEXT)";
            for column in
                ["caption", "link", "first_comment", "platform", "post_type", "company_id"]
            {
                odd.plant("post_details", column, &[bad]);
            }
            odd.plant("post_details", "platform", &["''", "x'00'"]);
            odd.plant("post_details", "media", &["'[1e400]'", "'['", "''"]);
        }
        Engine::MariaDb => {
            odd.plant("post_details", "platform", &["''"]);
            odd.plant("post_details", "post_type", &["''"]);
            odd.plant("post_details", "company_id", &["''", "'x'"]);
        }
        Engine::Postgres => {
            odd.plant("post_details", "platform", &["''", "'myspace'"]);
            odd.plant("post_details", "media", &["'[1e400]'", "'[{\"url\": 1e400}]'"]);
        }
    }
    odd.ask();
    let ran = odd.work();
    odd.assert_failed(&ran);
    odd.ask();
}

/// **F10**: ids that are blobs end their posts. SQLite's checks let such an id
/// pass, and no text finds it.
#[test]
fn blob_ids_end_their_posts() {
    let mut odd = Odd::new();
    if odd.world.database.engine() != Engine::Sqlite {
        return;
    }
    let blob = |id: &str| format!("CAST('{id}' AS BLOB)");
    for n in 1..4 {
        let (post, job) = (format!("c0000000-0000-4000-8000-00000000000{n}"), odd.page.id.clone());
        let job = format!("{}{n}", &job[..job.len() - 1]);
        let (post, job) = match n {
            1 => (blob(&post), format!("'{job}'")),
            2 => (format!("'{post}'"), blob(&job)),
            _ => (blob(&post), blob(&job)),
        };
        odd.world.database.execute(&format!(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption)
               VALUES ({post}, '{}', '{}', 'facebook', 'post', 'Odd');
             INSERT INTO post_schedule (id, post_detail_id, run_at) VALUES ({job}, {post}, {});",
            odd.world.company(), odd.page.id, odd.world.database.in_seconds(-60),
        ));
    }
    odd.ask();
    odd.work();
    let rows = odd.world.database.rows(
        "SELECT d.status, s.status, d.outcome, d.error_code
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE d.caption = 'Odd'",
    );
    assert_eq!(rows, [["failed", "failed", "not_published", "invalid_row"]; 3]);
    odd.ask();
}

/// **F10**: odd ended posts keep no comment waiting. The owed comment of such a
/// post, or its clean-up, must not keep others waiting.
#[test]
fn odd_ended_posts_delay_no_comment() {
    let mut odd = Odd::new();
    let time = bad_times()[0];
    let due = odd.world.database.in_seconds(-60);
    for n in 0..12 {
        odd.plant("post_details", "created_at", &[time]);
        let (table, column, _, id) = odd.bad[n].clone();
        assert_eq!((table, column), ("post_details", "created_at"));
        let status = match n % 2 {
            0 => "status = 'published', first_comment = 'Hi', first_comment_state = 'pending'",
            _ => "status = 'cancelled', leftovers = 1",
        };
        odd.world.database.lax(&format!(
            "UPDATE post_schedule SET status = 'done', fence = -9 WHERE post_detail_id = '{id}';
                 UPDATE post_details SET {status}, media = '[1]', follow_up_at = {due}
                  WHERE id = '{id}'"
        ));
    }
    odd.good.push(odd.world.schedule(&odd.page, &["--caption", "C", "--first-comment", "First!"]));
    let ran = odd.work();
    odd.world.work(&[]);
    let comment = odd.good.iter().map(|id| odd.world.json(&["show", id])["data"].clone());
    let sent = comment.filter(|post| post["firstComment"]["state"] == "sent").count();
    assert_eq!(sent, 1, "{ran}");
    let states = "SELECT DISTINCT first_comment_state FROM post_details WHERE caption LIKE 'Odd%'
                     AND status = 'published'";
    assert_eq!(odd.world.database.value(states), "failed");
}

/// **F10**: odd rows beside posts stop nothing.
#[test]
fn odd_rows_stop_no_other_post() {
    let mut odd = Odd::new();
    let other = odd.world.account("linkedin");
    odd.world.run(&["clients", "add", "--first-name", "A", "--last-name", "B"]).ok();
    let beaten = odd.world.database.in_seconds(-1);
    odd.world.database.lax(&format!(
        "INSERT INTO workers (id, host, pid, version, started_at, beat_at)
               VALUES ('odd worker', 'h', 1, '1', {beaten}, {beaten});"
    ));
    for value in bad_times() {
        for (table, columns, key) in [
            ("meta_social_accounts", &["created_at", "updated_at"][..], odd.page.id.as_str()),
            ("meta_social_accounts", &["paused_at", "paused_until"], other.id.as_str()),
            ("agency_clients", &["created_at", "updated_at"], "1"),
            ("workers", &["started_at"], "odd worker"),
        ] {
            for column in columns {
                odd.world
                    .database
                    .lax(&format!("UPDATE {table} SET {column} = {value} WHERE id = '{key}'"));
            }
        }
        odd.world.database.lax(&format!("UPDATE schema_state SET applied_at = {value}"));
        let asked = odd.ask();
        assert!(
            asked[3].stderr.contains("workers.started_at of worker odd worker"),
            "{}",
            asked[3]
        );
        assert!(asked[4].stdout.contains(&other.name), "{}", asked[4]);
        let paused = format!("meta_social_accounts.paused_until of account {}", other.id);
        assert!(asked[4].stderr.contains(&paused), "{}", asked[4]);
        assert!(!asked[8].stdout.contains("missing"), "{}", asked[8]);
        odd.work();
    }
    odd.world.assert_healthy();
}
