//! Headers that are of one connection alone, and those that the next node says itself.

use http::{HeaderMap, HeaderName, header};

/// Of one connection (RFC 9110 section 7.6.1).
const HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// What tells of clients: the owner is told by proof, and must not take a stranger's word.
const TOLD: [HeaderName; 6] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    header::EXPECT,
    header::CONTENT_LENGTH,
];
/// What every node adds to its own answers.
const ANSWERED: [HeaderName; 4] = [
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
];

/// Headers of a request for the node that it is forwarded to; `Host` stays.
pub(super) fn of_request(headers: &HeaderMap) -> HeaderMap {
    without(headers.clone(), &TOLD)
}

/// Headers of an answer for the client.
pub(super) fn of_answer(headers: HeaderMap) -> HeaderMap {
    without(headers, &ANSWERED)
}

fn without(mut headers: HeaderMap, names: &[HeaderName]) -> HeaderMap {
    for name in named_by_connection(&headers) {
        headers.remove(name);
    }
    for name in HOP.iter().chain(names) {
        headers.remove(name);
    }
    headers
}

/// What `Connection` names is of this connection, too.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let lines = headers.get_all(header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_of_one_connection_goes_no_further() {
        let sent =
            headers(&[("connection", "x-own, close"), ("x-own", "1"), ("te", "gzip"), ("cookie", "a")]);
        assert_eq!(of_request(&sent), headers(&[("cookie", "a")]));
    }

    #[test]
    fn the_name_of_the_server_stays_and_the_word_of_a_stranger_does_not() {
        let sent = headers(&[("host", "relay.example"), ("x-forwarded-for", "127.0.0.1")]);
        assert_eq!(of_request(&sent), headers(&[("host", "relay.example")]));
    }

    #[test]
    fn an_answer_keeps_what_it_says_and_the_node_that_says_it() {
        let sent = [("content-type", "text/plain"), ("x-relay-node", "b"), ("vary", "Origin")];
        let expected = headers(&[("content-type", "text/plain"), ("x-relay-node", "b")]);
        assert_eq!(of_answer(headers(&sent)), expected);
    }
}
