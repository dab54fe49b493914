//! The keys of one issuer, fetched when they are needed and kept for a while.
//!
//! Each issuer has a set of its own, in which a key is found by its `kid`: the same `kid` of
//! another issuer is another key. A stranger who invents `kid`s causes one fetch per
//! [`MIN_INTERVAL`] at most, and nobody waits for more than one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::StatusCode;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, RwLock};

use super::JwtError;
use super::keys::VerifyingKey;
use super::settings::JwksSource;
use crate::auth::outbound::{Call, FetchError, Trust};

/// Age at which a set is fetched again: a key that was taken back is good for as long.
const FRESH: Duration = Duration::from_secs(300);
/// Age up to which a set is used while it cannot be fetched again.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Least time from one fetch to the next.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// Time for a set to be fetched.
const DEADLINE: Duration = Duration::from_secs(3);
/// Bytes that a set may have.
const MAX_BODY: usize = 256 * 1024;
/// Keys that a set may have.
const MAX_KEYS: usize = 100;

/// An issuer, and the keys that it had when asked last.
#[derive(Debug)]
pub(super) struct Issuer {
    source: JwksSource,
    trust: Trust,
    set: RwLock<Option<Set>>,
    /// When it was asked last; locked while it is asked.
    asked: Mutex<Option<Instant>>,
    fresh: Duration,
    min_interval: Duration,
}

/// Keys by `kid`.
type Keys = HashMap<Option<String>, VerifyingKey>;

#[derive(Debug)]
struct Set {
    keys: Keys,
    fetched: Instant,
}

/// A set as it is written down.
#[derive(Deserialize)]
struct Written {
    keys: Vec<Value>,
}

impl Issuer {
    pub(super) fn new(source: JwksSource, trust: Trust) -> Self {
        Self {
            source,
            trust,
            set: RwLock::default(),
            asked: Mutex::default(),
            fresh: FRESH,
            min_interval: MIN_INTERVAL,
        }
    }

    /// The same with other times.
    #[cfg(test)]
    pub(super) fn with_times(mut self, fresh: Duration, min_interval: Duration) -> Self {
        (self.fresh, self.min_interval) = (fresh, min_interval);
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.source.issuer
    }

    /// The key that `kid` names, or the only key that can be meant without one.
    pub(super) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<VerifyingKey, JwtError> {
        if let Found::Fresh(key) = self.find(kid, algorithm).await {
            return Ok(key);
        }
        let refreshed = self.refresh(kid, algorithm).await;
        match (self.find(kid, algorithm).await, refreshed) {
            (Found::Fresh(key) | Found::Stale(key), _) => Ok(key),
            (Found::Nothing, Ok(())) => Err(JwtError::UnknownKey),
            (Found::Nothing, Err(Unasked)) => Err(JwtError::Unavailable),
        }
    }

    async fn fetch(&self) -> Result<Keys, FetchError> {
        let call = Call { url: &self.source.url, body: None, deadline: DEADLINE, max_body: MAX_BODY };
        match call.send(&self.trust).await? {
            (StatusCode::OK, body) => parse(&body),
            (status, _) => Err(FetchError::Status(status)),
        }
    }

    async fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Found {
        let set = self.set.read().await;
        let Some(set) = set.as_ref() else { return Found::Nothing };
        let key = match kid {
            Some(kid) => set.keys.get(&Some(kid.to_owned())),
            None => set.only(algorithm),
        };
        let age = set.fetched.elapsed();
        match key.filter(|key| key.algorithms().contains(&algorithm)) {
            Some(key) if age < self.fresh => Found::Fresh(key.clone()),
            Some(key) if age < STALE => Found::Stale(key.clone()),
            _ => Found::Nothing,
        }
    }

    /// Asks the issuer, unless it was asked a moment ago.
    async fn refresh(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<(), Unasked> {
        let mut asked = self.asked.lock().await;
        if let Found::Fresh(_) = self.find(kid, algorithm).await {
            return Ok(());
        }
        if asked.is_some_and(|asked| asked.elapsed() < self.min_interval) {
            return if self.set.read().await.is_some() { Ok(()) } else { Err(Unasked) };
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                *self.set.write().await = Some(Set { keys, fetched: Instant::now() });
                Ok(())
            }
            Err(error) => {
                tracing::error!(issuer = self.name(), %error, "Keys of an issuer could not be fetched");
                Err(Unasked)
            }
        }
    }
}

/// The issuer did not tell its keys.
struct Unasked;

enum Found {
    Fresh(VerifyingKey),
    Stale(VerifyingKey),
    Nothing,
}

impl Set {
    fn only(&self, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let mut fitting = self.keys.values().filter(|key| key.algorithms().contains(&algorithm));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}

/// The keys of a set that are for us. Two of one `kid` cannot be told apart: the first counts.
fn parse(body: &[u8]) -> Result<Keys, FetchError> {
    let written: Written = serde_json::from_slice(body).map_err(|_| FetchError::NoKeySet)?;
    let mut keys = HashMap::new();
    for value in written.keys.into_iter().take(MAX_KEYS) {
        // A key of a kind that nobody here knows does not spoil the others.
        let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
        if let Some(key) = VerifyingKey::of_jwk(&jwk) {
            keys.entry(jwk.common.key_id).or_insert(key);
        }
    }
    if keys.is_empty() { Err(FetchError::NoKeySet) } else { Ok(keys) }
}

#[cfg(test)]
#[path = "issuer_tests.rs"]
mod tests;
