//! An error as people and scripts see it.

use serde::Serialize;

use super::{CommandError, Exit, Fault};
use crate::domain::{Problem, Problems, visible};

/// Characters of a line of error text. Longer ones repeat a huge input.
const LINE_MAX: usize = 800;

/// What a failed run says, and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    pub exit: Exit,
    /// The stable word in JSON.
    pub code: &'static str,
    pub message: String,
    pub field: Option<String>,
    pub hint: Option<String>,
    /// Lines that belong to the message.
    pub details: Vec<String>,
    /// Everything that is wrong with the input, when that is the error.
    pub problems: Vec<Problem>,
}

/// The `error` object of the JSON envelope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorObject<'a> {
    code: &'a str,
    exit_code: u8,
    field: Option<&'a str>,
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<ProblemObject<'a>>,
}

#[derive(Serialize)]
struct ProblemObject<'a> {
    field: &'a str,
    value: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl From<&CommandError> for Explained {
    fn from(error: &CommandError) -> Self {
        Self::new(error, "socialsched")
    }
}

impl Explained {
    /// The only place that decides the exit code of an error; `program` begins
    /// the commands that are advised.
    #[must_use]
    pub fn new(error: &CommandError, program: &str) -> Self {
        match error {
            CommandError::Input { problems, subject } => Self::problems(problems, subject),
            CommandError::Fault(fault) => fault.clone().into(),
            CommandError::Store { error, advice } => {
                let fault = super::store::fault(error, program);
                match advice {
                    Some(advice) => fault.hint(*advice),
                    None => fault,
                }
                .into()
            }
            CommandError::Io(chain) => Fault::internal(format!("{chain:#}")).code("io").into(),
        }
    }
}

impl From<Fault> for Explained {
    fn from(fault: Fault) -> Self {
        let Fault { exit, code, message, field, hint, details } = fault;
        Self { exit, code, message, field, hint, details, problems: Vec::new() }
    }
}

impl Explained {
    /// Explains bad input; `subject` is the noun phrase after "problems with".
    #[must_use]
    pub fn problems(problems: &Problems, subject: &str) -> Self {
        let (message, field, hint) = match problems.0.as_slice() {
            [one] => (problem_line(one), Some(one.field.clone()), one.hint.clone()),
            many => (format!("{} problems with {subject}", many.len()), None, None),
        };
        Self {
            exit: Exit::Input,
            code: "invalid_input",
            message,
            field,
            hint,
            details: Vec::new(),
            problems: problems.0.clone(),
        }
    }

    /// The text for people: `error: ` and what is wrong, then one indented
    /// line per problem or detail, then the hints. Ends with a newline and is
    /// escaped; `color` marks the first word.
    #[must_use]
    pub fn human(&self, color: bool) -> String {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let label = if color { format!("{red}error:{red:#}") } else { "error:".to_owned() };
        let mut lines = vec![format!("{label} {}", shown(&self.message))];
        lines.extend(self.details.iter().map(|detail| format!("  {}", shown(detail))));
        if let Some(hint) = &self.hint {
            lines.extend(hint.lines().map(|line| format!("  {}", shown(line))));
        } else if self.problems.len() > 1 {
            for problem in &self.problems {
                lines.push(format!("  {}", shown(&problem_line(problem))));
                let hint = problem.hint.as_deref().unwrap_or_default();
                lines.extend(hint.lines().map(|line| format!("      {}", shown(line))));
            }
        }
        lines.join("\n") + "\n"
    }

    pub(crate) fn object(&self) -> ErrorObject<'_> {
        ErrorObject {
            code: self.code,
            exit_code: self.exit.code(),
            field: self.field.as_deref(),
            hint: self.hint.as_deref(),
            details: &self.details,
            problems: self
                .problems
                .iter()
                .map(|problem| ProblemObject {
                    field: &problem.field,
                    value: problem.value.as_deref(),
                    message: &problem.what,
                    hint: problem.hint.as_deref(),
                })
                .collect(),
        }
    }
}

/// The line escaped; the middle of a huge one is left out, which is where
/// messages have the value.
fn shown(line: &str) -> String {
    let line = visible(line);
    let count = line.chars().count();
    if count <= LINE_MAX {
        return line.into_owned();
    }
    let head: String = line.chars().take(LINE_MAX / 2).collect();
    let tail: String = line.chars().skip(count - LINE_MAX / 2).collect();
    format!("{head}…{tail}")
}

