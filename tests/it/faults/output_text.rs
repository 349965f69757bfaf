//! The text of output and logs.

use std::net::TcpListener;

use expectrl::Expect;
use serde_json::{Value, json};

use crate::support::{Account, World};

/// Makes a line that looks like the program's own, colours, and sets a title.
const FORGED: &str = "x\n[ERROR] forged\r\n2026-01-01\t\u{1b}[31m\u{1b}]0;t\u{7}\u{202e}";

/// An account with this name.
fn named(world: &World, name: &str) -> Account {
    #[rustfmt::skip]
    let added = world.json(&[
        "accounts", "add", "--platform", "facebook", "--name", name, "--external-id", "4711",
    ]);
    let id = added["data"]["id"].as_str().unwrap().to_owned();
    Account { id, name: name.to_owned(), platform: "facebook", external_id: "4711".to_owned() }
}

#[track_caller]
fn assert_harmless(text: &str) {
    let odd = |c: &char| (c.is_control() && !matches!(c, '\n' | '\t')) || *c == '\u{202e}';
    assert_eq!(text.chars().find(odd), None, "{text:?}");
    let forged =
        text.lines().find(|line| line.starts_with("[ERROR]") || line.starts_with("2026-01-01"));
    assert_eq!(forged, None, "{text}");
}

/// **K1**: no text forges a row or a log line.
#[test]
fn text_forges_no_row_or_log_line() {
    let world = World::new();
    let account = named(&world, FORGED);
    let id = world.schedule(&account, &["--caption", FORGED, "--at", "+1h"]);
    for format in ["table", "tsv", "csv", "jsonl"] {
        let ran = world.run(&["list", "-o", format]).ok();
        let header = usize::from(matches!(format, "table" | "csv"));
        assert_eq!(ran.stdout.lines().count(), 1 + header, "{ran}");
        assert_harmless(&ran.stdout);
    }
    for args in
        [["accounts"].as_slice(), &["queue-status"], &["show", &id], &["show", &id, "-o", "table"]]
    {
        assert_harmless(&world.run(args).ok().stdout);
    }
    world.run(&["reschedule", &id, "--now"]).ok();
    for format in ["text", "json"] {
        world.set("SOCIALSCHED_WORKER_ID", FORGED);
        let ran = world.run(&["run-worker", "--once", "-vv", "--log-format", format]).ok();
        assert_harmless(&ran.stderr);
        assert_harmless(&ran.stdout);
        if format == "json" {
            for line in ran.stderr.lines().filter(|line| line.starts_with('{')) {
                serde_json::from_str::<Value>(line).unwrap();
            }
        }
    }
    assert_harmless(&world.run(&["accounts", "remove", FORGED, "-n"]).stderr);
    assert_harmless(
        &world.run(&["clients", "add", "--first-name", FORGED, "--last-name", FORGED]).stdout,
    );
    assert_harmless(&world.run(&["clients"]).ok().stdout);
    assert_harmless(&world.run(&["list", "--account", &format!("{FORGED}!")]).exits(3).stderr);
    world.assert_healthy();
}

/// **K2**: a platform's error text is escaped everywhere.
#[test]
fn platform_error_text_is_escaped_everywhere() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"}, "fault": "status", "status": 400,
        "body": {"error": {"message": FORGED, "type": FORGED, "code": 100, "fbtrace_id": FORGED,
            "error_user_title": FORGED, "error_user_msg": FORGED}},
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let ran = world.run(&["run-worker", "--once", "-vv"]).ok();
    assert_harmless(&ran.stderr);
    assert!(ran.stderr.contains("forged"), "{ran}");
    assert!(ran.stderr.contains("the database was asked for "), "{ran}");
    assert_eq!(world.status(&id), "failed");
    for args in [
        ["list"].as_slice(),
        &["list", "-o", "table"],
        &["list", "-o", "csv"],
        &["list", "--json"],
        &["show", &id],
        &["show", &id, "-o", "table"],
        &["show", &id, "-o", "csv"],
        &["show", &id, "--json"],
        &["queue-status", "-o", "table"],
    ] {
        assert_harmless(&world.run(args).ok().stdout);
    }
    assert!(world.run(&["show", &id, "-o", "table"]).ok().stdout.contains("forged"));
    world.assert_healthy();
}

