//! What is served over Socket.IO.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::request;

use super::client::Client;
use super::{Args, OffsetShape, Peer, Reason, Recovery, RoomShape, Sockets};
use crate::hub::{CloseCode, Wire};
use crate::rate::Bucket;
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

/// Why a client is refused, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One phrase.
    pub message: Cow<'static, str>,
    /// The code that a WebSocket would be closed with.
    pub code: CloseCode,
}

/// Who a client is, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The user that it is, if it is one.
    pub user: Option<Arc<str>>,
    /// Time after which the session ends.
    pub lasts: Option<Duration>,
}

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

    /// Channels that a client may take messages of, rooms of its own included.
    fn max_channels(&self) -> usize;

    /// Whether there is such a namespace.
    fn has(&self, namespace: &str) -> bool;

    /// Who the client is that began its session with `request`, and gave `auth`, which is JSON, to
    /// connect. Asked until it is known; everything later in the session is of the same client.
    ///
    /// # Errors
    /// [`Refusal`] if it is not let in.
    async fn authenticate(&self, _: &request::Parts, _: Option<&str>) -> Result<Admission, Refusal> {
        Ok(Admission::default())
    }

    /// Whether one more message of a client is taken, of which `left` are. One that is not ends the
    /// client's session.
    fn takes(&self, _left: &mut Bucket) -> bool {
        true
    }

    /// Where sessions are kept for clients that come back; none, if they begin anew.
    fn recovery(&self) -> Option<&Arc<Recovery>> {
        None
    }

    /// The client comes into the namespace: the last chance to let it take messages that it may have
    /// missed.
    fn entering(&self, _: &Peer) {}

    /// The client is in the namespace, and was told so.
    async fn connected(&self, peer: &Peer, auth: Option<&str>);

    /// Takes an event. The client's next packet waits until this returns.
    async fn event(&self, peer: &Peer, event: Event);

    /// The client has left the namespace, or is gone.
    async fn disconnected(&self, peer: &Peer, reason: Reason);
}

/// `application` as Engine.IO serves it; its clients are among `sockets`.
pub fn application(
    application: Arc<dyn Application>,
    sockets: Arc<Sockets>,
) -> Arc<dyn engineio::Application> {
    Arc::new(Served { application, sockets })
}

struct Served {
    application: Arc<dyn Application>,
    sockets: Arc<Sockets>,
}

impl engineio::Application for Served {
    fn profile(&self) -> &'static str {
        self.application.profile()
    }

    fn wire(&self, version: Version) -> &'static dyn Wire {
        match self.application.recovery() {
            Some(_) => EngineWire::<OffsetShape>::of(version),
            None => EngineWire::<RoomShape>::of(version),
        }
    }

    fn open(&self, peer: engineio::Peer, request: &request::Parts) -> Box<dyn Handler> {
        Box::new(Client::new(self.application.clone(), self.sockets.clone(), peer, request))
    }
}
