//! The result of a run of the program.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// A finished run of the program.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Arguments, for messages.
    pub args: Vec<String>,
    /// `None`: ended by a signal, or by the harness because it hung.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of {self}");
        self
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Asserts that nothing was written to either stream.
    #[track_caller]
    pub fn silent(self) -> Self {
        assert!(self.stdout.is_empty() && self.stderr.is_empty(), "not silent: {self}");
        self
    }

    /// Asserts that standard error holds the text.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "standard error lacks {text:?}: {self}");
        self
    }

    /// Asserts that standard output holds the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "standard output lacks {text:?}: {self}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("standard output is no JSON document ({error}): {self}"),
        }
    }

    /// Standard output as one JSON document per line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => panic!("{line:?} is no JSON ({error}): {self}"),
        };
        self.stdout.lines().map(parse).collect()
    }

    /// `error.code` of a failure in JSON.
    #[track_caller]
    pub fn error_code(&self) -> String {
        let json = self.json();
        assert_eq!(json["success"], false, "{self}");
        json["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        write!(
            f,
            "socialsched {}\n  exit code {code}, {:?}\n--- stdout\n{}\n--- stderr\n{}\n---",
            self.args.join(" "),
            self.took,
            self.stdout,
            self.stderr,
        )
    }
}
