//! Texts: how long, how many tags, and whether there is any.

use unicode_width::UnicodeWidthChar;

use crate::domain::{MediaKind, PostContent, PostType, Problem, Shape};

use super::Review;

pub(super) fn check(content: &PostContent, review: &mut Review) {
    presence(content, review);
    length(content, review);
    tags(content, review);
    let comment = content.first_comment.as_deref();
    if comment.is_some_and(is_blank) {
        review.refuse(Problem::new("--first-comment", "there is no visible character in it"));
    }
    alt(content, review);
    let alts = content.media.iter().filter_map(|item| item.alt.as_deref());
    for (flag, text) in [("--caption", content.caption.as_str())]
        .into_iter()
        .chain(comment.map(|text| ("--first-comment", text)))
        .chain(alts.map(|text| ("--alt", text)))
    {
        if text.contains('\0') {
            review
                .refuse(Problem::new(flag, "it contains a NUL character, which cannot be stored"));
        }
    }
}

/// True when a reader would see nothing: an empty text, blanks, zero-width characters.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.width().unwrap_or(0) == 0
            // Blank letters: braille blank and the Hangul fillers; the soft hyphen.
            || matches!(c, '\u{2800}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{ad}')
    })
}

fn presence(content: &PostContent, review: &mut Review) {
    let profile = content.platform.profile();
    if let Some(problem) = emptiness(content) {
        review.refuse(problem);
    } else if is_blank(&content.caption) && profile.wants_text {
        let what = format!("{} may refuse a post without text", profile.name);
        review.warn(Problem::new("--caption", what));
    } else if is_blank(&content.caption) && !content.caption.is_empty() {
        review.warn(Problem::new("--caption", "there is no visible character in it"));
    }
}

/// What is wrong with a post that may be a text alone, and has none. For
/// other posts without media, the lack of media is reported.
pub(super) fn emptiness(content: &PostContent) -> Option<Problem> {
    let forms = (content.platform.profile().forms)(content.post_type);
    let may_be_text = forms.iter().any(|form| form.shape == Shape::Text);
    let alone = content.media.is_empty() && content.link.is_none();
    (may_be_text && alone && is_blank(&content.caption)).then(|| {
        Problem::new("--caption", "the post has neither text nor media")
            .hint("add --caption TEXT or --image URL")
    })
}

fn length(content: &PostContent, review: &mut Review) {
    let profile = content.platform.profile();
    let (name, limit) = (profile.name, profile.limits.text);
    let text = content.caption.as_str();
    let count = text.chars().count();
    let units = text.encode_utf16().count();
    let problem = |what| Problem::new("--caption", what);
    if count > limit {
        let over = count - limit;
        review.refuse(
            problem(format!("{} characters; {name} takes {}", grouped(count), grouped(limit)))
                .hint(format!("shorten it by {}", grouped(over))),
        );
    } else if units > limit {
        // No platform says how it counts; code points are what people count.
        review.warn(problem(format!(
            "{} characters, but {} UTF-16 units: if {name} counts those, its limit of {} is passed",
            grouped(count),
            grouped(units),
            grouped(limit)
        )));
    } else {
        let escaped = units + text.chars().filter(|c| profile.reserved.contains(c)).count();
        if escaped > limit {
            review.warn(problem(format!(
                "{} characters, but {} as {name}'s format writes them: \
                 if {name} counts those, its limit of {} is passed",
                grouped(count),
                grouped(escaped),
                grouped(limit)
            )));
        }
    }
}

fn tags(content: &PostContent, review: &mut Review) {
    let profile = content.platform.profile();
    let limits = profile.limits;
    for (sign, word, limit) in
        [('#', "hashtags", limits.hashtags), ('@', "mentions", limits.mentions)]
    {
        let count = count_tags(&content.caption, sign);
        if let Some(limit) = limit.filter(|limit| count > *limit) {
            review.refuse(
                Problem::new(
                    "--caption",
                    format!("{count} {word}; {} takes {limit}", profile.name),
                )
                .hint(format!("remove {}", count - limit)),
            );
        }
    }
}

/// Signs that start a word: `#menu`, `@acme`, but neither `C#` nor `me@acme.example`.
fn count_tags(text: &str, sign: char) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = None;
    let mut chars = text.chars().peekable();
    let mut count = 0;
    while let Some(c) = chars.next() {
        let starts = !before.is_some_and(is_word) && chars.peek().copied().is_some_and(is_word);
        if c == sign && starts {
            count += 1;
        }
        before = Some(c);
    }
    count
}

fn alt(content: &PostContent, review: &mut Review) {
    let profile = content.platform.profile();
    let name = profile.name;
    for text in content
        .media
        .iter()
        .filter(|item| item.kind == MediaKind::Image)
        .filter_map(|item| item.alt.as_deref())
    {
        let count = text.chars().count();
        if let Some(limit) = profile.limits.alt.filter(|limit| count > *limit) {
            review.refuse(
                Problem::new(
                    "--alt",
                    format!("{} characters; {name} takes {}", grouped(count), grouped(limit)),
                )
                .hint(format!("shorten it by {}", grouped(count - limit))),
            );
        }
    }
    let given = content.media.iter().any(|item| item.alt.is_some());
    if given && !profile.story_alt && content.post_type == PostType::Story {
        let what = format!("{name} takes no alternative text for stories");
        review.warn(Problem::new("--alt", what));
    }
}

/// `2200` as `2,200`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
