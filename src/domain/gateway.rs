//! The stand-in for all platforms.

use std::net::IpAddr;

use url::Url;

/// A stand-in for all platforms on this machine: `https://host/path` becomes `{base}/host/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway(String);

impl Gateway {
    /// Reads `http://127.0.0.1:PORT`. Tokens are sent there in clear text,
    /// therefore only a loopback address is taken, and no name: `localhost` is
    /// what a resolver makes of it.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if url.scheme() != "http" {
            return Err("must start with http://".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            return Err("must be a loopback address such as http://127.0.0.1:8080".to_owned());
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err("must be only a scheme, an address and a port".to_owned());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address itself, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a URL leads to it.
    #[must_use]
    pub fn holds(&self, url: &str) -> bool {
        url.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_loopback_address_is_a_gateway() {
        assert_eq!(Gateway::parse("http://127.0.0.1:80/").unwrap().as_str(), "http://127.0.0.1");
        assert!(Gateway::parse("http://[::1]:8080").is_ok());
        for text in [
            "",
            "127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "http://localhost:8080",
            "http://localhost.evil.example",
            "http://10.0.0.1:8080",
            "http://user@127.0.0.1:8080",
            "http://127.0.0.1:8080/path",
            "http://127.0.0.1:8080?x=1",
        ] {
            assert!(Gateway::parse(text).is_err(), "{text}");
        }
    }
}
