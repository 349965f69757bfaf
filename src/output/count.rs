//! Numbers in sentences, in the singular or the plural.

/// `1 post`, `3 posts`.
#[must_use]
pub(crate) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    match number(count) {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// The form of a word that goes with a count: `was` or `were`.
#[must_use]
pub(crate) fn agreeing(
    count: impl TryInto<u64>,
    one: &'static str,
    many: &'static str,
) -> &'static str {
    if number(count) == 1 { one } else { many }
}

/// Counts come from the database, too, and are never negative.
fn number(count: impl TryInto<u64>) -> u64 {
    count.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_all_else_plural() {
        let sentence = |count: i64| {
            format!("{} {} left", counted(count, "post"), agreeing(count, "is", "are"))
        };
        assert_eq!(sentence(1), "1 post is left");
        assert_eq!(sentence(0), "0 posts are left");
        assert_eq!(sentence(12), "12 posts are left");
        assert_eq!(sentence(-1), "0 posts are left");
    }
}
