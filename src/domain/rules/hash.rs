//! One number for equal posts.

use serde_json::json;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::domain::{AccountId, PostContent};

/// SHA-256 (lower-case hex) over account and content: equal for posts that a reader
/// cannot distinguish.
///
/// Texts count in Unicode normal form C with `\n` line breaks; the order of the media
/// counts. The result is stored: its form may change only with its version.
#[must_use]
pub fn content_hash(account: AccountId, content: &PostContent) -> String {
    let text = |text: &str| text.replace("\r\n", "\n").nfc().collect::<String>();
    let optional = |value: &Option<String>| value.as_deref().filter(|t| !t.is_empty()).map(text);
    let media: Vec<_> = content
        .media
        .iter()
        .map(|item| json!([item.kind.as_str(), item.url, optional(&item.alt)]))
        .collect();
    // Arrays, since the order of an object's keys is the JSON library's affair.
    let canonical = json!([
        "v1",
        account.to_string(),
        content.platform.as_str(),
        content.post_type.as_str(),
        text(&content.caption),
        media,
        content.link,
        optional(&content.first_comment),
    ]);
    format!("{:x}", Sha256::digest(canonical.to_string()))
}
