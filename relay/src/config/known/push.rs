//! The profile `push`.

use super::*;
use crate::config::setting::Text;

settings! {
    Topic::Profile("push");
    /// What a second socket of a user means: it is refused, or allowed (up to
    /// `MAX_CONNECTIONS_PER_PLAYER`), or replaces the first.
    DUPLICATE_POLICY: Text = text("reject", "reject, allow, replace").live();
    /// Accounts that take @mentions, added to `ci_bot`, `email_bot`, `notification_bot`, `system_bot`.
    PUBLIC_ACCOUNTS: Text = text("", "comma list of names").live();
}
