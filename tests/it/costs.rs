//! What posts cost the database: counted, since a statement too many changes nothing else.

use crate::support::{Engine, Ran, World};

/// What a process asked of its database.
#[derive(Debug, Clone, Copy)]
struct Asked {
    transactions: u32,
    statements: u32,
}

/// Runs a worker on this many due texts, on an account each, and counts.
fn asked_for(posts: usize) -> Asked {
    let world = World::new();
    for number in 0..posts {
        let page = world.account("linkedin");
        world.schedule(&page, &["--caption", &format!("Post number {number}")]);
    }
    let ran = world.work(&["-vv"]);
    assert_eq!(world.live().len(), posts, "{ran}");
    counted(&ran)
}

/// What it says of itself at its end.
fn counted(ran: &Ran) -> Asked {
    // The heartbeat has connections of its own, and counts for itself.
    let lines = ran.stderr.lines().filter(|line| line.contains("the database was asked for "));
    let asked = lines.map(asked).max_by_key(|asked| asked.statements);
    asked.unwrap_or_else(|| panic!("no line with counts: {ran}"))
}

fn asked(line: &str) -> Asked {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let before = |word: &str| {
        let at = words.iter().rposition(|found| *found == word).unwrap();
        words[at - 1].parse().unwrap()
    };
    Asked { transactions: before("transactions"), statements: before("statements") }
}

/// A text on LinkedIn takes three transactions: its claim, its gate, and its evidence. Fifty
/// of them take hardly more than one.
#[test]
fn posts_share_transactions_and_statements() {
    for (posts, transactions, statements) in [(1, 4, 42), (5, 8, 60), (50, 14, 100)] {
        let asked = asked_for(posts);
        let most = transactions + reads_of_a_run();
        let few = asked.transactions <= most && asked.statements <= statements;
        assert!(few, "{posts} posts: {asked:?}");
    }
}

/// On SQLite also what is only read is a transaction.
fn reads_of_a_run() -> u32 {
    if Engine::of_this_run() == Engine::Sqlite { 10 } else { 0 }
}

/// A command asks few statements, each a round trip on a server. The first one says that
/// the database is ours, which one it is, and what time it is there.
#[test]
fn commands_ask_few_statements() {
    let world = World::new();
    let page = world.account("facebook");
    let post = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let name = page.name.clone();
    let schedule = ["schedule", "--account", &name, "--caption", "Once more", "--at", "+2h", "-vv"];
    for (transactions, statements, args) in [
        // What the account is; then account, twin, and the two rows.
        (1, 6, &schedule[..]),
        // How many posts there may be, then the page.
        (0, 3, &["list", "-vv"]),
        (0, 3, &["list", "--status", "published", "-vv"]),
        (0, 4, &["list", "--account", &name, "--json", "-vv"]),
        (0, 2, &["list", "--status", "pending", "-vv"]),
        (0, 4, &["show", &post, "-vv"]),
        (0, 9, &["queue-status", "-vv"]),
    ] {
        let asked = counted(&world.run(args).ok());
        assert!(asked.transactions <= transactions + reads_of_a_run(), "{args:?}: {asked:?}");
        assert!(asked.statements <= statements, "{args:?}: {asked:?}");
    }
}
