//! How long commands take on a database with many posts.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::Options;
use crate::database::{Database, Kind, Posts};
use crate::drain::finished;
use crate::line::{Line, percentile};
use crate::server::Server;
use crate::stand_in::{StandIn, now};

/// Runs a command that must succeed; its wall time in milliseconds.
pub fn wall_ms(command: &mut Command, database: &Database) -> Result<f64> {
    let began = Instant::now();
    let status = command.status()?;
    let wall = began.elapsed();
    ensure!(status.success(), "{command:?}: {}", database.last_error());
    Ok(wall.as_secs_f64() * 1000.0)
}

/// Each command several times.
pub fn all(options: &Options, server: &Server) -> Result<()> {
    const RUNS: usize = 11;
    const PENDING: u64 = 1000;
    let history = options.history.unwrap_or(1_000_000).max(1);
    let database = Database::new(server)?;
    let stand_in = StandIn::start(Duration::ZERO)?;
    let accounts = options.accounts.unwrap_or(1000);
    database.add_accounts(&Kind::Text, 1, accounts)?;
    finished(&database, &stand_in, options, history, accounts)?;
    database.add_posts(
        &Kind::Text,
        &Posts {
            first: history + 1,
            count: PENDING,
            first_account: 1,
            accounts,
            from_ms: now() / 1000 + 24 * 3_600_000,
            spread_ms: 7 * 24 * 3_600_000,
        },
    )?;
    database.analyze()?;
    let post = database.post_id(history / 2 + 1);
    let schedule =
        ["schedule", "--account", "Account 1", "--caption", "Our new menu is here", "--at", "+2d"];
    let commands: [&[&str]; 6] = [
        &["run-worker", "--once"],
        &schedule,
        &["list"],
        &["list", "--status", "published"],
        &["queue-status"],
        &["show", &post],
    ];
    for arguments in commands {
        let mut times = Vec::new();
        for run in 0..RUNS {
            let mut command = database.program();
            command.env("SOCIALSCHED_PLATFORM_GATEWAY", stand_in.gateway()).args(arguments);
            if arguments[0] == "schedule" {
                // The same text again would be asked about.
                command.args(["--link", &format!("https://example.com/{run}")]);
            }
            times.push(wall_ms(&mut command, &database)?);
        }
        times.sort_by(f64::total_cmp);
        let shown = arguments.iter().filter(|argument| **argument != post);
        let name: Vec<&str> = match arguments {
            ["schedule", ..] => vec!["schedule"],
            _ => shown.copied().collect(),
        };
        Line::new("commands", database.engine().name())
            .set("command", name.join(" "))
            .set("history", history)
            .set("pending", PENDING)
            .set("runs", RUNS)
            .number("min_ms", times.first().copied())
            .number("p50_ms", percentile(&times, 0.5))
            .print()?;
    }
    Ok(())
}
