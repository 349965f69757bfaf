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
    let line = ran.stderr.lines().find(|line| line.contains("the database was asked for "));
    let line = line.unwrap_or_else(|| panic!("no line with counts: {ran}"));
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let before = |word: &str| {
        let at = words.iter().rposition(|found| *found == word).unwrap();
        words[at - 1].parse().unwrap()
    };
    Asked { transactions: before("transactions"), statements: before("statements") }
}

/// A text on LinkedIn takes three transactions: its claim, its gate, and its evidence. All
/// else is asked once for a run.
#[test]
fn posts_share_transactions_and_statements() {
    let [one, five, fifty] = [1, 5, 50].map(asked_for);
    eprintln!("{one:?} {five:?} {fifty:?}");
    assert!(one.transactions <= 12 && one.statements <= 45, "{one:?}");
    assert!(five.transactions <= 24 && five.statements <= 100, "{five:?}");
    assert!(fifty.transactions <= 40 && fifty.statements <= 160, "{fifty:?}");
}
