//! The name that a request gives its server (RFC 9112 section 3.2).

use http::uri::Authority;
use http::{HeaderMap, Version, header};

/// Whether `Host` is there once, and is a name or empty: proxies that choose between several would
/// choose another one. Only HTTP/1.0 may leave it out.
pub(super) fn is_sound(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sound_with(version: Version, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, http::HeaderValue::from_static(host));
        }
        is_sound(version, &headers)
    }

    #[test]
    fn one_name_is_a_must_since_http_1_1() {
        assert!(is_sound_with(Version::HTTP_11, &["relay_1.example:8080"]));
        assert!(is_sound_with(Version::HTTP_11, &[""]));
        assert!(is_sound_with(Version::HTTP_10, &[]));
        assert!(!is_sound_with(Version::HTTP_11, &[]));
    }

    #[test]
    fn two_names_and_what_is_no_name_are_refused() {
        assert!(!is_sound_with(Version::HTTP_11, &["a", "a"]));
        assert!(!is_sound_with(Version::HTTP_10, &["a", "b"]));
        assert!(!is_sound_with(Version::HTTP_11, &["a b"]));
    }
}
