//! What posts cost the database: counted, since a statement too many is seen by nobody.

use crate::support::World;

/// What a worker asked of its database.
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
/// of them take hardly more than one. On SQLite reads count as transactions, too.
#[test]
fn posts_share_transactions_and_statements() {
    let most = [(1, 14, 42), (5, 18, 60), (50, 24, 100)];
    for (posts, transactions, statements) in most {
        let asked = asked_for(posts);
        let few = asked.transactions <= transactions && asked.statements <= statements;
        assert!(few, "{posts} posts: {asked:?}");
    }
}
