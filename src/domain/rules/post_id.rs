//! The ids that platforms give to posts.

use url::Url;

use crate::domain::{Platform, Problem};

/// Characters that the database keeps of an id.
const LENGTH_MAX: usize = 191;

const SHARE: &str = "urn:li:share:";
const UGC_POST: &str = "urn:li:ugcPost:";
const ACTIVITY: &str = "urn:li:activity:";

/// Checks what a person says is the id of a post.
///
/// # Errors
/// It is none of this platform: an address, a placeholder, another platform's.
pub fn check_post_id(platform: Platform, id: &str) -> Result<(), Problem> {
    if is_post_id(platform, id) {
        return Ok(());
    }
    let hint = in_address(platform, id).map_or_else(
        || where_it_is(platform).to_owned(),
        |found| format!("this address is that of {found}: if it is the post, pass that"),
    );
    Err(Problem::new("--published", format!("not the id of a post on {platform}"))
        .value(id)
        .hint(hint))
}

fn is_post_id(platform: Platform, id: &str) -> bool {
    let fits = match platform {
        Platform::Facebook => match id.split_once('_') {
            Some((page, post)) => is_number(page) && is_number(post),
            None => is_number(id),
        },
        Platform::Instagram => is_number(id),
        Platform::LinkedIn => [SHARE, UGC_POST, ACTIVITY]
            .iter()
            .any(|kind| id.strip_prefix(kind).is_some_and(is_number)),
    };
    fits && id.len() <= LENGTH_MAX
}

/// What the id looks like, and where a person finds it.
fn where_it_is(platform: Platform) -> &'static str {
    match platform {
        Platform::Facebook => {
            "PAGE_POST or a number alone: in the post's address after /posts/, /videos/ or /reel/\n\
             an address with pfbid… does not hold it; the Graph API lists it: \
             GET /PAGE/published_posts?fields=id,permalink_url"
        }
        Platform::Instagram => {
            "the number of the media, which its address does not hold; the Graph API lists it:\n\
             GET /USER/media?fields=id,permalink (stories: GET /USER/stories)"
        }
        Platform::LinkedIn => {
            "urn:li:share:NUMBER, urn:li:ugcPost:NUMBER or urn:li:activity:NUMBER\n\
             it is in the post's address, after /feed/update/; \
             /posts/…-activity-NUMBER-… is urn:li:activity:NUMBER"
        }
    }
}

/// The id that an address of the platform holds, where it is beyond doubt.
fn in_address(platform: Platform, text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let domain = match platform {
        Platform::Facebook => "facebook.com",
        Platform::Instagram => return None,
        Platform::LinkedIn => "linkedin.com",
    };
    let below = url.host_str()?.strip_suffix(domain)?;
    if !below.is_empty() && !below.ends_with('.') {
        return None;
    }
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let found = match platform {
        Platform::LinkedIn => linkedin(&parts),
        Platform::Facebook | Platform::Instagram => facebook(&url, &parts),
    };
    found.filter(|id| is_post_id(platform, id))
}

fn facebook(url: &Url, parts: &[&str]) -> Option<String> {
    let query = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    match parts {
        ["permalink.php" | "story.php"] => {
            Some(format!("{}_{}", query("id")?, query("story_fbid")?))
        }
        [page, "posts", .., post] if is_number(page) => Some(format!("{page}_{post}")),
        [_, "posts" | "videos", .., id] | ["reel", id] => Some((*id).to_owned()),
        [id] if id.contains('_') => Some((*id).to_owned()),
        _ => None,
    }
}

