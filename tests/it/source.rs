//! Reads this project's own source text, as far as the rules about it need.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file under `src/`.
pub struct SourceFile {
    /// Relative to the project, such as `src/store/mod.rs`.
    pub path: String,
    /// The module it is, such as `["store"]`; empty for the crate's root.
    pub module: Vec<String>,
    /// The text with comments, literals and test modules blanked out. Lines
    /// are where they were.
    pub code: String,
    /// The text as it is.
    pub text: String,
}

/// A path in code, such as `crate::store::Store`, made absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub line: usize,
    /// From the crate's root or the name of another crate.
    pub path: Vec<String>,
    /// Starts in this crate.
    pub is_own: bool,
}

/// The project's directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under `src/` but those that are only tests.
pub fn files() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths.sort();
    let mut test_only = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let module = module_of(&relative);
        let mut code = blank_comments_and_literals(&text);
        for name in blank_test_items(&mut code) {
            test_only.insert([module.clone(), vec![name]].concat());
        }
        files.push(SourceFile { path: relative, module, code, text });
    }
    files.retain(|file| {
        let is_tests = |name: &String| name == "tests" || name.ends_with("_tests");
        !file.module.iter().any(is_tests)
            && !test_only.iter().any(|module| file.module.starts_with(module))
    });
    files
}

/// A test in `src/` or `tests/`.
pub struct Test {
    /// Its file and line, such as `tests/it/load.rs:30`.
    pub place: String,
    pub name: String,
    /// The first line of its doc comment; empty if it has none.
    pub summary: String,
}

/// All tests in `src/` and `tests/` but those that macros make.
pub fn test_functions() -> Vec<Test> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    walk(&root().join("tests"), &mut paths);
    paths.sort();
    let tests = paths.iter().flat_map(|path| {
        let relative = path.strip_prefix(root()).unwrap().to_str().unwrap();
        tests_in(relative, &fs::read_to_string(path).unwrap())
    });
    tests.collect()
}

/// The names of all tests in `src/` and `tests/`.
pub fn tests() -> BTreeSet<String> {
    test_functions().into_iter().map(|test| test.name).collect()
}

fn tests_in(path: &str, text: &str) -> Vec<Test> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_mark = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let is_head = |line: &&str| line.starts_with("///") || line.starts_with("#[");
    let marks = (0..lines.len()).filter(|at| is_mark(&lines[*at]));
    let tests = marks.filter_map(|mark| {
        let head = lines[..mark].iter().rev().take_while(|line| is_head(line)).count();
        let (at, name) = (mark..lines.len())
            .find_map(|at| Some((at, lines[at].split_once("fn ")?.1)))
            .filter(|(_, rest)| !rest.starts_with('$'))?;
        let summary = lines[mark - head..at].iter().find_map(|line| line.strip_prefix("///"));
        Some(Test {
            place: format!("{path}:{}", at + 1),
            name: name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect(),
            summary: summary.unwrap_or_default().trim().to_owned(),
        })
    });
    tests.collect()
}

impl Test {
    /// The faults and transitions that it is about: its doc comment begins with
    /// `**H23, P12**: `. `None` if it seems to name some in another form.
    pub fn codes(&self) -> Option<Vec<&str>> {
        let Some(rest) = self.summary.strip_prefix("**") else {
            let first = self.summary.split([' ', ':', ',']).next().unwrap_or_default();
            return (!is_code(first)).then(Vec::new);
        };
        let (codes, _) = rest.split_once("**: ")?;
        let codes: Vec<&str> = codes.split(", ").collect();
        codes.iter().all(|code| is_code(code)).then_some(codes)
    }
}

/// A letter and a number, for transitions perhaps another letter: `H23`, `T5L`.
/// `S` has no number.
pub fn is_code(word: &str) -> bool {
    let Some(number) = word.strip_prefix(|c: char| c.is_ascii_uppercase()) else { return false };
    let number = number.strip_suffix(|c: char| c.is_ascii_alphabetic()).unwrap_or(number);
    let is_plain = number == "0" || !number.starts_with('0');
    let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|b| b.is_ascii_digit());
    word == "S" || is_plain && is_number
}

