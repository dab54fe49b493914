//! Who a client has shown to be.

use std::time::Duration;

/// A client that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name: `sub` of a JWT, the user of a connection token, `user_id` of a webhook.
    pub subject: String,
    /// What it is called, if that is known.
    pub username: Option<String>,
    /// When its right to be connected ends, in seconds since the epoch, if it does.
    pub expires_at: Option<i64>,
}

impl Identity {
    /// Time that is left for its connections, by the leeway that clocks are given; `None` if they
    /// may stay.
    pub fn time_left(&self, leeway: Duration) -> Option<Duration> {
        let left = self.expires_at?.saturating_sub(jiff::Timestamp::now().as_second());
        Some(Duration::from_secs(u64::try_from(left).unwrap_or_default()).saturating_add(leeway))
    }
}
