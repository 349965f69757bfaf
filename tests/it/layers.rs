//! Which module may import which. A change of this map is a change of the architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::slice::from_ref;

use crate::source::{Reference, SourceFile, files, root};

/// Every module of the crate with what it may name outside of itself: a
/// module, or a path in one. Test code is free.
const MAP: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("kill_point", &[]),
    ("store", &["domain", "kill_point"]),
    ("platforms", &["domain", "kill_point"]),
    ("worker", &["domain", "store", "platforms", "kill_point"]),
    // Shares no code with the clients: they must not have misreadings in common.
    ("sandbox", &[]),
    // Sees workers from outside, as processes.
    ("simulation", &["domain", "store", "sandbox"]),
    ("output", &["domain", "exit::Explained", "exit::ErrorObject", "exit::Fault", "exit::Exit"]),
    ("exit", &["domain", "store"]),
    ("logging", &["domain", "output", "exit"]),
    ("config", &["domain", "output", "exit", "logging"]),
    (
        "context",
        &[
            "domain",
            "config",
            "store",
            "platforms",
            "worker::Options",
            "worker::Spool",
            "worker::TokenSource",
            "output",
            "exit",
        ],
    ),
    (
        "commands",
        &[
            "domain",
            "store",
            "platforms",
            "worker",
            "sandbox",
            "simulation",
            "output",
            "exit",
            "logging",
            "config",
            "context",
        ],
    ),
    ("cli", &["domain", "commands", "context", "config", "exit", "logging", "output"]),
    ("main", &["cli"]),
];

/// Modules whose parts need each other in one direction only; the first is the crate.
const IN_ORDER: &[&str] = &[
    "",
    "commands",
    "config",
    "domain",
    "domain::platform",
    "domain::rules",
    "domain::when",
    "exit",
    "output",
    "platforms",
    "platforms::facebook",
    "platforms::graph",
    "platforms::http",
    "platforms::instagram",
    "platforms::linkedin",
    "sandbox::faults",
    "sandbox::graph",
    "sandbox::instagram",
    "simulation",
    "store",
    "store::queue",
    "store::schema",
    "store::sql",
    "store::views",
    "worker",
];

/// Crates with the only places that may name them.
const WALLS: &[(&str, &[&str])] = &[
    ("sqlx", &["src/store/"]),
    ("libsqlite3_sys", &["src/store/"]),
    ("reqwest", &["src/platforms/"]),
    ("rustls", &["src/platforms/"]),
    ("axum", &["src/sandbox/"]),
    ("hyper", &["src/sandbox/"]),
    ("comfy_table", &["src/output/table.rs"]),
    ("indicatif", &["src/output/progress.rs"]),
    ("dialoguer", &["src/output/", "src/config/early.rs"]),
    ("csv", &["src/output/"]),
    (
        "clap",
        &[
            "src/cli.rs",
            "src/commands/",
            "src/config/flags.rs",
            "src/config/early.rs",
            "src/exit/usage.rs",
        ],
    ),
    // Errors have types; only what a person reads as a chain has none.
    ("anyhow", &["src/exit/", "src/commands/man.rs"]),
    ("std::env", &["src/config/", "src/kill_point.rs"]),
    ("std::env::args_os", &["src/cli.rs"]),
];

/// Most lines of a file.
const LONGEST: usize = 500;

#[test]
fn modules_know_only_whom_they_may_know() {
    let mut faults = String::new();
    for file in files() {
        for reference in file.references(&[]) {
            if let Some(rule) = forbidden(&file.module, &reference.path) {
                report(&mut faults, &file, &reference, &rule);
            }
        }
    }
    assert!(faults.is_empty(), "the import map is broken:\n{faults}");
}

/// What is in a circle cannot be read one file after the other. An item of the
/// module around both belongs to neither.
#[test]
fn neighbouring_modules_have_no_import_circle() {
    let files = files();
    let mut needs: BTreeMap<(Vec<String>, String), BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        for reference in file.references(&[]) {
            let shared =
                file.module.iter().zip(&reference.path).take_while(|(a, b)| a == b).count();
            let Some(from) = file.module.get(shared) else { continue };
            let around = file.module[..shared].to_vec();
            if !IN_ORDER.contains(&around.join("::").as_str()) {
                continue;
            }
            let Some(to) = reference.path.get(shared) else { continue };
            let is_module =
                |file: &SourceFile| file.module.starts_with(&[&around[..], from_ref(to)].concat());
            if files.iter().any(is_module) {
                needs.entry((around, from.clone())).or_default().insert(to.clone());
            }
        }
    }
    let mut circles = BTreeSet::new();
    for (around, from) in needs.keys() {
        let mut reached = BTreeSet::new();
        let mut left = vec![from.clone()];
        while let Some(module) = left.pop() {
            for next in needs.get(&(around.clone(), module)).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    left.push(next.clone());
                }
            }
        }
        if reached.contains(from) {
            circles.insert([&around[..], from_ref(from)].concat().join("::"));
        }
    }
    assert!(circles.is_empty(), "in a circle: {circles:#?}");
}

#[test]
fn every_module_is_on_the_map() {
    let modules: BTreeSet<String> =
        files().iter().filter_map(|file| file.module.first().cloned()).collect();
    let mapped = MAP.iter().map(|(module, _)| *module).filter(|module| !module.contains("::"));
    let mapped: BTreeSet<String> = mapped.map(str::to_owned).collect();
    assert_eq!(modules, mapped, "left: the modules under src/, right: the map");
}

