//! What carries messages between relays.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Bus;
    /// The Redis that joins relays; without it, and without `REDIS_URL_FILE`, this process is alone.
    REDIS_URL: Text = text("", "redis:// or rediss:// URL");
    /// Holds the URL, for one that is itself a secret.
    REDIS_URL_FILE: Text = text("", "path of a file");
    /// Holds the password; wins over one in the URL.
    REDIS_PASSWORD_FILE: Text = text("", "path of a file");
    /// Part of every name in Redis: only relays with the same one hear each other.
    REDIS_NAMESPACE: Text = text("default", "letters, digits, . _ -");
    /// Tries in a row after which Redis is given up; 0 is never.
    REDIS_MAX_RETRIES: Number = number(0, 0..=1_000_000, "tries");
}
