//! LinkedIn's "little text": what a commentary becomes once it is stored.

/// Characters that end the text unless a backslash precedes them or they begin
/// a hashtag, a hashtag template or a mention.
const RESERVED: &str = "\\|{}@[]()<>#*_~";

/// A commentary as the service understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LittleText {
    /// What reads answer: escapes kept, hashtags as templates.
    pub(super) stored: String,
    /// What people see.
    pub(super) visible: String,
}

/// Reads a commentary, and stops silently at the first reserved character that
/// is neither escaped nor part of an element, as the real service does.
pub(super) fn parse(commentary: &str) -> LittleText {
    let (mut stored, mut visible) = (String::new(), String::new());
    let mut rest = commentary;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if c == '\\' {
            let Some(next) = tail.chars().next() else { break };
            stored.extend(['\\', next]);
            visible.push(next);
            rest = &tail[next.len_utf8()..];
        } else if !RESERVED.contains(c) {
            stored.push(c);
            visible.push(c);
            rest = tail;
        } else if let Some((raw, shown, length)) = element(rest, visible.chars().last()) {
            stored.push_str(&raw);
            visible.push_str(&shown);
            rest = &rest[length..];
        } else {
            break;
        }
    }
    LittleText { stored, visible }
}

/// An element at the start of `text`: stored form, visible form, length in bytes.
fn element(text: &str, before: Option<char>) -> Option<(String, String, usize)> {
    if let Some(tag) = text.strip_prefix("{hashtag|\\#|") {
        let word = &tag[..tag.find('}')?];
        let raw = format!("{{hashtag|\\#|{word}}}");
        return Some((raw.clone(), format!("#{}", word.replace('\\', "")), raw.len()));
    }
    if let Some(tag) = text.strip_prefix('#') {
        let starts_word = before.is_none_or(|c| !c.is_alphanumeric());
        let length = tag.find(|c: char| !c.is_alphanumeric()).unwrap_or(tag.len());
        let word = &tag[..length];
        return (starts_word && length > 0)
            .then(|| (format!("{{hashtag|\\#|{word}}}"), format!("#{word}"), length + 1));
    }
    let name = text.strip_prefix("@[")?;
    let (name, after) = name.split_once("](")?;
    let (urn, _) = after.split_once(')')?;
    let raw = format!("@[{name}]({urn})");
    urn.starts_with("urn:li:").then(|| (raw.clone(), name.to_owned(), raw.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_ends_at_an_unescaped_reserved_character() {
        for c in RESERVED.chars().filter(|c| *c != '\\') {
            assert_eq!(parse(&format!("before {c} after")).visible, "before ", "{c}");
            assert_eq!(parse(&format!("before \\{c} after")).visible, format!("before {c} after"));
        }
        assert_eq!(parse("a\\\\b").visible, "a\\b");
    }

    #[test]
    fn hashtags_and_mentions_are_elements() {
        let text = parse("Hi @[Ada L](urn:li:person:x) #rust2024, {hashtag|\\#|go}!");
        assert_eq!(text.visible, "Hi Ada L #rust2024, #go!");
        assert_eq!(
            text.stored,
            "Hi @[Ada L](urn:li:person:x) {hashtag|\\#|rust2024}, {hashtag|\\#|go}!"
        );
        assert_eq!(parse("C# is").visible, "C");
    }
}