fn linkedin(parts: &[&str]) -> Option<String> {
    match parts {
        ["feed", "update", urn] => Some(urn.replace("%3A", ":").replace("%3a", ":")),
        ["posts", slug] => [("-share-", SHARE), ("-ugcPost-", UGC_POST), ("-activity-", ACTIVITY)]
            .iter()
            .find_map(|(mark, kind)| {
                let (_, rest) = slug.rsplit_once(mark)?;
                Some(format!("{kind}{}", rest.split('-').next()?))
            }),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Platform::{Facebook, Instagram, LinkedIn};

    #[test]
    fn each_platform_has_ids_of_its_own() {
        let all = [
            ("1000001_12204100007919", &[Facebook][..]),
            ("12204100007919", &[Facebook, Instagram]),
            ("urn:li:share:7530997863002823873", &[LinkedIn]),
            ("urn:li:ugcPost:7530997863002823873", &[LinkedIn]),
            ("urn:li:activity:7530997863002823873", &[LinkedIn]),
            ("urn:li:person:Ann1", &[]),
            ("urn:li:organization:12", &[]),
            ("urn:li:share:", &[]),
            ("urn:li:share:12a", &[]),
            ("urn:li:share:1 ", &[]),
            ("1_2_3", &[]),
            ("_2", &[]),
            ("1_", &[]),
            ("", &[]),
            ("-1", &[]),
            ("١٢", &[]),
            ("EXTERNAL_ID", &[]),
            ("<ID OF THE POST>", &[]),
            ("not-a-urn", &[]),
            ("pfbid02abc", &[]),
            ("https://www.facebook.com/reel/77", &[]),
            ("https://www.linkedin.com/feed/update/urn:li:share:77/", &[]),
        ];
        for (id, platforms) in all {
            for platform in Platform::ALL {
                let fits = check_post_id(*platform, id).is_ok();
                assert_eq!(fits, platforms.contains(platform), "{platform} {id:?}");
            }
        }
        check_post_id(Facebook, &"9".repeat(LENGTH_MAX)).unwrap();
        check_post_id(Facebook, &"9".repeat(LENGTH_MAX + 1)).unwrap_err();
    }

    /// An address in place of a post id is refused, and the message names the
    /// id it holds.
    #[test]
    fn address_is_refused_with_the_id_inside() {
        let li = "https://www.linkedin.com";
        let fb = "https://www.facebook.com";
        for (platform, address, id) in [
            (LinkedIn, format!("{li}/feed/update/urn:li:share:77/"), Some("urn:li:share:77")),
            (
                LinkedIn,
                format!("{li}/feed/update/urn%3Ali%3AugcPost%3A7"),
                Some("urn:li:ugcPost:7"),
            ),
            (
                LinkedIn,
                format!("{li}/posts/ann_hi-activity-77-x_Y?u=1"),
                Some("urn:li:activity:77"),
            ),
            (LinkedIn, format!("{li}/feed/update/urn:li:person:Ann1/"), None),
            (LinkedIn, "https://notlinkedin.com/feed/update/urn:li:share:77".to_owned(), None),
            (LinkedIn, format!("{fb}/reel/77"), None),
            (Facebook, format!("{fb}/1000001_77"), Some("1000001_77")),
            (Facebook, format!("{fb}/1000001/posts/77"), Some("1000001_77")),
            (Facebook, format!("{fb}/acme/posts/new-menu/77/"), Some("77")),
            (Facebook, format!("{fb}/permalink.php?story_fbid=77&id=1000001"), Some("1000001_77")),
            (Facebook, format!("{fb}/reel/77"), Some("77")),
            (Facebook, "https://facebook.com/acme/videos/77".to_owned(), Some("77")),
            (Facebook, format!("{fb}/acme/posts/pfbid02abc"), None),
            (Facebook, format!("{fb}/permalink.php?story_fbid=pfbid02abc&id=1"), None),
            (Facebook, format!("{fb}/1000001"), None),
            (Instagram, "https://www.instagram.com/p/SB100007919/".to_owned(), None),
        ] {
            let problem = check_post_id(platform, &address).unwrap_err();
            let hint = problem.hint.unwrap();
            match id {
                Some(id) => assert!(hint.contains(&format!(" of {id}: ")), "{address}: {hint}"),
                None => assert_eq!(hint, where_it_is(platform), "{address}"),
            }
        }
    }
}
