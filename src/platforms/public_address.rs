//! Keeps a download on the public internet, so that this program cannot be used to read
//! what only its host can reach.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::domain::rules::is_public;

/// A host that leads to no public address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host {0} is not on the public internet")]
pub struct NotPublic(pub String);

/// Checks a host that is written as an address. The URL parser has already
/// turned `127.1`, `0x7f000001`, `017700000001` and `2130706433` into one.
///
/// # Errors
///
/// [`NotPublic`] for such a host outside the public internet; a host name
/// passes, since [`PublicResolver`] checks what it resolves to.
pub fn check_literal(url: &Url) -> Result<(), NotPublic> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_public(address) { Ok(()) } else { Err(NotPublic(address.to_string())) }
}

/// Resolves names to their public addresses only. The connection is made to
/// exactly these, so a second, different answer cannot slip in.
#[derive(Debug, Clone, Copy)]
pub struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0))
                .await?
                .filter(|address| is_public(address.ip()))
                .collect();
            if addresses.is_empty() {
                return Err(NotPublic(host).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "100::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(refused.parse().unwrap()), "{refused}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "017700000001",
            "0177.0.0.1",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "169.254.169.254",
            "10.0.0.1",
            "127.0.0.1.",
        ] {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert!(check_literal(&url).is_err(), "{host} became {url}");
        }
        for host in ["8.8.8.8", "cdn.example.com", "[2606:4700:4700::1111]"] {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert_eq!(check_literal(&url), Ok(()), "{host}");
        }
    }

    /// **D3**: a name that resolves to this machine is refused.
    #[tokio::test]
    async fn name_resolving_to_own_machine_is_refused() {
        let answer = PublicResolver.resolve("localhost".parse().unwrap()).await;
        let error = answer.err().expect("localhost is not public");
        assert_eq!(error.downcast_ref(), Some(&NotPublic("localhost".to_owned())));
    }
}