#[test]
fn crates_stay_behind_their_walls() {
    let crates: Vec<&str> = WALLS.iter().filter_map(|(path, _)| path.split("::").next()).collect();
    let mut faults = String::new();
    for file in files() {
        for reference in file.references(&crates).iter().filter(|reference| !reference.is_own) {
            let path = reference.path.join("::");
            let walls: Vec<_> = WALLS.iter().filter(|(wall, _)| is_in(&path, wall)).collect();
            let mut places = walls.iter().flat_map(|(_, places)| *places);
            if !walls.is_empty() && !places.any(|place| file.path.starts_with(place)) {
                let places: Vec<_> = walls.iter().flat_map(|(_, places)| *places).collect();
                report(&mut faults, &file, reference, &format!("stays in {places:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "a crate is used outside of its place:\n{faults}");
}

#[test]
fn the_map_refuses_what_it_should() {
    let check = |module: &str, path: &str| {
        let parts = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        forbidden(&parts(module), &parts(path)).is_none()
    };
    assert!(check("store::claim", "domain::Post"));
    assert!(check("store::claim", "store::db::Pool"));
    assert!(!check("store::claim", "platforms::Publisher"));
    assert!(!check("domain::post", "store::Store"));
    assert!(!check("sandbox::server", "platforms::http"));
    assert!(check("output::json", "exit::Exit"));
    assert!(!check("output::json", "exit::guard"));
    assert!(check("context", "worker::TokenSource"));
    assert!(!check("context", "worker::Worker"));
    assert!(!check("commands::man", "cli::command"));
    assert!(check("commands::list", "commands::view"));
    assert!(!check("commands::list", "commands::show"));
    assert!(!check("commands::list", "commands::show::table"));
    assert!(check("commands::list::columns", "commands::list::rows"));
    assert!(check("commands", "commands::show::ShowArgs"));
}

/// The only file whose SQL sets a status. New posts and rows of other programs aside,
/// which INSERT it.
const LAW: &str = "src/store/queue/transitions.rs";

/// In a statement, what is set follows SET or a comma; a condition does not.
fn sets_a_status(text: &str) -> bool {
    text.match_indices("status = ").any(|(at, _)| {
        let before = text[..at].trim_end();
        before.ends_with("SET") || before.ends_with(',')
    })
}

#[test]
fn only_the_law_sets_a_status() {
    assert!(sets_a_status("UPDATE x\n   SET status = ?") && sets_a_status("a = 1, status = ?"));
    assert!(!sets_a_status("WHERE s.status = 'x' AND status = 'y'"));
    let setting: Vec<String> = files()
        .into_iter()
        .filter(|file| file.path.starts_with("src/store/") && sets_a_status(&file.text))
        .map(|file| file.path)
        .collect();
    assert_eq!(setting, [LAW]);
}

/// A platform that is added needs a migration, which no compiler asks for.
#[test]
fn every_schema_knows_every_platform() {
    for engine in std::fs::read_dir(root().join("migrations")).unwrap() {
        let engine = engine.unwrap().path();
        let files = std::fs::read_dir(&engine).unwrap();
        let sql: String =
            files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        for platform in socialsched::domain::Platform::ALL {
            assert!(sql.contains(&format!("'{platform}'")), "{}: {platform}", engine.display());
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    let mut faults = String::new();
    for file in files() {
        for (number, line) in file.code.lines().enumerate() {
            if line.contains("todo!") || line.contains("unimplemented!") {
                let _ = writeln!(faults, "{}:{}: {}", file.path, number + 1, line.trim());
            }
        }
    }
    assert!(faults.is_empty(), "unfinished code:\n{faults}");
}

#[test]
fn files_are_short_enough_to_be_read() {
    let mut faults = String::new();
    for file in files() {
        let lines = file.text.lines().count();
        // One law, in one file.
        if lines > LONGEST && file.path != LAW {
            let _ = writeln!(faults, "{} has {lines} lines, {LONGEST} are allowed", file.path);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The rule that a module breaks by naming this path; none if it may.
fn forbidden(module: &[String], path: &[String]) -> Option<String> {
    let (module, path) = (module.join("::"), path.join("::"));
    let top = module.split("::").next().unwrap_or_default();
    // The crate's root lists its modules.
    if module.is_empty() {
        return None;
    }
    if is_in(&path, top) {
        return another_command(&module, &path)
            .then(|| "a command knows no other command".to_owned());
    }
    let allowed: Vec<&str> = MAP
        .iter()
        .filter(|(known, _)| is_in(&module, known))
        .flat_map(|(_, allowed)| allowed.iter().copied())
        .collect();
    let fits = allowed.iter().any(|known| is_in(&path, known));
    (!fits).then(|| format!("{module} may know only {allowed:?}"))
}

/// A command that names another one. A command is a module of `commands` whose
/// arguments are on the command tree; the others are shared.
fn another_command(module: &str, path: &str) -> bool {
    let tree = std::fs::read_to_string(root().join("src/cli.rs")).unwrap();
    let command = |path: &str| {
        let name = path.strip_prefix("commands::")?.split("::").next()?;
        let type_of_it = |rest: &str| rest.starts_with(char::is_uppercase);
        let names_a_type = tree.split(&format!("commands::{name}::")).skip(1).any(type_of_it);
        names_a_type.then(|| name.to_owned())
    };
    command(module).zip(command(path)).is_some_and(|(own, other)| own != other)
}

/// The path is this one or below it.
fn is_in(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn report(faults: &mut String, file: &SourceFile, reference: &Reference, rule: &str) {
    let name = reference.path.join("::");
    let _ = writeln!(faults, "  {}:{} names {name}: {rule}", file.path, reference.line);
}
