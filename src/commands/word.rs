//! Arguments that are one of a closed list of words.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// A parser for one of our closed lists of words, which completions and error
/// texts then know.
pub(crate) fn word<T>(
    words: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = crate::domain::UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}
