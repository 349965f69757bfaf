//! Which rules make sense: a field that the fault does not use is a mistake,
//! and a test with such a rule would prove less than it says.

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::Error;
use serde_json::Value;

use super::{Effect, Fault, Rule};

/// Reads a list of rules.
pub(in crate::sandbox) fn rules(list: &Value) -> serde_json::Result<Vec<Rule>> {
    let rules = Vec::<Rule>::deserialize(list)?;
    match rules.iter().find_map(Rule::problem) {
        Some(problem) => Err(serde_json::Error::custom(problem)),
        None => Ok(rules),
    }
}

impl Rule {
    fn problem(&self) -> Option<String> {
        use Fault::{Answer, Refuse, TwoAnswers};
        let fields = [
            ("code", self.code.is_some(), &[Refuse][..]),
            ("subcode", self.subcode.is_some(), &[Refuse]),
            ("message", self.message.is_some(), &[Refuse]),
            ("transient", self.transient.is_some(), &[Refuse]),
            ("signed", self.signed.is_some(), &[Refuse]),
            ("headers", self.headers.is_some(), &[Answer, TwoAnswers]),
            ("content_type", self.content_type.is_some(), &[Answer, TwoAnswers]),
        ];
        let astray =
            fields.iter().find(|(_, given, faults)| *given && !faults.contains(&self.fault));
        if let Some((name, _, faults)) = astray {
            let words: Vec<String> = faults.iter().filter_map(|fault| fault.word()).collect();
            return Some(format!("`{name}` belongs to the fault {}", words.join(" or ")));
        }
        if self.which.is_some() && self.effect() != Effect::Twice {
            return Some("`which` needs a call that takes effect twice".to_owned());
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Some("`status` must be 200 to 599".to_owned());
        }
        let fits = |(name, value): (&String, &String)| {
            HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok()
        };
        let kind = self.content_type.as_ref().map(|kind| HeaderValue::try_from(kind).is_ok());
        if !self.headers.iter().flatten().all(fits) || kind == Some(false) {
            return Some("a header of the answer is none that HTTP allows".to_owned());
        }
        None
    }
}
