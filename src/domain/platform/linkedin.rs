//! LinkedIn's members and pages (API version 202609, read in November 2026).

use url::Url;

use super::profile::{AccountIds, Limits, PostIds, Profile, is_number, path_on};
use super::{Form, MediaSet, Platform, PostType, Shape};

pub(super) static PROFILE: Profile = Profile {
    name: "LinkedIn",
    one_app: &[Platform::LinkedIn],
    forms,
    // learn.microsoft.com, Posts API.
    limits: Limits { text: 3_000, hashtags: None, mentions: None, alt: Some(4_086) },
    links: true,
    wants_text: true,
    reserved: &RESERVED,
    story_alt: true,
    fetches: false,
    image_files: &["jpg", "jpeg", "png", "gif"],
    video_files: &["mp4"],
    account_ids: AccountIds {
        fits: |id| Author::parse(id).is_some(),
        looks: "urn:li:person:… or urn:li:organization:NUMBER",
    },
    post_ids: PostIds {
        fits: is_post,
        looks: "urn:li:share:NUMBER, urn:li:ugcPost:NUMBER or urn:li:activity:NUMBER\n\
                it is in the post's address, after /feed/update/; \
                /posts/…-activity-NUMBER-… is urn:li:activity:NUMBER",
        in_address,
        address: |id, _| find_post(id).map(address),
    },
    has_publish_modes: false,
    is_instagram_business: false,
};

/// What a backslash must stand before in a post's text (its "little text"), even
/// where it forms no template.
pub const RESERVED: [char; 15] =
    ['\\', '|', '{', '}', '@', '[', ']', '(', ')', '<', '>', '#', '*', '_', '~'];

/// The MultiImage API.
const IMAGES: usize = 20;

fn forms(post_type: PostType) -> &'static [Form] {
    match post_type {
        PostType::Post => {
            const {
                &[
                    Form::new(MediaSet::Nothing, Shape::Text),
                    Form::new(MediaSet::Images(1, IMAGES), Shape::Images),
                    Form::new(MediaSet::OneVideo, Shape::Video),
                ]
            }
        }
        PostType::Carousel => {
            const {
                &[Form::new(MediaSet::Images(2, IMAGES), Shape::Images)
                    .remark("shows this as a grid of images, not as a carousel")]
            }
        }
        PostType::Video => const { &[Form::new(MediaSet::OneVideo, Shape::Video)] },
        PostType::Reel | PostType::Story => &[],
    }
}

/// Who posts, as the account's external id names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author<'a> {
    /// A member profile. Its posts cannot be read back (`r_member_social` is closed).
    Person(&'a str),
    /// An organization page.
    Organization(&'a str),
}

impl<'a> Author<'a> {
    /// Reads `urn:li:person:<id>` or `urn:li:organization:<number>`, strictly: an empty
    /// or foreign id would be answered with a 403 without a reason.
    #[must_use]
    pub fn parse(urn: &'a str) -> Option<Self> {
        let (kind, id) = urn.strip_prefix("urn:li:")?.split_once(':')?;
        let member_id = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        match kind {
            "person" if matches!(id.len(), 1..=64) && id.bytes().all(member_id) => {
                Some(Self::Person(urn))
            }
            "organization" if is_id(id) => Some(Self::Organization(urn)),
            _ => None,
        }
    }

    /// The whole URN.
    #[must_use]
    pub fn urn(self) -> &'a str {
        match self {
            Self::Person(urn) | Self::Organization(urn) => urn,
        }
    }
}

/// A 64-bit number.
fn is_id(text: &str) -> bool {
    is_number(text) && text.len() <= 20
}

/// The kinds of URN that name a post.
const POSTS: [&str; 3] = ["share", "ugcPost", "activity"];

/// The first post URN (`share`, `ugcPost` or `activity`) within a text.
#[must_use]
pub fn find_post(text: &str) -> Option<&str> {
    text.match_indices("urn:li:").find_map(|(start, _)| {
        let urn = &text[start..];
        let (kind, rest) = urn["urn:li:".len()..].split_once(':')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let names_a_post = POSTS.contains(&kind) && digits > 0;
        names_a_post.then(|| &urn[.."urn:li:".len() + kind.len() + 1 + digits])
    })
}

/// Whether a text is the URN of a post and nothing else.
#[must_use]
pub fn is_post(text: &str) -> bool {
    let named = text.strip_prefix("urn:li:").and_then(|rest| rest.split_once(':'));
    named.is_some_and(|(kind, id)| POSTS.contains(&kind) && is_id(id))
}

/// The address of a post for people; works for both kinds of post URN.
#[must_use]
pub fn address(urn: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{urn}/")
}

fn in_address(url: &Url) -> Option<String> {
    match path_on(url, "linkedin.com")?.as_slice() {
        ["feed", "update", urn] => Some(urn.replace("%3A", ":").replace("%3a", ":")),
        ["posts", slug] => POSTS.iter().find_map(|kind| {
            let (_, rest) = slug.rsplit_once(&format!("-{kind}-"))?;
            Some(format!("urn:li:{kind}:{}", rest.split('-').next()?))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_person_and_organization_urns_are_authors() {
        assert_eq!(
            Author::parse("urn:li:person:8675_-Ab"),
            Some(Author::Person("urn:li:person:8675_-Ab"))
        );
        assert_eq!(
            Author::parse("urn:li:organization:1234567"),
            Some(Author::Organization("urn:li:organization:1234567"))
        );
        for bad in [
            "",
            "1234567",
            "urn:li:person:",
            "urn:li:person:a b",
            "urn:li:person:a/../b",
            "urn:li:person:a:b",
            "urn:li:organization:",
            "urn:li:organization:12a",
            "urn:li:organization:123456789012345678901",
            "urn:li:company:12",
            "URN:LI:PERSON:abc",
            " urn:li:person:abc",
        ] {
            assert_eq!(Author::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn first_post_urn_is_found_among_others() {
        assert_eq!(
            find_post("by urn:li:person:abc: Content is a duplicate of urn:li:share:71411\"}"),
            Some("urn:li:share:71411")
        );
        assert_eq!(find_post("duplicate of urn:li:person:71411"), None);
        assert_eq!(find_post("urn:li:share:"), None);
        assert_eq!(find_post("nothing"), None);
    }

    /// A post's id is stored only if it is one; a person may type none that is not.
    #[test]
    fn a_posts_number_has_64_bits() {
        assert!(is_post("urn:li:share:18446744073709551615"));
        for bad in ["urn:li:share:184467440737095516150", "urn:li:share:", "urn:li:share:1 "] {
            assert!(!is_post(bad), "{bad}");
        }
    }
}