impl SourceFile {
    /// Every path that starts with `crate`, `super`, this crate's name, or the
    /// name of a crate in `crates`.
    pub fn references(&self, crates: &[&str]) -> Vec<Reference> {
        let mut found = Vec::new();
        let bytes = self.code.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !is_word(bytes[at]) {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && is_word(bytes[at]) {
                at += 1;
            }
            let word = &self.code[start..at];
            let before = self.code[..start].trim_end();
            let inside = before.ends_with("::") || before.ends_with('.');
            let own = matches!(word, "crate" | "super" | "socialsched");
            if inside || !(own || crates.contains(&word)) {
                continue;
            }
            let (tree, end) = use_tree(&self.code, start);
            let line = 1 + self.code[..start].matches('\n').count();
            if !own {
                let used =
                    before.ends_with("use") || self.code[at..].trim_start().starts_with("::");
                let path = |path: Vec<String>| Reference { line, path, is_own: false };
                found.extend(tree.into_iter().filter(|_| used).map(path));
            } else {
                let path = |path: Vec<String>| {
                    Some(Reference { line, path: self.absolute(path)?, is_own: true })
                };
                found.extend(tree.into_iter().filter_map(path));
            }
            at = end.max(at);
        }
        found
    }

    /// From the crate's root. None for a path out of an inline module that
    /// stays in this file, and for a bare `crate` as in `pub(crate)`.
    fn absolute(&self, path: Vec<String>) -> Option<Vec<String>> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let rest = &path[supers.max(1)..];
        if rest.is_empty() {
            return None;
        }
        let base = self.module.len().checked_sub(supers)?;
        let base = if supers > 0 { &self.module[..base] } else { &[] };
        Some([base, rest].concat())
    }
}

