//! The profile `push`.

use super::*;
use crate::config::setting::Text;

settings! {
    Topic::Profile("push");
    /// Accounts that take @mentions, added to `ci_bot`, `email_bot`, `notification_bot`, `system_bot`.
    PUBLIC_ACCOUNTS: Text = text("", "comma list of names").live();
}
