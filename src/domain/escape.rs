//! Makes text from outside safe to show on one line of a terminal, a log or a table.
//!
//! A caption, the name of an account or the answer of a platform could otherwise move the
//! cursor, forge a line, or reverse what an operator reads (C4 and C5 in docs/faults.md).

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The text with everything that acts on the reader's screen, or hides from the
/// reader, written out: `\n`, `\r`, `\t`, `\u{1b}`.
///
/// That is: control characters, line separators, directional marks, invisible
/// characters and tags. Joiners stay where emoji and scripts need them. A
/// backslash stays itself: the result is for eyes, not for parsing back.
/// Safe text comes back borrowed, and escaping twice changes nothing.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| acts(c) || is_joiner(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // A joiner has work to do only between two shown characters beyond ASCII.
        let joins = is_joiner(c)
            && out.chars().next_back().is_some_and(can_join)
            && chars.peek().copied().is_some_and(can_join);
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if acts(c) || (is_joiner(c) && !joins) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// At most `width` terminal columns of `text`, which must be [`visible`]; `…`
/// stands for what was cut off, always between two characters as people see them.
#[must_use]
pub fn ellipsis(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    let mut used = 0;
    let kept: String = text
        .graphemes(true)
        .take_while(|grapheme| {
            used += grapheme.width();
            used <= room
        })
        .collect();
    Cow::Owned(kept + "…")
}

/// Characters that are never shown as they are.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Directional marks, embeddings, overrides, isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Invisible: soft hyphen, vowel separator, zero-width space, word joiner and
            // operators, deprecated format characters, byte order mark, annotations.
            | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags, which can carry hidden ASCII text.
            | '\u{e0000}'..='\u{e007f}')
}

/// Zero-width non-joiner and joiner.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn can_join(c: char) -> bool {
    !c.is_ascii() && !acts(c) && !is_joiner(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// **C4**: control characters are shown as escapes.
    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\0\u{7f}", "\\u{0}\\u{7f}"),
            ("a\u{2028}b\u{85}c", "a\\u{2028}b\\u{85}c"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    /// **C5**: marks that change the direction of text are shown as escapes.
    #[test]
    fn directional_marks_are_escaped() {
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200f}"), "a\\u{202e}b\\u{2066}c\\u{200f}");
    }

    #[test]
    fn hidden_text_is_written_out() {
        assert_eq!(visible("a\u{200b}b\u{feff}\u{2060}"), "a\\u{200b}b\\u{feff}\\u{2060}");
        assert_eq!(visible("hi\u{e0041}"), "hi\\u{e0041}");
        assert_eq!(visible("pay\u{200d}pal"), "pay\\u{200d}pal");
        assert_eq!(visible("é\u{200d}"), "é\\u{200d}");
    }

    #[test]
    fn emoji_scripts_and_plain_text_are_unchanged() {
        for text in [
            "",
            "New menu",
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "می\u{200c}خواهم",
            "日本語",
            "C:\\new",
        ] {
            assert!(matches!(visible(text), Cow::Borrowed(_)) || visible(text) == text, "{text}");
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn a_cut_falls_between_characters_and_says_so() {
        for (text, width, cut) in [
            ("New menu", 8, "New menu"),
            ("New menu", 5, "New …"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("👩\u{200d}👩\u{200d}👧👧", 3, "👩\u{200d}👩\u{200d}👧…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(ellipsis(text, width), cut, "{text} {width}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn nothing_that_acts_survives(text in any::<String>(), odd in "[\u{0}-\u{20}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}é👩]{0,12}") {
            for text in [&text, &odd] {
                let shown = visible(text);
                prop_assert!(!shown.chars().any(acts), "{shown:?}");
                prop_assert!(shown.chars().all(|c| !c.is_control()));
            }
        }

        #[test]
        fn escaping_twice_changes_nothing(text in "(\\PC|[\u{200b}-\u{200f}\u{202a}-\u{202e}é👩\n\u{1b}]){0,20}") {
            let once = visible(&text).into_owned();
            prop_assert_eq!(visible(&once).into_owned(), once);
        }

        #[test]
        fn plain_ascii_is_untouched(text in "[ -~]{0,40}") {
            prop_assert!(matches!(visible(&text), Cow::Borrowed(_)));
        }

        #[test]
        fn a_cut_text_fits(text in "\\PC{0,20}|[a-z日本語👩\u{200d}\u{301}\u{fe0f}🇫🇷]{0,20}", width in 0_usize..25) {
            let shown = visible(&text);
            let cut = ellipsis(&shown, width);
            prop_assert!(cut.width() <= width, "{cut:?}");
        }
    }
}
