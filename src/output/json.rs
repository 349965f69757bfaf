//! The JSON envelope, harmless on a terminal.

use std::io;

use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::exit::Explained;

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<crate::exit::ErrorObject<'a>>,
}

impl<'a> Envelope<'a> {
    fn of(failure: Option<&'a Explained>) -> Self {
        Self {
            success: failure.is_none(),
            message: failure.map(|failure| failure.message.as_str()),
            data: None,
            meta: None,
            error: failure.map(Explained::object),
        }
    }
}

/// The document of a report, on several lines.
pub(super) fn document(report: &Report) -> io::Result<String> {
    let envelope = Envelope::of(report.failure.as_ref());
    pretty(&Envelope {
        message: envelope.message.or(report.message.as_deref()),
        data: Some(&report.data),
        meta: report.meta.as_ref(),
        ..envelope
    })
}

/// The document of a command that failed with nothing to show.
pub(super) fn failure(failure: &Explained) -> io::Result<String> {
    pretty(&Envelope::of(Some(failure)))
}

/// The same on one line, for `jsonl`.
pub(super) fn failure_line(failure: &Explained) -> io::Result<String> {
    line(&Envelope::of(Some(failure)))
}

/// One line per item of an array; anything else but null is one line.
pub(super) fn lines(data: &Value) -> io::Result<String> {
    match data {
        Value::Null => Ok(String::new()),
        Value::Array(items) => items.iter().map(line).collect(),
        one => line(one),
    }
}

/// One value on one line, newline included.
pub(super) fn line(value: &impl Serialize) -> io::Result<String> {
    Ok(harmless(&serde_json::to_string(value)?) + "\n")
}

fn pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(harmless(&serde_json::to_string_pretty(value)?) + "\n")
}

/// Writes every character of a JSON text that could harm a terminal or a
/// JavaScript reader as `\uXXXX`: DEL, the C1 controls, U+2028, U+2029 and the
/// bidi controls. The value stays the same: outside of strings JSON has ASCII
/// only, and the C0 controls are escaped already.
#[must_use]
pub fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_harmful(c) {
            text += &format!("\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

fn is_harmful(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Fault;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn success_and_failure_follow_the_contract() {
        let report = Report {
            message: Some("Post scheduled successfully".into()),
            data: json!({"postDetailId": "x"}),
            meta: Some(json!({"total": 1})),
            ..Report::default()
        };
        assert_eq!(
            serde_json::from_str::<Value>(&document(&report).unwrap()).unwrap(),
            json!({"success": true, "message": "Post scheduled successfully",
                   "data": {"postDetailId": "x"}, "meta": {"total": 1}})
        );
        let fault = Fault::wrong_state("it is published").code("not_pending").into();
        assert_eq!(
            serde_json::from_str::<Value>(&failure(&fault).unwrap()).unwrap(),
            json!({"success": false, "message": "it is published",
                   "error": {"code": "not_pending", "exitCode": 4, "field": null, "hint": null}})
        );
        assert_eq!(failure_line(&fault).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_report_that_failed_keeps_its_data() {
        let report = Report {
            message: Some("cancelled".into()),
            data: json!([{"id": "a", "cancelled": false}]),
            failure: Some(Fault::conflict("1 of 1 not cancelled").into()),
            ..Report::default()
        };
        let value: Value = serde_json::from_str(&document(&report).unwrap()).unwrap();
        assert_eq!(value["success"], false);
        assert_eq!(value["message"], "1 of 1 not cancelled");
        assert_eq!(value["data"][0]["id"], "a");
        assert_eq!(value["error"]["exitCode"], 4);
    }

    /// An empty list is an empty array in JSON, and no lines in JSON lines.
    #[test]
    fn empty_list_is_empty_array_or_nothing() {
        let report = Report { data: json!([]), ..Report::default() };
        let value: Value = serde_json::from_str(&document(&report).unwrap()).unwrap();
        assert_eq!(value, json!({"success": true, "data": []}));
        assert_eq!(lines(&report.data).unwrap(), "");
        assert_eq!(lines(&json!([1, {"a": 2}])).unwrap(), "1\n{\"a\":2}\n");
    }

    /// What could harm a terminal or a reader is escaped.
    #[test]
    fn harmful_characters_are_escaped() {
        for c in ['\u{7f}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\u{200f}'] {
            let written = line(&c.to_string()).unwrap();
            assert_eq!(written, format!("\"\\u{:04x}\"\n", u32::from(c)));
        }
        assert_eq!(line(&"é日👩").unwrap(), "\"é日👩\"\n");
    }

    proptest! {
        /// Any text comes back unchanged and shows no control character.
        #[test]
        fn any_text_survives_without_control_characters(
            text in "(\\PC|[\u{0}-\u{9f}\u{61c}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}]){0,40}"
        ) {
            let value = json!({ &text: [&text] });
            let written = line(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
            let shown = written.trim_end_matches('\n');
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_harmful(c)), "{:?}", shown);
        }
    }
}
