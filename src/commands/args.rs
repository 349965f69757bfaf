//! Parsers of arguments that several commands share.

use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::input::read_text;
use crate::context::Context;
use crate::domain::{Problem, Problems};

/// A parser for one of our closed lists of words, which completions and error
/// texts then know.
pub fn word<T>(words: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = crate::domain::UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

/// The ids given, and those on standard input in place of `-`.
pub(super) fn ids(context: &Context, given: &[String]) -> Result<Vec<String>, Problems> {
    let mut ids = Vec::new();
    for id in given {
        if id == "-" {
            let text = read_text("ID", Path::new("-"), context.settings.timeout)?;
            ids.extend(text.split_whitespace().map(str::to_owned));
        } else {
            ids.push(id.clone());
        }
    }
    if ids.is_empty() {
        return Err(Problem::new("ID", "no ids on standard input").into());
    }
    Ok(ids)
}
