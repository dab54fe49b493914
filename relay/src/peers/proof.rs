//! What a node tells the owner of a forwarded request of its client, and why the owner believes it.
//!
//! The header [`FORWARDED`] holds the client's address, whether it was seen to use TLS, whether
//! somebody may stand behind it, and an HMAC-SHA256 (RFC 2104) of these, of the request's method and
//! address, and of the owner's name, by the secret of the cluster. So it is good for this request
//! to this node alone, and nobody else can write one. Without a good one a request is a stranger's.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::auth::ClientAddress;
use crate::bus::Secret;

/// The header. A request that has it, good or bad, is not forwarded again.
pub const FORWARDED: HeaderName = HeaderName::from_static("x-relay-forwarded");

/// The secret as it is now and as it was before, by which others may still prove for a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    now: Option<Arc<Key>>,
    former: Option<Arc<Key>>,
}

#[derive(Debug)]
struct Key {
    secret: Secret,
    key: hmac::Key,
}

/// A request as the proof is about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) owner: &'a str,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
}

impl Keys {
    /// The keys when the secret is `secret`.
    pub(super) fn renewed(&self, secret: Secret) -> Self {
        if self.now.as_ref().is_some_and(|key| key.secret == secret) {
            return self.clone();
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        Self { now: Some(Arc::new(Key { secret, key })), former: self.now.clone() }
    }

    /// The header for a request of `client`; none without a secret.
    pub(super) fn prove(&self, subject: Subject<'_>, client: &ClientAddress) -> Option<HeaderValue> {
        let told = client.to_string();
        let tag = hmac::sign(&self.now.as_ref()?.key, signed(subject, &told).as_bytes());
        HeaderValue::from_str(&format!("{told} {}", URL_SAFE_NO_PAD.encode(tag))).ok()
    }

    /// The client that a request tells of, if it proves it.
    pub(super) fn check(&self, subject: Subject<'_>, headers: &HeaderMap) -> Option<ClientAddress> {
        let (told, tag) = headers.get(FORWARDED)?.to_str().ok()?.rsplit_once(' ')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let signed = signed(subject, told);
        let is_good = |key: &Arc<Key>| hmac::verify(&key.key, signed.as_bytes(), &tag).is_ok();
        let proven = self.now.iter().chain(&self.former).any(is_good);
        proven.then(|| told.parse().ok()).flatten()
    }
}

/// What is signed. None of its parts has a line break.
fn signed(Subject { owner, method, uri }: Subject<'_>, told: &str) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("relay-forwarded-1\n{owner}\n{method}\n{path}\n{told}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "/socket.io/?sid=a.b";

    fn keys(secret: &str) -> Keys {
        Keys::default().renewed(Secret::new(secret))
    }

    /// What a node with `prover` told another of a client, as `checker` sees it there as the request
    /// `method uri` to `owner`.
    fn seen(prover: &Keys, checker: &Keys, owner: &str, method: &Method, uri: &str) -> Option<String> {
        let client = "192.0.2.7 true false".parse().unwrap();
        let sent = Subject { owner: "b", method: &Method::GET, uri: &URI.parse().unwrap() };
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, prover.prove(sent, &client).unwrap());
        let uri = uri.parse().unwrap();
        checker.check(Subject { owner, method, uri: &uri }, &headers).map(|client| client.to_string())
    }

    #[test]
    fn a_node_believes_another_of_its_cluster() {
        let told = seen(&keys("s"), &keys("s"), "b", &Method::GET, URI);
        assert_eq!(told.as_deref(), Some("192.0.2.7 true false"));
    }

    #[test]
    fn nobody_is_believed_by_another_secret() {
        assert_eq!(seen(&keys("x"), &keys("s"), "b", &Method::GET, URI), None);
        assert_eq!(seen(&keys("x"), &Keys::default(), "b", &Method::GET, URI), None);
    }

    #[test]
    fn a_proof_is_of_one_request_to_one_node() {
        let keys = keys("s");
        assert_eq!(seen(&keys, &keys, "c", &Method::GET, URI), None);
        assert_eq!(seen(&keys, &keys, "b", &Method::POST, URI), None);
        assert_eq!(seen(&keys, &keys, "b", &Method::GET, "/socket.io/?sid=c.b"), None);
    }

    #[test]
    fn another_address_needs_another_proof() {
        let keys = keys("s");
        let subject = Subject { owner: "b", method: &Method::GET, uri: &URI.parse().unwrap() };
        let proof = keys.prove(subject, &"192.0.2.7 true false".parse().unwrap()).unwrap();
        let forged = proof.to_str().unwrap().replace("192.0.2.7", "127.0.0.1");
        let headers = HeaderMap::from_iter([(FORWARDED, forged.parse().unwrap())]);
        assert_eq!(keys.check(subject, &headers), None);
    }

    #[test]
    fn the_former_secret_is_good_once_more() {
        let later = keys("s").renewed(Secret::new("t"));
        assert!(seen(&keys("s"), &later, "b", &Method::GET, URI).is_some());
        assert!(seen(&keys("s"), &later.renewed(Secret::new("u")), "b", &Method::GET, URI).is_none());
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", keys("s3cret")).contains("s3cret"));
    }
}