fn walk(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = path.split('/').map(str::to_owned);
    let mut module: Vec<String> = parts.collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// All paths of a `use` tree (or a plain path) that starts here, and its end.
fn use_tree(code: &str, start: usize) -> (Vec<Vec<String>>, usize) {
    let bytes = code.as_bytes();
    let skip = |mut at: usize| {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        at
    };
    let mut path = Vec::new();
    let mut at = start;
    loop {
        let from = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        path.push(code[from..at].to_owned());
        let next = skip(at);
        if !code[next..].starts_with("::") {
            return (vec![path], at);
        }
        at = skip(next + 2);
        match bytes.get(at) {
            Some(b'{') => {
                let mut paths = Vec::new();
                at = skip(at + 1);
                while at < bytes.len() && bytes[at] != b'}' {
                    if !is_word(bytes[at]) {
                        at += 1;
                        continue;
                    }
                    let (tree, end) = use_tree(code, at);
                    // The new name after `as` is no path.
                    let renamed = code[..at].trim_end().ends_with(" as");
                    if !renamed && !matches!(tree[0][0].as_str(), "as") {
                        paths.extend(tree.into_iter().map(|rest| [path.clone(), rest].concat()));
                    }
                    at = skip(end);
                }
                return (paths, at + 1);
            }
            Some(byte) if is_word(*byte) => {}
            // A glob or a turbofish.
            _ => return (vec![path], at),
        }
    }
}

/// Replaces everything that is no code by blanks; newlines stay.
fn blank_comments_and_literals(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let after_word = at > 0 && is_word(text.as_bytes()[at - 1]);
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if rest.starts_with('"') {
            string(rest)
        } else if !after_word && raw_string(rest).is_some() {
            raw_string(rest).unwrap_or(1)
        } else if rest.starts_with('\'') {
            character(rest)
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        for byte in &mut code[at..at + end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += end;
    }
    // A name contains no characters of other alphabets.
    code.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b' ');
    String::from_utf8(code).unwrap()
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let quoted = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - quoted.len();
    Some(quoted.find(&end).map_or(rest.len(), |length| start + length + end.len()))
}

/// A character, or the mark of a lifetime.
fn character(rest: &str) -> usize {
    if let Some(escape) = rest.strip_prefix("'\\") {
        let skipped = escape.chars().next().map_or(0, char::len_utf8);
        return escape[skipped..].find('\'').map_or(1, |end| 2 + skipped + end + 1);
    }
    let Some(inner) = rest[1..].chars().next() else { return 1 };
    if rest[1 + inner.len_utf8()..].starts_with('\'') { 2 + inner.len_utf8() } else { 1 }
}

/// Blanks every item under `#[cfg(test)]`; returns the names of modules that
/// are declared there and have files of their own.
fn blank_test_items(code: &mut String) -> Vec<String> {
    const MARK: &str = "#[cfg(test)]";
    let mut files = Vec::new();
    while let Some(start) = code.find(MARK) {
        let item = &code[start..];
        let end = match item.find(['{', ';']) {
            Some(at) if item.as_bytes()[at] == b'{' => at + block(&item[at..]),
            Some(at) => {
                let declared = item[MARK.len()..at].rsplit_once("mod ");
                files.extend(declared.map(|(_, name)| name.trim().to_owned()));
                at + 1
            }
            None => item.len(),
        };
        let blank: String =
            item[..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..start + end, &blank);
    }
    files
}

fn block(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        let mut code = blank_comments_and_literals(text);
        blank_test_items(&mut code);
        let (path, module) = (path.to_owned(), module_of(path));
        SourceFile { path, module, code, text: text.to_owned() }
    }

    fn own(path: &str, text: &str) -> Vec<String> {
        file(path, text).references(&[]).into_iter().map(|r| r.path.join("::")).collect()
    }

    #[test]
    fn a_use_tree_is_read_to_its_leaves() {
        let text =
            "use crate::{\n  store::{Store, self as s, db::{Pool}},\n  domain::Post as P,\n};";
        let expected =
            ["store::Store", "store::self", "store::db::Pool", "domain::Post"].map(str::to_owned);
        assert_eq!(own("src/worker/run.rs", text), expected);
    }

    /// Paths in code and out of the own module are seen.
    #[test]
    fn paths_outside_own_module_are_seen() {
        let text =
            "fn f(x: &super::super::store::Store) { crate::domain::x::<crate::exit::Exit>() }";
        let expected = ["store::Store", "domain::x", "exit::Exit"].map(str::to_owned);
        assert_eq!(own("src/worker/run.rs", text), expected);
    }

    #[test]
    fn comments_literals_and_test_modules_do_not_count() {
        let text = r##"
            // crate::a
            /* crate::b /* crate::c */ crate::d */
            const X: &str = "crate::e \" crate::f"; const Y: &str = r#"crate::g " crate::h"#;
            fn f<'a>(c: char) -> bool { c == '"' || c == '\'' || c == '\u{1F}' }
            #[cfg(test)]
            mod tests { use crate::i; fn f() { crate::j() } }
            pub(crate) fn g() { crate::k::l() }
        "##;
        assert_eq!(own("src/worker/run.rs", text), ["k::l"]);
    }

    #[test]
    fn other_crates_are_seen_where_they_are_used() {
        let text = "use clap::Parser;\n#[derive(clap::Args)] struct X { clap: u8 }\nfn f(x: X) { x.clap; std::env::args(); }";
        let found = file("src/cli.rs", text).references(&["clap", "std"]);
        let found: Vec<_> = found.iter().map(|r| (r.line, r.path.join("::"))).collect();
        let expected = [(1, "clap::Parser"), (2, "clap::Args"), (3, "std::env::args")];
        assert_eq!(found, expected.map(|(line, path)| (line, path.to_owned())));
    }

    /// Maximum number of words in a test's name.
    const LONGEST_NAME: usize = 8;

    #[test]
    fn test_names_are_short_and_without_codes() {
        let mut faults = Vec::new();
        for test in test_functions() {
            let words: Vec<&str> = test.name.split('_').collect();
            // These are named after the documents that they read.
            if words.len() > LONGEST_NAME {
                faults.push(format!("{}: {}: {} words", test.place, test.name, words.len()));
            }
            // Also with a zero, as in `f06`.
            let (letter, number) = words[0].split_at(1);
            let number = number.strip_prefix('0').filter(|rest| !rest.is_empty()).unwrap_or(number);
            if is_code(&format!("{}{number}", letter.to_uppercase())) {
                faults.push(format!("{}: {}: a code in its name", test.place, test.name));
            }
        }
        assert!(
            faults.is_empty(),
            "the topic is the name, codes begin the comment:\n{}",
            faults.join("\n")
        );
    }

    #[test]
    fn tests_are_found_with_their_codes() {
        // Not to be found here itself.
        let text = "
            /// **H23, T5L**: a comment.
            /// More of it.
            @[test]
            @[ignore = \"slow\"]
            fn one() {}

            @[tokio::test(start_paused = true)]
            /// P9: in another form.
            async fn two() {}
            $(@[test] fn $name() {})+
            @[test]
            fn three() {}
        ";
        let tests = tests_in("a.rs", &text.replace('@', "#"));
        let found: Vec<_> =
            tests.iter().map(|test| (&*test.place, &*test.name, test.codes())).collect();
        let expected = [
            ("a.rs:6", "one", Some(vec!["H23", "T5L"])),
            ("a.rs:10", "two", None),
            ("a.rs:13", "three", Some(Vec::new())),
        ];
        assert_eq!(found, expected);
        assert!(["S", "A1", "T0", "T10", "T0m", "T5L"].iter().all(|code| is_code(code)));
        assert!(
            !["", "s", "A", "A01", "A100", "a1", "UTF", "D1xx"].iter().any(|word| is_code(word))
        );
    }
}
