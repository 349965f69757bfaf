//! What is known of a platform before anything is sent to it: one value per
//! platform, all of whose fields must be given.

use super::{Form, Platform, PostType, Shape};

/// All that differs between platforms in what this program checks or says. How
/// a platform is called is the knowledge of its client.
pub struct Profile {
    /// The name as its owner writes it.
    pub name: &'static str,
    /// All platforms that the same app serves, this one among them.
    pub one_app: &'static [Platform],
    /// Everything that a post type may consist of; empty: there is no such type.
    pub forms: fn(PostType) -> &'static [Form],
    pub limits: Limits,
    /// Whether a post may carry a link.
    pub links: bool,
    /// Whether a post without any visible text may be refused.
    pub wants_text: bool,
    /// Characters that its text format writes with a backslash before them.
    pub reserved: &'static [char],
    /// Whether stories take an alternative text.
    pub story_alt: bool,
    /// Whether the platform itself fetches the addresses that a post names;
    /// otherwise this program does.
    pub fetches: bool,
    /// The extensions of the images that it takes.
    pub image_files: &'static [&'static str],
    /// The same of videos; empty: it takes any.
    pub video_files: &'static [&'static str],
    pub account_ids: AccountIds,
    pub post_ids: PostIds,
    /// Whether an account chooses how its posts are published.
    pub has_publish_modes: bool,
    /// Whether the old scheduler keeps the account's id in a column of its own,
    /// `instagram_business_id`.
    pub is_instagram_business: bool,
}

/// The numbers of a platform's rules. `None`: no limit is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters of the text, counted as Unicode code points.
    pub text: usize,
    pub hashtags: Option<usize>,
    pub mentions: Option<usize>,
    /// Characters of the alternative text of one image.
    pub alt: Option<usize>,
}

/// The ids of a platform's accounts.
pub struct AccountIds {
    pub fits: fn(&str) -> bool,
    /// What they look like.
    pub looks: &'static str,
}

/// The ids of a platform's posts, and their addresses.
pub struct PostIds {
    pub fits: fn(&str) -> bool,
    /// What they look like, and where a person finds one.
    pub looks: &'static str,
    /// The id that an address of the platform holds, where it is beyond doubt.
    pub in_address: fn(&url::Url) -> Option<String>,
    /// The address of a post, where it can be made from its id.
    pub address: fn(&str, Shape) -> Option<String>,
}

/// A decimal number without a sign.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The parts of an address's path, if its host is this domain or below it.
pub(super) fn path_on<'a>(url: &'a url::Url, domain: &str) -> Option<Vec<&'a str>> {
    let below = url.host_str()?.strip_suffix(domain)?;
    let is_its = below.is_empty() || below.ends_with('.');
    is_its.then(|| {
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect()
    })
}
