//! What is served over Socket.IO.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::request;

use super::client::Client;
use super::{Args, Peer, RoomShape};
use crate::hub::Wire;
use crate::transport::engineio::{self, EngineWire, Handler, Version};

/// As the reference server has it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);

/// An event of a client.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Args,
    /// Set if the client wants an acknowledgement.
    pub ack: Option<u64>,
}

/// Why a client may not be in a namespace; the text is told to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The business that is done over Socket.IO.
#[async_trait]
pub trait Application: Send + Sync + 'static {
    /// Name of the profile that sessions are counted under.
    fn profile(&self) -> &'static str;

    /// Bytes that a packet with its attachments may have.
    fn max_payload(&self) -> usize;

    /// Time in which a client of version 4 must join its first namespace. Version 2 is in one unasked.
    fn connect_timeout(&self) -> Duration {
        CONNECT_TIMEOUT
    }

    /// Whether a client that gave `auth`, which is JSON, may be in the namespace.
    ///
    /// # Errors
    /// [`Refusal`] if not.
    async fn admit(&self, peer: &Peer, auth: Option<&str>) -> Result<(), Refusal>;

    /// The client is in the namespace, and was told so.
    async fn connected(&self, peer: &Peer, auth: Option<&str>);

    /// Takes an event. The client's next packet waits until this returns.
    async fn event(&self, peer: &Peer, event: Event);

    /// The client has left the namespace, or is gone.
    async fn disconnected(&self, peer: &Peer);
}

/// `application` as Engine.IO serves it.
pub fn application(application: Arc<dyn Application>) -> Arc<dyn engineio::Application> {
    Arc::new(Served(application))
}

struct Served(Arc<dyn Application>);

impl engineio::Application for Served {
    fn profile(&self) -> &'static str {
        self.0.profile()
    }

    fn wire(&self, version: Version) -> &'static dyn Wire {
        EngineWire::<RoomShape>::of(version)
    }

    fn open(&self, peer: engineio::Peer, request: &request::Parts) -> Box<dyn Handler> {
        Box::new(Client::new(self.0.clone(), peer, request.uri.query().unwrap_or_default()))
    }
}
