//! LinkedIn URNs: what they name, and the time some of them carry.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

/// Who posts, as the account's external id names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author<'a> {
    /// A member profile. Its posts cannot be read back (`r_member_social` is closed).
    Person(&'a str),
    /// An organization page.
    Organization(&'a str),
}

impl<'a> Author<'a> {
    /// Reads `urn:li:person:<id>` or `urn:li:organization:<number>`, strictly:
    /// an empty or foreign id would come back as a 403 without words.
    #[must_use]
    pub fn parse(urn: &'a str) -> Option<Self> {
        let (kind, id) = urn.strip_prefix("urn:li:")?.split_once(':')?;
        let member_id = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        match kind {
            "person" if matches!(id.len(), 1..=64) && id.bytes().all(member_id) => {
                Some(Self::Person(urn))
            }
            "organization"
                if matches!(id.len(), 1..=20) && id.bytes().all(|c| c.is_ascii_digit()) =>
            {
                Some(Self::Organization(urn))
            }
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

/// The first post URN (`share`, `ugcPost` or `activity`) within a text.
#[must_use]
pub fn find_post(text: &str) -> Option<&str> {
    text.match_indices("urn:li:").find_map(|(start, _)| {
        let urn = &text[start..];
        let (kind, rest) = urn["urn:li:".len()..].split_once(':')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let names_a_post = matches!(kind, "share" | "ugcPost" | "activity") && digits > 0;
        names_a_post.then(|| &urn[.."urn:li:".len() + kind.len() + 1 + digits])
    })
}

/// Whether a text is the URN of a post and nothing else.
#[must_use]
pub fn is_post(text: &str) -> bool {
    text.len() <= MAX_POST_URN && find_post(text) == Some(text)
}

/// The longest kind with the most digits of a 64-bit number.
const MAX_POST_URN: usize = "urn:li:activity:".len() + 20;

/// When the post behind `urn` was made: the upper 41 bits of its number are
/// Unix milliseconds.
///
/// LinkedIn does not promise this. A time before 2015 or more than a day after
/// `now` means that the layout has changed, and gives `None`. The number can be
/// minted a fraction of a second before `createdAt`.
#[must_use]
pub fn minted_at(urn: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let urn = find_post(urn)?;
    let number: u64 = urn.rsplit(':').next()?.parse().ok()?;
    let minted = Utc.timestamp_millis_opt(i64::try_from(number >> 22).ok()?).single()?;
    let earliest = Utc.with_ymd_and_hms(2015, 1, 1, 0, 0, 0).single()?;
    (earliest <= minted && minted <= now + TimeDelta::days(1)).then_some(minted)
}

/// The address of a post for people; works for both kinds of post URN.
#[must_use]
pub fn address(urn: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{urn}/")
}

/// Percent-encodes a URN for a path segment or a query value (Rest.li 2.0).
#[must_use]
pub fn encode(urn: &str) -> String {
    url::form_urlencoded::byte_serialize(urn.as_bytes()).collect()
}

/// Undoes the "reduced encoding" that a created id may arrive in. What is no
/// valid escape stays as it is.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|c| (*c as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

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
    fn known_ids_carry_their_known_times() {
        let now = time("2026-11-24T00:00:00Z");
        for (id, at) in [
            ("6856810298419044352", "2021-10-21T04:36:08.518Z"),
            ("6592046682882531328", "2019-10-21T14:00:03.504Z"),
            ("7487189920416108544", "2026-07-26T16:59:42.289Z"),
        ] {
            for kind in ["share", "ugcPost", "activity"] {
                assert_eq!(minted_at(&format!("urn:li:{kind}:{id}"), now), Some(time(at)));
            }
        }
        for (id, second) in [
            ("7141138937766391808", "2023-12-14T18:56:38Z"),
            ("7470701611313471488", "2026-06-11T05:01:03Z"),
        ] {
            let minted = minted_at(&format!("urn:li:share:{id}"), now).unwrap();
            assert_eq!(minted.timestamp(), time(second).timestamp());
        }
    }

    #[test]
    fn a_time_that_cannot_be_is_no_time() {
        let id = "urn:li:share:7487189920416108544";
        assert_eq!(minted_at(id, time("2026-07-25T12:00:00Z")), None, "more than a day ahead");
        assert!(minted_at(id, time("2026-07-26T12:00:00Z")).is_some());
        assert_eq!(minted_at("urn:li:share:12345", time("2026-07-25T12:00:00Z")), None, "1970");
        assert_eq!(
            minted_at("urn:li:share:99999999999999999999999", time("2026-07-25T12:00:00Z")),
            None
        );
        assert_eq!(
            minted_at("urn:li:person:7487189920416108544", time("2027-01-01T00:00:00Z")),
            None
        );
    }

    /// The first URN of a post is found; those of persons are not posts.
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

    #[test]
    fn urns_survive_encoding() {
        assert_eq!(encode("urn:li:share:1"), "urn%3Ali%3Ashare%3A1");
        assert_eq!(encode("urn:li:comment:(a,b)"), "urn%3Ali%3Acomment%3A%28a%2Cb%29");
        assert_eq!(decode("urn%3Ali%3ashare%3A1"), "urn:li:share:1");
        assert_eq!(decode("urn:li:share:1"), "urn:li:share:1");
        assert_eq!(decode("100%"), "100%");
    }
}
