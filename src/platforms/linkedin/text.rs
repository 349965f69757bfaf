//! LinkedIn's "little text": how a caption is written for a post, and how a
//! post's text is read back for comparison.
//!
//! An unescaped reserved character silently cuts the text at that place while
//! the post is created, so everything is escaped that is not meant as an
//! element. Comments, titles and alt texts are plain strings and never come here.

use unicode_normalization::UnicodeNormalization;

use crate::domain::linkedin::{Author, RESERVED};

/// Writes a caption as little text.
///
/// Hashtags (`#word`) and mentions in their documented form
/// (`@[Name](urn:li:organization:1)`) stay elements; line ends become `\n`.
#[must_use]
pub fn escape(caption: &str) -> String {
    let caption = unix_line_ends(caption);
    let mut little = String::with_capacity(caption.len() + 16);
    let mut before = None;
    let mut rest = caption.as_str();
    while let Some(character) = rest.chars().next() {
        if let Some(mention) = leading_mention(rest) {
            little.push_str(mention);
            before = mention.chars().next_back();
            rest = &rest[mention.len()..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        let tag = character == '#' && starts_hashtag(before, rest.chars().next());
        if RESERVED.contains(&character) && !tag {
            little.push('\\');
        }
        little.push(character);
        before = Some(character);
    }
    little
}

/// Reads little text as people see it: the counterpart of [`escape`], which
/// also knows that hashtags come back as `{hashtag|\#|word}`.
#[must_use]
pub fn unescape(little: &str) -> String {
    let mut text = String::with_capacity(little.len());
    let mut rest = little;
    while let Some(character) = rest.chars().next() {
        if let Some((tag, length)) = leading_hashtag_template(rest) {
            text.push('#');
            text.push_str(&unescape(tag));
            rest = &rest[length..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match rest.chars().next() {
            Some(escaped) if character == '\\' && RESERVED.contains(&escaped) => {
                text.push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            _ => text.push(character),
        }
    }
    text
}

/// The form in which two texts are compared: NFC, `\n` line ends, no white
/// space at the end.
#[must_use]
pub fn comparable(text: &str) -> String {
    let text: String = unix_line_ends(text).nfc().collect();
    text.trim_end().to_owned()
}

fn unix_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// A `#` opens a hashtag after the start, white space or punctuation when a
/// letter or digit follows. `C#` is none, nor is the fragment of an address.
fn starts_hashtag(before: Option<char>, after: Option<char>) -> bool {
    let inside_something = |c: char| c.is_alphanumeric() || "_#/&=?\\@".contains(c);
    !before.is_some_and(inside_something) && after.is_some_and(char::is_alphanumeric)
}

/// `@[Name](urn:li:…)` at the start of `text`. A name with reserved characters
/// is taken as plain text: how LinkedIn reads it is not documented.
fn leading_mention(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix("@[")?.split_once("](")?;
    let (urn, after) = rest.split_once(')')?;
    let plain = !name.trim().is_empty() && !name.contains(RESERVED) && !name.contains('\n');
    (plain && Author::parse(urn).is_some()).then(|| &text[..text.len() - after.len()])
}

/// The tag of a `{hashtag|\#|tag}` at the start of `text`, and the length of the whole.
fn leading_hashtag_template(text: &str) -> Option<(&str, usize)> {
    let body = text
        .strip_prefix("{hashtag|")
        .and_then(|rest| rest.strip_prefix("\\#|").or_else(|| rest.strip_prefix("#|")))?;
    let mut escaped = false;
    let end = body.find(|c| {
        let closes = c == '}' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    Some((&body[..end], text.len() - body.len() + end + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// **C10**: all fifteen reserved characters are escaped.
    #[test]
    fn all_fifteen_reserved_characters_are_escaped() {
        assert_eq!(escape(r"\|{}@[]()<>#*_~"), r"\\\|\{\}\@\[\]\(\)\<\>\#\*\_\~");
        assert_eq!(
            escape("Sale (today) - 50% off! a+b=c, d.e"),
            r"Sale \(today\) - 50% off! a+b=c, d.e"
        );
    }

    #[test]
    fn hashtags_stay_bare_other_number_signs_escape() {
        assert_eq!(escape("#rust (#cli) \n#2026"), "#rust \\(#cli\\) \n#2026");
        assert_eq!(escape("C# ## #- a#b"), r"C\# \#\# \#- a\#b");
        assert_eq!(escape("#snake_case"), r"#snake\_case");
        assert_eq!(escape("https://a.example/#top"), r"https://a.example/\#top");
        assert_eq!(escape("#ünïcode"), "#ünïcode");
    }

    #[test]
    fn only_documented_mentions_stay_elements() {
        let mention = "@[Acme GmbH](urn:li:organization:123)";
        assert_eq!(escape(&format!("By {mention}!")), format!("By {mention}!"));
        assert_eq!(escape("@[A](urn:li:person:x_Y-1)"), "@[A](urn:li:person:x_Y-1)");
        for plain in [
            "@acme",
            "@[Acme](https://acme.example)",
            "@[](urn:li:person:a)",
            "@[A (B)](urn:li:person:a)",
        ] {
            assert!(escape(plain).starts_with("\\@"), "{plain}");
        }
    }

    #[test]
    fn line_ends_become_line_feeds() {
        assert_eq!(escape("a\r\nb\rc\nd"), "a\nb\nc\nd");
    }

    /// **C10**: a post that is read back has the text of its caption.
    #[test]
    fn read_post_equals_its_caption() {
        let back = "New {hashtag|\\#|rust} and {hashtag|\\#|snake\\_case} \\(soon\\)\r\n ";
        assert_eq!(comparable(&unescape(back)), "New #rust and #snake_case (soon)");
        assert_eq!(comparable("e\u{301}"), comparable("\u{e9}"));
    }

    /// What is left of little text when escapes, hashtags and mentions are taken out.
    fn without_elements(little: &str) -> String {
        let mut left = String::new();
        let mut rest = little;
        while let Some(character) = rest.chars().next() {
            let step = match leading_mention(rest) {
                Some(mention) => mention.len(),
                None if character == '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                None if character == '#'
                    && rest[1..].chars().next().is_some_and(char::is_alphanumeric) =>
                {
                    1
                }
                None => {
                    left.push(character);
                    character.len_utf8()
                }
            };
            rest = &rest[step..];
        }
        left
    }

    /// Text dense in what is special here.
    fn captions() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            Just(String::from("@[Acme](urn:li:organization:12)")),
            Just(String::from("{hashtag|\\#|word}")),
            Just(String::from("\r\n")),
            "[\\\\|{}@\\[\\]()<>#*_~a-z0-9 ]{0,8}",
            "\\PC{0,6}",
        ];
        proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        /// **C10**: reading a post back gives its caption, whatever it holds.
        #[test]
        fn reading_back_gives_the_caption(caption in captions()) {
            prop_assert_eq!(comparable(&unescape(&escape(&caption))), comparable(&caption));
        }

        #[test]
        fn nothing_reserved_stays_bare(caption in captions()) {
            let left = without_elements(&escape(&caption));
            prop_assert!(!left.contains(RESERVED), "{}", left);
        }
    }
}
