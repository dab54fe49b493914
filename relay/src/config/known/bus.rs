//! What carries messages between relays.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Bus;
    /// The Redis that joins relays; without it, and without `REDIS_URL_FILE`, this process is alone.
    REDIS_URL: Text = text("", "redis://, redis+sentinel:// or redis+cluster:// URL; rediss for TLS");
    /// Holds the URL, for one that is itself a secret.
    REDIS_URL_FILE: Text = text("", "path of a file");
    /// Holds the password; wins over one in the URL.
    REDIS_PASSWORD_FILE: Text = text("", "path of a file");
    /// Account at the sentinels of `redis+sentinel://`, which is not that of the primary.
    REDIS_SENTINEL_USERNAME: Text = text("", "name");
    /// Holds its password.
    REDIS_SENTINEL_PASSWORD_FILE: Text = text("", "path of a file");
    /// Authorities that vouch for Redis, in place of the public ones; read anew at each dial.
    REDIS_CA_FILE: Text = text("", "path of a PEM file");
    /// Part of every name in Redis: only relays with the same one hear each other.
    REDIS_NAMESPACE: Text = text("default", "letters, digits, . _ -");
    /// Tries in a row after which Redis is given up; 0 is never.
    REDIS_MAX_RETRIES: Number = number(0, 0..=1_000_000, "tries");
    /// What is kept, so that clients who come back miss nothing: so many messages of each user, namespace of rooms,
    /// conversation or of all events, until so long after the last of them. Sizes and seconds count from the next
    /// message on; a class that is added or left out needs a new process.
    HISTORY: Text = text("", "list of users, rooms, conversations or events with =SIZE/SECONDS, such as users=1000/300").live();
    /// Which of them are kept, if not those that `HISTORY` names at the start: for a settings file that may say
    /// more or less. What `HISTORY` does not name is kept as `1000/300`.
    HISTORY_CLASSES: Text = text("", "list of users, rooms, conversations, events");
    /// Connections for tokens, sessions and tasks that stay open while nobody needs them.
    REDIS_POOL_MIN: Number = number(1, 0..=1000, "connections");
    /// The most of them.
    REDIS_POOL_MAX: Number = number(20, 1..=1000, "connections");
    /// Longest that a call on one of them may take, with its wait for one.
    REDIS_POOL_TIMEOUT: Number = number(5, 1..=60, "seconds");
}