fn problem_line(Problem { field, value, what, .. }: &Problem) -> String {
    match value {
        Some(value) => format!("{field} \"{value}\": {what}"),
        None => format!("{field}: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use anyhow::Context;

    fn two_problems() -> Problems {
        Problems(vec![
            Problem::new("--at", "this time does not exist in America/New_York")
                .value("2025-03-09 02:30")
                .hint("use 01:30 -05:00 or 03:30 -04:00"),
            Problem::new("--image", "not an absolute http(s) URL")
                .value("cdn.example/a.jpg")
                .hint("did you mean https://cdn.example/a.jpg ?"),
        ])
    }

    #[test]
    fn all_problems_are_shown_at_once() {
        let error = CommandError::Input { problems: two_problems(), subject: "this post" };
        let explained = Explained::from(&error);
        assert_eq!(explained.exit, Exit::Input);
        assert_eq!(
            explained.human(false),
            "error: 2 problems with this post\n\
             \x20 --at \"2025-03-09 02:30\": this time does not exist in America/New_York\n\
             \x20     use 01:30 -05:00 or 03:30 -04:00\n\
             \x20 --image \"cdn.example/a.jpg\": not an absolute http(s) URL\n\
             \x20     did you mean https://cdn.example/a.jpg ?\n"
        );
    }

    #[test]
    fn a_single_problem_needs_no_heading() {
        let problem = Problem::new("--at", "is in the past").value("yesterday").hint("pass --now");
        let explained = Explained::from(&CommandError::from(Problems::from(problem)));
        assert_eq!(
            explained.human(false),
            "error: --at \"yesterday\": is in the past\n  pass --now\n"
        );
        assert_eq!(explained.field.as_deref(), Some("--at"));
    }

    /// Every kind of fault has the exit code of the contract.
    #[test]
    fn every_fault_kind_has_its_exit_code() {
        for (fault, code) in [
            (Fault::internal("x"), 1),
            (Fault::no_terminal("x"), 2),
            (Fault::not_found("x"), 3),
            (Fault::ambiguous("x", vec![]), 3),
            (Fault::wrong_state("x"), 4),
            (Fault::conflict("x"), 4),
            (Fault::setup("x"), 5),
            (Fault::unavailable("x"), 6),
            (Fault::platform("x"), 7),
            (Fault::unhealthy("x"), 8),
            (Fault::interrupted(), 130),
        ] {
            let error = CommandError::from(fault);
            assert_eq!(Explained::from(&error).exit.code(), code);
        }
        assert_eq!(Exit::Success.code(), 0);
        assert_eq!(Exit::Terminated.code(), 143);
    }

    #[test]
    fn an_ambiguous_prefix_lists_its_matches() {
        let fault =
            Fault::ambiguous("0198 fits 2 posts", vec!["0198aaaa".into(), "0198bbbb".into()])
                .hint("type more characters");
        assert_eq!(
            Explained::from(fault).human(false),
            "error: 0198 fits 2 posts\n  0198aaaa\n  0198bbbb\n  type more characters\n"
        );
    }

    /// A bug is called one, and shown without a debug dump.
    #[test]
    fn bug_is_called_one_without_dump() {
        let text = Explained::from(Fault::bug("no such state")).human(false);
        assert!(text.starts_with("error: no such state\n") && text.contains("report"), "{text}");
        assert_eq!(Fault::bug("x").exit, Exit::Internal);
    }

    /// A command that had changed something before says what to do in its own words.
    #[test]
    fn advice_replaces_the_hint_of_the_store() {
        let error = CommandError::Store {
            error: StoreError::Full,
            advice: Some("the first post stays published"),
        };
        let explained = Explained::from(&error);
        assert_eq!((explained.exit, explained.code), (Exit::Unavailable, "disk_full"));
        assert_eq!(explained.hint.as_deref(), Some("the first post stays published"));
        let plain = Explained::from(&CommandError::from(StoreError::Full));
        assert!(plain.hint.unwrap().starts_with("nothing was changed"));
    }

    /// An unexpected I/O error is exit 1 but is not called a bug.
    #[test]
    fn unexpected_io_is_exit_1_no_bug() {
        let error = Err::<(), _>(std::io::Error::other("disk full")).context("writing");
        let error = CommandError::Io(error.unwrap_err());
        let explained = Explained::from(&error);
        assert_eq!((explained.exit, explained.code), (Exit::Internal, "io"));
        assert_eq!(explained.human(false), "error: writing: disk full\n");
    }

    #[test]
    fn values_cannot_forge_lines_or_colour() {
        let problem = Problem::new("--caption", "too \x1b[31mlong").value("a\nerror: forged");
        let one = Explained::problems(&problem.clone().into(), "this post").human(false);
        let two = Problems(vec![problem.clone().hint("\x1b[2J"), problem]);
        let two = Explained::problems(&two, "this post").human(false);
        assert_eq!((one.lines().count(), two.lines().count()), (1, 4), "{one}{two}");
        assert!(!one.contains('\x1b') && !two.contains('\x1b'), "{one}{two}");
    }

    #[test]
    fn colour_marks_only_the_first_word() {
        let text = Explained::from(Fault::setup("x")).human(true);
        assert_eq!(text, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m x\n");
    }

    #[test]
    fn json_object_has_the_contract_keys() {
        let explained = Explained::problems(&two_problems(), "this post");
        let object = serde_json::to_value(explained.object()).unwrap();
        assert_eq!(object["code"], "invalid_input");
        assert_eq!(object["exitCode"], 2);
        assert!(object["field"].is_null() && object["hint"].is_null());
        assert_eq!(object["problems"][1]["field"], "--image");
        assert_eq!(object["problems"][1]["value"], "cdn.example/a.jpg");
    }
}
