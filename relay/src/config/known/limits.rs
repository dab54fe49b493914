//! How much the relay takes, and how long it waits.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Limits;
    /// TCP connections that this process accepts; 0 is nine tenths of the limit of open files.
    MAX_TOTAL_CONNECTIONS: Number = number(0, 0..=10_000_000, "connections").live();
    /// Largest message from a client.
    MAX_MESSAGE_SIZE: Number = number(1 << 20, 128..=128 << 20, "bytes").live();
    /// What may wait for one slow connection.
    MAX_QUEUE_BYTES: Number = number(1 << 20, 1024..=1 << 30, "bytes").live();
    /// Messages that may wait for one slow connection.
    MAX_QUEUE_ITEMS: Number = number(1000, 1..=1_000_000, "messages").live();
    /// What happens to a message that finds a queue full; a list such as `disconnect,stream=latest_only`
    /// is for each profile.
    OVERFLOW: Text = text("disconnect", "drop_oldest, drop_newest, latest_only, disconnect").live();
    /// What may wait for all connections of this node together.
    MAX_NODE_QUEUE_BYTES: Number = number(256 << 20, 1 << 20..=1 << 40, "bytes");
    /// Messages that one system call writes to a connection.
    MESSAGE_BATCH_SIZE: Number = number(100, 1..=1000, "messages").live();
    /// Time between pings to a WebSocket.
    WS_PING_INTERVAL: Number = number(30, 1..=86_400, "seconds").live();
    /// Time in which the pong must come.
    WS_PING_TIMEOUT: Number = number(10, 1..=86_400, "seconds").live();
    /// Whether what users, addresses and channels may do is for all nodes together or for each node.
    RATE_LIMIT_SCOPE: Text = text("cluster", "cluster, node").live();
    /// Connections that one user or player may begin in a minute; 0 is no limit.
    CONNECTION_RATE_LIMIT: Number = number(600, 0..=10_000_000, "connections").live();
    /// Requests of one address within the window; 0 is no limit. Probes and who publishes with the
    /// key are not counted.
    RATE_LIMIT_REQUESTS: Number = number(0, 0..=10_000_000, "requests").live();
    /// The window.
    RATE_LIMIT_WINDOW: Number = number(60, 1..=86_400, "seconds").live();
    /// Messages that one connection may send in a second; 0 is no limit.
    MESSAGE_RATE_LIMIT: Number = number(1_000, 0..=10_000_000, "messages").live();
    /// Chat messages that one user may send in a minute; 0 is no limit.
    USER_MESSAGE_RATE_LIMIT: Number = number(100, 0..=10_000_000, "messages").live();
    /// Messages that one address may publish in a second; 0 is no limit.
    PUBLISH_RATE_LIMIT: Number = number(0, 0..=10_000_000, "messages").live();
    /// Messages for one user, room or conversation in a second; 0 is no limit.
    CHANNEL_RATE_LIMIT: Number = number(0, 0..=10_000_000, "messages").live();
    /// Channels that one Socket.IO client may be in, three or four of its own included.
    MAX_CHANNELS_PER_CONNECTION: Number = number(256, 4..=100_000, "channels").live();
}
