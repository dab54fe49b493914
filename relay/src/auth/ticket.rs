//! Connection tokens: who may open one socket within the next minute (rows 003-03 to 003-05).

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Identity;
use crate::bus::{Bus, BusError};

/// Time that a token is good for (requirement 003-03).
pub const TTL: Duration = Duration::from_secs(60);
/// Characters of a token: 32 random bytes in hex, which is safe in an address.
const LENGTH: usize = 64;

/// What a token stands for, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Who may connect.
    pub user_id: String,
    /// What they are called, if that is known.
    pub username: Option<String>,
    /// Name of the connection to be.
    pub connection_id: String,
    /// The only conversation that it lets in, if it names one.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// Always false: a token that was used is gone.
    pub used: bool,
    /// Seconds since the epoch at which the caller's own token ends, if it has one.
    pub expires_at: Option<i64>,
}

impl From<Ticket> for Identity {
    fn from(Ticket { user_id: subject, username, expires_at, .. }: Ticket) -> Self {
        Self { subject, username, expires_at }
    }
}

/// All tickets of a cluster.
#[derive(Clone)]
pub struct Tickets {
    bus: Arc<dyn Bus>,
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets")
    }
}

impl Tickets {
    /// Tickets that `bus` keeps.
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus }
    }

    /// Keeps a ticket under a new token, and answers the token.
    ///
    /// # Errors
    /// [`BusError`] if it cannot be kept.
    pub async fn issue(&self, ticket: &Ticket) -> Result<String, BusError> {
        let token = random();
        let value =
            serde_json::to_string(ticket).map_err(|error| BusError::Unavailable(error.to_string()))?;
        self.bus.keep_token(&token, &value, TTL).await?;
        tracing::info!(
            user_id = ticket.user_id,
            connection_id = ticket.connection_id,
            token = mask(&token),
            "[WS_TOKEN] Generated connection token"
        );
        Ok(token)
    }

    /// Takes the ticket of a token, which is good for nothing afterwards.
    ///
    /// # Errors
    /// [`BusError`] if it cannot be looked for.
    pub async fn consume(&self, token: &str) -> Result<Option<Ticket>, BusError> {
        let known = token.len() == LENGTH && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = if known { self.bus.take_token(token).await? } else { None };
        let ticket: Option<Ticket> = value.and_then(|value| serde_json::from_str(&value).ok());
        if let Some(ticket) = &ticket {
            let age = jiff::Timestamp::now().as_second().saturating_sub(ticket.created_at);
            tracing::info!(
                user_id = ticket.user_id,
                age,
                token = mask(token),
                "[WS_TOKEN] Successfully consumed"
            );
        }
        Ok(ticket)
    }
}

fn random() -> String {
    let bytes: [u8; LENGTH / 2] = rand::random();
    bytes.iter().fold(String::with_capacity(LENGTH), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Enough to find a token in two log lines, and too little to use it.
fn mask(token: &str) -> String {
    format!("{}...", token.get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r003_05_a_token_is_32_random_bytes() {
        let (one, other) = (random(), random());
        assert!(one.len() == LENGTH && one != other);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
