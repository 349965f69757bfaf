//! The ids that platforms give to accounts and posts, as people type them.

use url::Url;

use crate::domain::{Platform, Problem};

/// Characters that the database keeps of a post's id.
const LENGTH_MAX: usize = 191;

/// Checks what a person says is the id of an account.
///
/// # Errors
/// It is none of this platform, so that every post would fail.
pub fn check_account_id(platform: Platform, id: &str) -> Result<(), Problem> {
    let ids = &platform.profile().account_ids;
    if (ids.fits)(id) {
        return Ok(());
    }
    let what = format!("not an id of {platform}");
    Err(Problem::new("--external-id", what).value(id).hint(ids.looks))
}

/// Checks what a person says is the id of a post.
///
/// # Errors
/// It is none of this platform: an address, a placeholder, another platform's.
pub fn check_post_id(platform: Platform, id: &str) -> Result<(), Problem> {
    let ids = &platform.profile().post_ids;
    let fits = |id: &str| (ids.fits)(id) && id.len() <= LENGTH_MAX;
    if fits(id) {
        return Ok(());
    }
    let url = Url::parse(id).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let found = url.and_then(|url| (ids.in_address)(&url)).filter(|found| fits(found));
    let hint = found.map_or_else(
        || ids.looks.to_owned(),
        |found| format!("this address is that of {found}: if it is the post, pass that"),
    );
    Err(Problem::new("--published", format!("not the id of a post on {platform}"))
        .value(id)
        .hint(hint))
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
            ("urn:li:share:123456789012345678901", &[]),
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

    /// An account is taken exactly if its posts can be sent.
    #[test]
    fn account_ids_are_those_of_the_client() {
        for (id, platforms) in [
            ("1000001", &[Facebook, Instagram][..]),
            ("urn:li:person:8675_-Ab", &[LinkedIn]),
            ("urn:li:organization:12345678901234567890", &[LinkedIn]),
            ("urn:li:organization:123456789012345678901", &[]),
            ("urn:li:organization:", &[]),
            ("urn:li:person:a b", &[]),
            ("acme", &[]),
            ("", &[]),
        ] {
            for platform in Platform::ALL {
                let fits = check_account_id(*platform, id).is_ok();
                assert_eq!(fits, platforms.contains(platform), "{platform} {id:?}");
            }
        }
        let long = format!("urn:li:person:{}", "a".repeat(65));
        check_account_id(LinkedIn, &long).unwrap_err();
        check_account_id(LinkedIn, &long[..long.len() - 1]).unwrap();
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
                None => assert_eq!(hint, platform.profile().post_ids.looks, "{address}"),
            }
        }
    }
}
