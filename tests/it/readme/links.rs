//! What documents and comments point at is there: files, headings, and the codes
//! of transitions, invariants and faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::text::{Page, page, pages, table_rows};
use crate::source::{root, tests};

/// Everything that a person may be sent to.
fn documents() -> Vec<Page> {
    let mut all = pages();
    all.extend(["CONTRIBUTING.md", "CHANGELOG.md"].map(page));
    all
}

/// The text outside of code blocks, with its line numbers.
fn prose(page: &Page) -> Vec<(usize, &str)> {
    let mut in_block = false;
    let mut lines = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut seen = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(page) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor = title.trim().to_lowercase().chars().filter(kept).collect::<String>();
        let anchor = anchor.replace(' ', "-");
        let count = seen.entry(anchor.clone()).or_insert(0);
        anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

/// The targets of the links in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// A path without its `.` and `..`, relative to the project.
fn joined(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> =
        Path::new(from).parent().unwrap().to_str().unwrap().split('/').collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            _ => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    let mut faults = Vec::new();
    let mut links = 0;
    for document in &documents {
        for (number, line) in prose(document) {
            for target in targets(line).filter(|target| !target.contains("://")) {
                links += 1;
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let path = match file {
                    "" => document.path.clone(),
                    _ => joined(&document.path, file),
                };
                let leads = match documents.iter().find(|other| other.path == path) {
                    Some(other) => anchor.is_empty() || anchors(other).contains(anchor),
                    None => anchor.is_empty() && root().join(&path).exists(),
                };
                if !leads {
                    faults.push(format!("{}:{number}: {target}", document.path));
                }
            }
        }
    }
    assert!(links > 50, "only {links} links were found");
    assert!(faults.is_empty(), "links that lead nowhere:\n{}", faults.join("\n"));
}

#[test]
fn readme_leads_to_every_chapter() {
    let readme = page("README.md");
    let linked: BTreeSet<&str> = readme.text.lines().flat_map(targets).collect();
    for chapter in pages().into_iter().filter(|page| page.path != "README.md") {
        assert!(linked.contains(chapter.path.as_str()), "{} is not linked", chapter.path);
    }
}

/// All text that may cite a document or a code: sources, tests, scripts, SQL.
fn sources() -> Vec<Page> {
    let mut files = Vec::new();
    for dir in ["src", "tests", "migrations"] {
        walk(&root().join(dir), &mut files);
    }
    let mut sources = Vec::new();
    for path in files {
        // Samples of media are no text.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        sources.push(Page { path, text });
    }
    assert!(sources.len() > 100, "the sources were not found");
    sources
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Names of Markdown files in a line.
fn named_documents(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    line.split(move |c| !is_path(c))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.ends_with(".md") && *word != ".md")
}

#[test]
fn every_document_that_is_named_exists() {
    let mut faults = Vec::new();
    for file in documents().into_iter().chain(sources()) {
        for (number, line) in file.text.lines().enumerate() {
            let line = line.split("://").next().unwrap();
            for name in named_documents(line) {
                let is_there = |path: &str| root().join(path).is_file();
                let from_root = name.trim_start_matches("../");
                // In a chapter a path may also begin at its own folder.
                if !is_there(from_root) && !is_there(&joined(&file.path, name)) {
                    faults.push(format!("{}:{}: {name}", file.path, number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "documents that do not exist:\n{}", faults.join("\n"));
}

/// Whoever moves a file finds here who still names its old place.
#[test]
fn every_source_file_that_a_document_names_exists() {
    let mut faults = Vec::new();
    for document in documents() {
        for (number, line) in prose(&document) {
            for word in line.split('`').skip(1).step_by(2) {
                let is_path =
                    ["src/", "tests/", "migrations/"].iter().any(|dir| word.starts_with(dir));
                let is_example = word.contains(' ') || word.contains("NAME");
                if is_path && !is_example && !root().join(word).exists() {
                    faults.push(format!("{}:{number}: {word}", document.path));
                }
            }
        }
    }
    assert!(faults.is_empty(), "files that do not exist:\n{}", faults.join("\n"));
}

/// The codes that the tables of a document define, such as `T5L` or `G1`.
fn defined(path: &str) -> BTreeSet<String> {
    let rows = table_rows(&page(path).text);
    let codes: BTreeSet<String> =
        rows.into_iter().flatten().filter(|cell| is_code(cell)).map(|cell| plain(&cell)).collect();
    assert!(codes.len() > 40, "{path}: {codes:?}");
    codes
}

/// A letter, a number, and for transitions perhaps another letter.
fn is_code(word: &str) -> bool {
    let Some(letter) = word.chars().next() else { return false };
    let number = word[letter.len_utf8()..].trim_end_matches(['c', 'f', 'm', 'r', 'L']);
    let tail = word.len() - letter.len_utf8() - number.len();
    let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|b| b.is_ascii_digit());
    is_number && (letter == 'T' && tail < 2 || ('A'..='K').contains(&letter) && tail == 0)
        || is_number && letter == 'P' && tail == 0
}

/// Without leading zeros: tests write `f06` for F6.
fn plain(code: &str) -> String {
    let (letter, number) = code.split_at(1);
    match number.trim_start_matches('0') {
        rest if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("{letter}{rest}"),
        rest => format!("{letter}0{rest}"),
    }
}

/// The comment of a line, if it has one.
fn comment(line: &str) -> Option<&str> {
    let start = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'))?.0;
    Some(&line[start..])
}

#[test]
fn every_code_that_is_cited_is_defined() {
    let mut known = defined("docs/protocol.md");
    known.extend(defined("docs/faults.md"));
    // P1 to P19, as their tests call them.
    known.extend((1..=19).map(|number| format!("K{number}")));
    let mut cited = 0;
    let mut faults = Vec::new();
    for file in sources().into_iter().filter(|file| file.path.ends_with(".rs")) {
        for (number, line) in file.text.lines().enumerate() {
            let Some(comment) = comment(line) else { continue };
            for word in comment.split(|c: char| !c.is_alphanumeric() && c != '+') {
                // Control characters, and versions of UTF-8 text.
                if !is_code(word) || matches!(word, "C0") {
                    continue;
                }
                cited += 1;
                if !known.contains(&plain(word)) {
                    faults.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    for name in tests() {
        let first = name.split('_').next().unwrap();
        let Some((letter, number)) = first.split_at_checked(1) else { continue };
        let code = letter.to_uppercase() + &number.replace('l', "L");
        if is_code(&code) && !known.contains(&plain(&code)) {
            faults.push(format!("{name}: {code}"));
        }
    }
    assert!(cited > 50, "only {cited} codes were found");
    assert!(faults.is_empty(), "codes that no document defines:\n{}", faults.join("\n"));
}
