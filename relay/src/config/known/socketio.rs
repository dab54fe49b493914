//! The profile `socketio`.

use super::*;
use crate::config::setting::{Number, Switch, Text};

settings! {
    Topic::Profile("socketio");
    /// How a session may be carried.
    SOCKETIO_TRANSPORTS: Text = text("websocket,polling", "comma list of websocket, polling").live();
    /// Time between pings.
    SOCKETIO_PING_INTERVAL: Number = number(25_000, 1000..=86_400_000, "milliseconds");
    /// Time in which the answer to a ping must come.
    SOCKETIO_PING_TIMEOUT: Number = number(60_000, 1000..=86_400_000, "milliseconds");
    /// Time in which an upgrade from polling to a WebSocket must be complete.
    SOCKETIO_UPGRADE_TIMEOUT: Number = number(30_000, 1000..=86_400_000, "milliseconds").live();
    /// Largest message of a Socket.IO client.
    SOCKETIO_MAX_HTTP_BUFFER_SIZE: Number = number(100_000_000, 1000..=1_000_000_000, "bytes").live();
    /// Serves clients of Socket.IO 2, too.
    SOCKETIO_ALLOW_EIO3: Switch = switch(true).live();
    /// Forwards requests of sessions of another node to it, so that a balancer may take them anywhere.
    FORWARD_POLLS: Switch = switch(true).live();
    /// Takes an upgrade without `EIO` and `transport` for one of `EIO=4`.
    SOCKETIO_LENIENT_HANDSHAKE: Switch = switch(true).live();
    /// How long a client may be away and have its session back, where `HISTORY` keeps `rooms`.
    SOCKETIO_MAX_DISCONNECTION_DURATION: Number = number(120_000, 1000..=86_400_000, "milliseconds");
    /// The user that `chat:message` goes to.
    SOCKETIO_CHAT_WORKER: Text = text("chat-worker", "a user's id").live();
}
