//! A bus for unit tests, which remembers what it was told of channels.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::sync::lock;

/// The channels that have connections, as far as it was told.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<BTreeSet<Channel>>);

impl Told {
    /// These channels.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        lock(&self.0).iter().cloned().collect()
    }
}

#[async_trait]
impl Bus for Told {
    async fn publish(&self, _: Arc<Message>) -> Result<(), BusError> {
        Ok(())
    }

    async fn claim(&self, _: &str) -> Result<Claim, BusError> {
        Ok(Claim::Granted)
    }

    async fn release(&self, _: &str) {}

    async fn holder(&self, _: &str) -> Result<Option<String>, BusError> {
        Ok(None)
    }

    fn note(&self, channel: &Channel, here: bool) {
        let mut channels = lock(&self.0);
        if here {
            channels.insert(channel.clone())
        } else {
            channels.remove(channel)
        };
    }

    async fn keep_token(&self, _: &str, _: &str, _: Duration) -> Result<(), BusError> {
        Ok(())
    }

    async fn take_token(&self, _: &str) -> Result<Option<String>, BusError> {
        Ok(None)
    }

    fn status(&self) -> admin::Bus {
        admin::Bus { kind: admin::BusKind::Memory, state: admin::BusState::Ok, reason: None, lag_ms: None }
    }
}
