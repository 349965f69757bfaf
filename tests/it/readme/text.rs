//! Reads README.md and the chapters under docs/ as far as their tests need.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::source::root;

/// A document of this project.
pub struct Page {
    /// Relative to the project, such as `docs/proof.md`.
    pub path: String,
    pub text: String,
}

/// The document of this path.
#[track_caller]
pub fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path));
    Page { path: path.to_owned(), text: text.unwrap_or_else(|error| panic!("{path}: {error}")) }
}

/// README.md and every chapter under docs/.
pub fn pages() -> Vec<Page> {
    let file = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let names = fs::read_dir(root().join("docs")).unwrap().map(file);
    let mut paths: Vec<String> =
        names.map(|name| format!("docs/{}", name.to_str().unwrap())).collect();
    paths.sort();
    assert!(paths.len() > 10, "the chapters were not found: {paths:?}");
    ["README.md".to_owned()].into_iter().chain(paths).map(|path| page(&path)).collect()
}

impl Page {
    /// The text of a section of the second level.
    #[track_caller]
    pub fn section(&self, title: &str) -> &str {
        let heading = format!("\n## {title}\n");
        let start = self.text.find(&heading);
        let start = start.unwrap_or_else(|| panic!("no section {title:?} in {}", self.path));
        let rest = &self.text[start + heading.len()..];
        &rest[..rest.find("\n## ").unwrap_or(rest.len())]
    }

    /// The code blocks of this language.
    pub fn code_blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("\n```{language}\n");
        let blocks = self.text.split(&fence).skip(1);
        blocks.map(|rest| rest[..rest.find("\n```").unwrap() + 1].to_owned()).collect()
    }

    /// The words behind the opening fences of all code blocks.
    pub fn languages(&self) -> Vec<&str> {
        let fences = self.text.lines().filter_map(|line| line.trim_start().strip_prefix("```"));
        fences.step_by(2).collect()
    }
}

/// Next year in place of the documents', so that their times are always to come.
pub fn in_next_year(text: &str) -> String {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let next_year = 1971 + age / (365 * 86_400 + 86_400 / 4);
    text.replace("2027-", &format!("{next_year}-"))
}

/// The cells of all tables, without their headings.
pub fn table_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut in_body = false;
    for line in text.lines() {
        if !line.starts_with('|') {
            in_body = false;
        } else if line.starts_with("|--") || line.starts_with("| --") {
            in_body = true;
        } else if in_body {
            let cells = line.trim_matches('|').split(" | ");
            rows.push(cells.map(|cell| cell.trim().to_owned()).collect());
        }
    }
    rows
}

/// Everything that begins with the program's name in code, as words: in
/// blocks, and in the text between backticks. A line ends at a pipe, a
/// redirection, a comment or `;`.
pub fn command_lines(page: &Page) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let mut block = None;
    let mut pending = String::new();
    for line in page.text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language.to_owned()) };
            continue;
        }
        match block.as_deref() {
            Some("console" | "text") => {
                let Some(command) = line.strip_prefix("$ ") else { continue };
                lines.extend(commands_in(command));
            }
            Some("sh" | "crontab") => match line.strip_suffix('\\') {
                Some(part) => pending.push_str(part),
                None => lines.extend(commands_in(&(std::mem::take(&mut pending) + line))),
            },
            Some("ini") => {
                if let Some(command) = line.strip_prefix("ExecStart=/usr/local/bin/") {
                    lines.extend(commands_in(command));
                }
            }
            Some(_) => {}
            None => {
                let code = line.split('`').skip(1).step_by(2);
                lines.extend(code.filter(|code| code.contains(' ')).flat_map(commands_in));
            }
        }
    }
    lines
}

/// The calls of the program in a line of shell.
fn commands_in(line: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    let mut words = Vec::new();
    for word in shell_words(line) {
        if matches!(word.as_str(), "|" | "||" | "&&" | ";" | ">" | "#" | "<") {
            calls.push(std::mem::take(&mut words));
        } else {
            words.push(word);
        }
    }
    calls.push(words);
    let from_program = |words: Vec<String>| {
        // Before it may stand `xargs`, or cron's times and user.
        let start = words.iter().rposition(|word| word == "socialsched")?;
        (start + 1 < words.len()).then(|| words[start..].to_vec())
    };
    calls.into_iter().filter_map(from_program).collect()
}

/// Splits at blanks outside of quotes.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut begun = false;
    for c in line.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => (quote, begun) = (Some(c), true),
            None if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            None => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
