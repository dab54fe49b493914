//! Which web pages may use this relay (requirement 000-10, conflict X-13).

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, Uri, header};

/// Ports of pages on a developer's own machine, allowed by default.
const LOCAL: [u16; 2] = [3000, 8080];

/// The allowed origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// `*`: every page.
    Any,
    /// Exactly these.
    List(Vec<String>),
}

/// An entry that is no origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid CORS origin format: {0:?}; expected scheme://host[:port], such as https://example.com, or *"
)]
pub struct InvalidOrigin(String);

impl Default for Origins {
    fn default() -> Self {
        Self::of_this_machine(None)
    }
}

impl FromStr for Origins {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.contains(&"*") {
            return Ok(Self::Any);
        }
        entries.into_iter().map(normalised).collect::<Result<_, _>>().map(Self::List)
    }
}

impl Origins {
    /// Pages of this machine: those of developers, and those that the relay's own `port` serves.
    pub fn of_this_machine(port: Option<u16>) -> Self {
        let own = port.filter(|port| !LOCAL.contains(port));
        let ports = || LOCAL.into_iter().chain(own);
        let origin = |host| ports().map(move |port| format!("http://{host}:{port}"));
        Self::List(["localhost", "127.0.0.1"].into_iter().flat_map(origin).collect())
    }

    /// Whether a page of `origin` may use the relay. Exact: no suffixes, and `null` never matches
    /// an entry.
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        match (self, origin.to_str()) {
            (Self::Any, _) => true,
            (Self::List(list), Ok(origin)) => {
                list.iter().any(|entry| entry.eq_ignore_ascii_case(origin.trim_end_matches('/')))
            }
            (Self::List(_), Err(_)) => false,
        }
    }

    /// Whether a request may open a connection: one without an origin comes from no browser.
    pub fn allow_request(&self, headers: &HeaderMap) -> bool {
        headers.get(header::ORIGIN).is_none_or(|origin| self.allow(origin))
    }
}

/// `scheme://host[:port]` in lower case.
fn normalised(entry: &str) -> Result<String, InvalidOrigin> {
    let invalid = || InvalidOrigin(entry.to_owned());
    let uri: Uri = entry.parse().map_err(|_| invalid())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(invalid)?;
    let authority = uri.authority().filter(|a| !a.host().is_empty() && !a.as_str().contains('@'));
    let authority = authority.ok_or_else(invalid)?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(invalid());
    }
    Ok(format!("{scheme}://{authority}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &str, origin: &'static str) -> bool {
        list.parse::<Origins>().unwrap().allow(&HeaderValue::from_static(origin))
    }

    #[test]
    fn r000_10_entries_that_are_no_urls_are_invalid() {
        for entry in ["localhost", "invalid-url", "ftp://a", "http://", "http://a/path", "http://u@a"] {
            assert!(entry.parse::<Origins>().is_err(), "{entry}");
        }
    }

    #[test]
    fn r000_10_a_listed_origin_is_allowed() {
        assert!(allows("http://a.com, https://b.com/", "https://b.com"));
    }

    #[test]
    fn origins_that_only_look_alike_are_refused() {
        for origin in ["https://a.com.evil.com", "https://evila.com", "http://a.com", "null"] {
            assert!(!allows("https://a.com", origin), "{origin}");
        }
    }

    #[test]
    fn the_relays_own_page_is_of_this_machine() {
        let origins = Origins::of_this_machine(Some(9000));
        assert!(origins.allow(&HeaderValue::from_static("http://localhost:9000")));
        assert!(origins.allow(&HeaderValue::from_static("http://127.0.0.1:3000")));
        assert!(!origins.allow(&HeaderValue::from_static("http://127.0.0.1:9001")));
    }

    #[test]
    fn a_star_allows_every_origin() {
        assert!(allows("*", "null"));
    }
}
