//! Where a request carries its token.

use http::{HeaderMap, header, request};
use serde::Deserialize;

use super::Origins;
use super::key::bearer;

/// What a client shows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Its request, the first one of a session.
    pub request: &'a request::Parts,
    /// JSON that it sent to connect, which Socket.IO calls `auth`.
    pub auth: Option<&'a str>,
    /// The pages whose cookies count.
    pub origins: &'a Origins,
}

/// What is looked for in `auth`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    token: Option<String>,
    connection_token: Option<String>,
}

/// The token of a client: the first of
/// 1. `token` in Socket.IO's `auth`,
/// 2. `Authorization: Bearer`,
/// 3. the subprotocols `bearer, <token>`, for browsers' WebSockets (row 004-01),
/// 4. the cookie called `cookie`, if the request comes from an allowed page (row 003-16),
/// 5. `?token=` (row 003-16).
///
/// The first one counts, good or bad: a bad token is never made up for by another.
pub(super) fn token(shown: &Shown<'_>, cookie: Option<&str>) -> Option<String> {
    let Shown { request, origins, .. } = *shown;
    let headers = &request.headers;
    let from_cookie =
        || cookie.filter(|_| may_use_cookies(headers, origins)).and_then(|name| find(headers, name));
    let from_headers = || bearer(headers).or_else(|| subprotocol(headers)).or_else(from_cookie);
    payload(shown)
        .token
        .or_else(|| from_headers().map(str::to_owned))
        .or_else(|| parameter(request.uri.query()?, "token"))
}

/// The connection token of a client: as `connection_token`, or wherever a [`token`] may be but in a
/// cookie, which would come along again and again.
pub(super) fn connection_token(shown: &Shown<'_>) -> Option<String> {
    let named = payload(shown).connection_token;
    let named = named.or_else(|| parameter(shown.request.uri.query()?, "connection_token"));
    named.or_else(|| token(shown, None))
}

/// Anything but an object holds no token.
fn payload(shown: &Shown<'_>) -> Payload {
    shown.auth.and_then(|auth| serde_json::from_str(auth).ok()).unwrap_or_default()
}

/// Cookies come along with requests that any page causes. So they count only where the pages are
/// listed one by one: from one of these, or, except for an upgrade, without an origin, when a page
/// of another origin could not read the answer.
pub(super) fn may_use_cookies(headers: &HeaderMap, origins: &Origins) -> bool {
    match (origins, headers.get(header::ORIGIN)) {
        (Origins::Any, _) => false,
        (Origins::List(_), Some(origin)) => origins.allow(origin),
        (Origins::List(_), None) => !headers.contains_key(header::UPGRADE),
    }
}

fn subprotocol(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut offered = offered.split(',').map(str::trim);
    offered.find(|name| *name == "bearer")?;
    offered.next()
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

/// The value of a parameter of a query, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })?;
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
    Some(decoded.into_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: (&str, &str) = ("origin", "https://app.example");
    const COOKIE: (&str, &str) = ("cookie", "a=b; access=from-cookie");

    fn found(uri: &str, headers: &[(&'static str, &str)], origins: &str) -> Option<String> {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let origins = origins.parse().unwrap();
        token(&Shown { request: &parts, auth: None, origins: &origins }, Some("access"))
    }

    #[test]
    fn r003_16_a_cookie_comes_before_the_query() {
        let found = found("/ws?token=from-query", &[PAGE, COOKIE], "https://app.example");
        assert_eq!(found.as_deref(), Some("from-cookie"));
    }

    #[test]
    fn r003_16_the_query_is_the_last_way_in() {
        let token = found("/ws?x=1&token=from%2Dquery", &[], "https://app.example");
        assert_eq!(token.as_deref(), Some("from-query"));
    }

    #[test]
    fn a_cookie_counts_only_from_a_listed_page() {
        let upgrade = ("upgrade", "websocket");
        for (origin, list) in [
            (("origin", "https://app.example.evil.example"), "https://app.example"),
            (("origin", "null"), "https://app.example"),
            (("origin", "https://app.example"), "*"),
            (("host", "app.example"), "https://app.example"),
        ] {
            assert_eq!(found("/ws", &[origin, upgrade, COOKIE], list), None, "{origin:?} {list}");
        }
    }

    #[test]
    fn r003_24_a_request_without_an_origin_that_is_no_upgrade_may_use_its_cookie() {
        assert_eq!(found("/t", &[COOKIE], "https://app.example").as_deref(), Some("from-cookie"));
    }

    #[test]
    fn r004_01_a_browsers_socket_may_offer_its_token_as_a_subprotocol() {
        let offer = ("sec-websocket-protocol", "bearer, a.b.c");
        assert_eq!(found("/ws", &[offer], "*").as_deref(), Some("a.b.c"));
    }

    #[test]
    fn a_header_comes_first() {
        let header = ("authorization", "Bearer from-header");
        let found = found("/ws?token=q", &[header, PAGE, COOKIE], "https://app.example");
        assert_eq!(found.as_deref(), Some("from-header"));
    }

    proptest! {
        #[test]
        fn fuzz_any_headers_and_query_have_a_token_or_none(
            lines in prop::collection::vec(prop::collection::vec(32_u8..=255, 0..40), 4),
            query in "[!-~&&[^#]]{0,40}|(token=|%[0-9a-f]{0,2}|&){0,9}",
        ) {
            let (mut request, ()) = http::Request::new(()).into_parts();
            for (name, line) in [header::AUTHORIZATION, header::COOKIE, header::SEC_WEBSOCKET_PROTOCOL, header::ORIGIN]
                .into_iter()
                .zip(lines)
            {
                if let Ok(line) = http::HeaderValue::from_bytes(&line) {
                    request.headers.insert(name, line);
                }
            }
            if let Ok(uri) = format!("/ws?{query}").parse() {
                request.uri = uri;
            }
            for origins in ["*", "https://app.example"] {
                let origins = origins.parse().unwrap();
                let shown = Shown { request: &request, auth: None, origins: &origins };
                let _ = (token(&shown, Some("session")), connection_token(&shown));
            }
        }
    }

    #[test]
    fn x21_the_auth_of_socket_io_comes_before_all() {
        let parts =
            http::Request::get("/socket.io/?token=q&connection_token=c").body(()).unwrap().into_parts().0;
        let origins = Origins::Any;
        let of = |auth| Shown { request: &parts, auth, origins: &origins };
        assert_eq!(token(&of(Some(r#"{"token":"a"}"#)), None).as_deref(), Some("a"));
        assert_eq!(connection_token(&of(Some(r#"{"connection_token":"a"}"#))).as_deref(), Some("a"));
        for auth in [None, Some("{}"), Some("[]"), Some("\"token\""), Some(r#"{"token":1}"#)] {
            assert_eq!(token(&of(auth), None).as_deref(), Some("q"), "{auth:?}");
            assert_eq!(connection_token(&of(auth)).as_deref(), Some("c"), "{auth:?}");
        }
    }
}
