//! LinkedIn URNs on the wire, and the time that some of them carry.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::domain::linkedin::find_post;

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

/// Percent-encodes a URN for a path segment or a query value (Rest.li 2.0).
#[must_use]
pub fn encode(urn: &str) -> String {
    url::form_urlencoded::byte_serialize(urn.as_bytes()).collect()
}

/// Undoes the "reduced encoding" that a created id may arrive in. An invalid escape is
/// left unchanged.
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
    fn urns_survive_encoding() {
        assert_eq!(encode("urn:li:share:1"), "urn%3Ali%3Ashare%3A1");
        assert_eq!(encode("urn:li:comment:(a,b)"), "urn%3Ali%3Acomment%3A%28a%2Cb%29");
        assert_eq!(decode("urn%3Ali%3ashare%3A1"), "urn:li:share:1");
        assert_eq!(decode("urn:li:share:1"), "urn:li:share:1");
        assert_eq!(decode("100%"), "100%");
    }
}
