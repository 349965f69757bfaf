//! What makes something that Meta lists one of our posts.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::text_of;
use crate::domain::{Draft, made_by_one_of};

/// Lists start this long before the first call: the clocks may differ, and the check of
/// each item is stricter.
pub const SLACK: TimeDelta = TimeDelta::hours(26);

/// Whether the time in this field lies in the window of one of the draft's calls;
/// `offset` is how far Meta's clock is ahead.
#[must_use]
pub fn is_recent(item: &Value, field: &str, draft: &Draft, offset: TimeDelta) -> bool {
    let made = text_of(item, field)
        // Graph times have no colon in their offset.
        .and_then(|text| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z").ok());
    // They are cut to the second.
    made.is_some_and(|made| {
        let made = made.to_utc();
        made_by_one_of(&draft.calls, made, offset)
            || made_by_one_of(&draft.calls, made + TimeDelta::seconds(1), offset)
    })
}

/// Equal for readers: platforms normalise and trim what they store.
#[must_use]
pub fn same_text(one: &str, other: &str) -> bool {
    one.trim().nfc().eq(other.trim().nfc())
}

#[cfg(test)]
mod tests {
    use super::same_text;

    #[test]
    fn captions_are_compared_as_readers_see_them() {
        assert!(same_text("cafe\u{301} ", "caf\u{e9}"));
        assert!(!same_text("cafe", "caf\u{e9}"));
    }
}