/// **K3**: columns line up by what is seen.
#[test]
fn columns_align_by_display_width() {
    let world = World::new();
    let account = named(&world, "日本語");
    let captions = ["plain", "日本語", "e\u{301}e\u{301}", "👩\u{200d}👩\u{200d}👧", "x"];
    for caption in captions {
        world.schedule(&account, &["--caption", caption, "--at", "+1h", "--allow-duplicate"]);
    }
    world.account("facebook");
    let table = world.run(&["list", "-o", "table"]).ok().stdout;
    let place = |line: &str, part: &str| {
        let at = line.rfind(part).unwrap_or_else(|| panic!("{part} in {line}"));
        unicode_width::UnicodeWidthStr::width(&line[..at])
    };
    let header = table.lines().next().unwrap();
    for caption in captions {
        let line = table.lines().find(|line| line.ends_with(caption)).unwrap();
        assert_eq!(place(line, caption), place(header, "caption"), "{table}");
        assert_eq!(place(line, "pending"), place(header, "status"), "{table}");
    }
}

/// **K4**: JSON gives back every character.
#[test]
fn json_preserves_every_character() {
    let world = World::new();
    let page = world.account("facebook");
    let mut evil: String = (1..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32).collect();
    evil.push_str("\u{2028}\u{2029}\u{feff}\u{fffe}\u{10ffff}\"\\</script>\u{e000}é");
    let id = world.schedule(&page, &["--caption", &evil, "--at", "+1h"]);
    let ran = world.run(&["list", "--json"]).ok();
    assert_eq!(ran.json()["data"][0]["caption"], evil.as_str());
    assert!(!ran.stdout.contains(['\u{2028}', '\u{2029}', '\u{7f}', '\u{9b}']), "{ran:?}");
    let lines = world.run(&["list", "-o", "jsonl"]).ok();
    assert_eq!(lines.json_lines()[0]["caption"], evil.as_str());
    assert_eq!(lines.stdout.split('\n').count(), 2, "one line");
    let shown = world.json(&["show", &id]);
    assert_eq!(shown["data"]["caption"], evil.as_str());
}

/// **K5**: a spreadsheet runs no cell.
#[test]
fn spreadsheet_runs_no_cell() {
    let world = World::new();
    for (n, name) in ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "a,\"b\""].iter().enumerate()
    {
        #[rustfmt::skip]
        world.run(&[
            "accounts", "add", "--platform", "facebook", &format!("--name={name}"),
            "--external-id", &n.to_string(),
        ]).ok();
    }
    let ran = world.run(&["accounts", "-o", "csv"]).ok();
    let mut rows = csv::Reader::from_reader(ran.stdout.as_bytes());
    let place = rows.headers().unwrap().iter().position(|header| header == "name").unwrap();
    let names: Vec<String> = rows.records().map(|row| row.unwrap()[place].to_owned()).collect();
    assert_eq!(names.len(), 5, "{ran}");
    for name in &names {
        assert!(!name.starts_with(['=', '+', '-', '@']), "{name}");
    }
    assert!(names.contains(&"a,\"b\"".to_owned()), "{names:?}");
}

/// What the program writes on a terminal of this kind and width.
fn on_terminal(world: &World, args: &[&str], columns: u16, variables: &[(&str, &str)]) -> String {
    let mut command = world.command(args);
    command.env("TERM", "xterm-256color").envs(variables.iter().copied()).env_remove("COLUMNS");
    let mut session = expectrl::Session::spawn(command).unwrap();
    session.get_process_mut().set_window_size(columns, 24).unwrap();
    session.set_expect_timeout(Some(std::time::Duration::from_secs(20)));
    let found = session.expect(expectrl::Eof).unwrap();
    String::from_utf8(found.as_bytes().to_vec()).unwrap()
}

/// **K6**: output is readable on any terminal, and JSON is the same everywhere.
#[test]
fn output_is_readable_on_any_terminal() {
    let world = World::new();
    let page = world.account("facebook");
    let caption = "A long caption that needs much room, ".repeat(5);
    let id = world.schedule(&page, &["--caption", &caption, "--at", "+1h"]);
    for columns in [0, 1, 20, 80, 1000] {
        let table = on_terminal(&world, &["list"], columns, &[]);
        assert!(table.contains(&id[..8]) && table.contains("pending"), "{columns}: {table}");
        assert!(table.contains("A long"), "{columns}: {table}");
    }
    assert!(on_terminal(&world, &["list"], 80, &[]).contains('\u{1b}'), "colour");
    for plain in [[("NO_COLOR", "1")], [("TERM", "dumb")], [("CLICOLOR", "0")]] {
        for args in [["list"].as_slice(), &["--help"], &["list", "--nonsense"], &["show", "abcdef"]]
        {
            let text = on_terminal(&world, args, 80, &plain);
            assert!(!text.contains('\u{1b}'), "{plain:?} {args:?}: {text:?}");
        }
    }
    let piped = world.run(&["list", "--json"]).ok().stdout;
    for columns in [0, 20, 1000] {
        let shown = on_terminal(&world, &["list", "--json", "--color", "always"], columns, &[]);
        assert_eq!(shown.replace("\r\n", "\n"), piped, "{columns}");
    }
    world.set("NO_COLOR", "1");
    assert_eq!(world.run(&["list", "--json"]).ok().stdout, piped);
    let forced = world.run(&["list", "-o", "table", "--color", "always"]).ok();
    assert!(forced.stdout.contains('\u{1b}'), "the flag wins: {forced}");
}

