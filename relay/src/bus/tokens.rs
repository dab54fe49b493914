//! Connection tokens of a relay that runs alone, in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::BusError;
use crate::sync::lock;

/// Tokens that wait to be used; the oldest ends within a minute.
const MAX_TOKENS: usize = 100_000;

/// Values by token, each with its end.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<String, (String, Instant)>>);

impl Tokens {
    /// Keeps a value for `ttl`.
    pub(super) fn keep(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let now = Instant::now();
        let mut tokens = lock(&self.0);
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, (_, end)| *end > now);
        }
        if tokens.len() >= MAX_TOKENS {
            return Err(BusError::Unavailable("too many tokens wait to be used".to_owned()));
        }
        tokens.insert(token.to_owned(), (value.to_owned(), now + ttl));
        Ok(())
    }

    /// Takes a value that has not ended.
    pub(super) fn take(&self, token: &str) -> Option<String> {
        let (value, end) = lock(&self.0).remove(token)?;
        (end > Instant::now()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r003_04_a_token_is_good_once() {
        let tokens = Tokens::default();
        tokens.keep("t", "v", Duration::from_secs(60)).unwrap();
        assert_eq!((tokens.take("t"), tokens.take("t")), (Some("v".to_owned()), None));
    }

    #[test]
    fn r003_03_a_token_ends() {
        let tokens = Tokens::default();
        tokens.keep("t", "v", Duration::ZERO).unwrap();
        assert_eq!(tokens.take("t"), None);
    }

    #[test]
    fn tokens_are_bounded_and_ended_ones_make_room() {
        let tokens = Tokens::default();
        for number in 0..MAX_TOKENS {
            tokens.keep(&number.to_string(), "", Duration::ZERO).unwrap();
        }
        tokens.keep("t", "v", Duration::from_secs(60)).unwrap();
        assert_eq!(lock(&tokens.0).len(), 1);
    }
}
