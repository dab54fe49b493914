//! The profile `tokens`.

use super::*;
use crate::config::setting::Switch;

settings! {
    Topic::Profile("tokens");
    /// Chunks have their text in `chunk`, too, not in `content` alone.
    TOKENS_COMPAT: Switch = switch(false);
}