/// **K7**: there is no bar and no colour without a terminal.
#[test]
fn missing_terminal_means_no_bar_or_colour() {
    let world = World::new();
    let page = world.account("facebook");
    world.set("TERM", "xterm-256color");
    world.schedule(&page, &["--caption", "Hello"]);
    for args in [["migrate"].as_slice(), &["run-worker", "--once"], &["demo"], &["recover"]] {
        let ran = world.run(args).ok();
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(['\u{1b}', '\r']), "{ran:?}");
    }
    world.run(&["run-worker", "--once"]).ok().silent();
}

/// **K8**: no secret is in any output. Runs one of every command, also such as
/// fail, with a token in each answer of a platform and a password in each place
/// for one.
#[test]
fn no_secret_is_in_any_output() {
    let world = World::new();
    let image = world.media("one.jpg");
    let mut accounts = Vec::new();
    for platform in ["facebook", "instagram", "linkedin"] {
        accounts.push(world.account(platform));
    }
    let token = |platform: &str| format!("canary-{platform}-token");
    let echo = |platform: &str| {
        let token = token(platform);
        json!({
            "error": {"message": format!("Bad token {token} in ?access_token={token}&x"), "code": 100,
                "type": "OAuthException", "error_user_msg": format!("Bearer {token}"),
                "fbtrace_id": token, "error_data": {"token": token}},
            "message": format!("Invalid token {token}"), "code": token, "serviceErrorCode": 65600,
            "paging": {"next": format!("https://graph.facebook.com/x?access_token={token}")},
        })
    };
    let mut ids = Vec::new();
    for (status, log) in
        [(400, "warn"), (401, "debug"), (403, "trace"), (500, "trace"), (200, "trace")]
    {
        for account in &accounts {
            world.heal();
            world.fault(&json!({
                "match": {"platform": account.platform}, "fault": "status", "status": status,
                "body": echo(account.platform),
            }));
            let caption = format!("Hello {status} {}", account.platform);
            ids.push(world.schedule(account, &["--caption", &caption, "--image", &image]));
            world.set("SOCIALSCHED_LOG", log);
            for format in ["tsv", "json", "jsonl"] {
                world.run(&[
                    "run-worker",
                    "--once",
                    "-o",
                    format,
                    "--settle",
                    "0s",
                    "--max-runtime",
                    "1s",
                ]);
            }
            world.run(&["accounts", "resume", &account.id]);
        }
    }
    world.advance(std::time::Duration::from_secs(600));
    for args in [
        ["list"].as_slice(),
        &["list", "--json"],
        &["accounts", "--json"],
        &["accounts"],
        &["queue-status", "--json"],
        &["recover", "--json"],
        &["recover", "-n"],
        &["run-worker", "-n"],
        &["clients"],
        &["--help"],
        &["demo"],
        &["cancel", "nonsense"],
        &["migrate", "--status"],
    ] {
        world.run(args);
    }
    for id in &ids {
        world.run(&["show", id, "--json"]).ok();
        world.run(&["show", id, "-o", "table"]).ok();
        world.run(&["retry", id]);
        world.run(&["cancel", id]);
    }
    // A gateway that nobody listens on, and databases that want a password.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.set("SOCIALSCHED_PLATFORM_GATEWAY", format!("http://{address}"));
    world.run(&["run-worker", "--once", "-vvv"]);
    for url in
        ["postgres://me:canary-p@127.0.0.1:1/x", "mysql://me:canary-p@127.0.0.1:1/x?ssl=canary-q"]
    {
        for args in [["list"], ["migrate"], ["queue-status"]] {
            world.run(&[&args[..], &["--database-url", url, "-vvv"]].concat());
        }
    }
    world.assert_healthy();
}
