//! The profile `tokens`.

use super::*;
use crate::config::setting::{Number, Switch};

settings! {
    Topic::Profile("tokens");
    /// Chunks have their text in `chunk`, too, not in `content` alone.
    TOKENS_COMPAT: Switch = switch(false);
    /// Connection tokens that one user may get in a minute; 0 is no limit.
    TOKEN_RATE_LIMIT: Number = number(10, 0..=10_000_000, "tokens").live();
}
