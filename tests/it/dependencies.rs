//! Which crates and which SQLite this program is built with.

use std::fs;

use crate::source::root;
use crate::support::World;

#[derive(serde::Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
    version: String,
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    toml::from_str(&fs::read_to_string(root().join(file)).unwrap()).unwrap()
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let rules: toml::Table = read("deny.toml");
    let banned: Vec<&str> = rules["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["crate"].as_str().unwrap())
        .collect();
    for name in ["openssl-sys", "native-tls", "aws-lc-rs", "reqwest-retry", "backoff", "chrono-tz"]
    {
        assert!(banned.contains(&name), "deny.toml bans {name} no more");
    }
    let lock: Lock = read("Cargo.lock");
    let found: Vec<_> = lock
        .package
        .iter()
        .map(|package| &package.name)
        .filter(|n| banned.contains(&n.as_str()))
        .collect();
    assert!(found.is_empty(), "banned crates in Cargo.lock: {found:?}");
}

/// SQLite before 3.51.3 can damage a database that two connections write to
/// (sqlite.org/wal.html#walresetbug).
#[test]
fn the_bundled_sqlite_has_no_wal_reset_bug() {
    let lock: Lock = read("Cargo.lock");
    let versions: Vec<_> =
        lock.package.iter().filter(|p| p.name == "libsqlite3-sys").map(|p| &p.version).collect();
    assert!(versions.len() == 1, "one libsqlite3-sys: {versions:?}");
    assert!(numbers(versions[0]) >= vec![0, 37], "libsqlite3-sys is {}", versions[0]);

    let world = World::new();
    let linked = world.database.value("SELECT sqlite_version()");
    assert!(numbers(&linked) >= vec![3, 51, 3], "SQLite is {linked}");
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
