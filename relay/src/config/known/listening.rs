//! Where the relay listens, what it is called, and how it ends.

use super::*;
use crate::config::setting::{Number, Switch, Text};

settings! {
    Topic::Listening;
    /// Address that clients are served on.
    HOST: Text = text("127.0.0.1", "an IP address, or localhost");
    /// Port that clients are served on; 0 lets the system choose.
    PORT: Number = number(8080, 0..=65_535, "");
    /// Several addresses at once; wins over `HOST` and `PORT`. An entry without a host is on `HOST`.
    LISTEN: Text = text("", "comma list of host:port or :port");
    /// Accepts anonymous clients, and an open admin API, on an address that others can reach.
    INSECURE: Switch = switch(false);
    /// Offers a page at `/` to connect, send and watch.
    PAGE: Switch = switch(true);
    /// Profiles whose paths are there.
    PROFILES: Text = text("push,stream,socketio,tokens,dual", "comma list of push, stream, socketio, tokens, dual");
    /// Where the operator's port is: health, figures, drain, reload.
    ADMIN_LISTEN: Text = text("127.0.0.1:9090", "address:port");
    /// Holds the bearer token of the admin API; without it the API is open.
    ADMIN_TOKEN_FILE: Text = text("", "path of a file");
    /// Holds the bearer key of the publish API; without it publishing is open.
    PUBLISH_KEY_FILE: Text = text("", "path of a file");
    /// Name of this relay among its peers. Without it: the host's name and a random end.
    NODE_NAME: Text = text("", "visible ASCII");
    /// Where its peers reach this relay. Without it: `POD_IP` with the port of clients, or else the
    /// address that clients are served on, if it is one.
    ADVERTISE: Text = text("", "host:port");
    /// Address of the pod, which the operator tells.
    POD_IP: Text = text("", "an IP address");
    /// The settings file; its live settings are read again when it changes.
    CONFIG_FILE: Text = text("", "path of a file with lines NAME=value");
    /// Number of the file's content, for who tells a relay of another one ahead of the file: a file
    /// with a lower number than what was told is behind, and left alone.
    CONFIG_GENERATION: Number = number(0, 0..=i64::MAX as u64, "").live();
    /// Connections that the drain after SIGTERM ends per second.
    DRAIN_RATE: Number = number(100, 1..=1_000_000, "connections a second");
    /// Time that this drain may take before what is left is closed at once.
    DRAIN_TIMEOUT_SECONDS: Number = number(30, 0..=86_400, "seconds");
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Real-IP` are believed.
    TRUSTED_PROXIES: Text = text("", "comma list of addresses and networks such as 10.0.0.0/8").live();
    /// Silence after which TCP asks whether the peer is still there.
    TCP_KEEPALIVE: Number = number(600, 1..=86_400, "seconds");
    /// What the system keeps for a connection of what came and was not read; 0 lets it adjust this.
    TCP_RECEIVE_BUFFER: Number = number(0, 0..=1 << 30, "bytes");
    /// The same for what was written and has not arrived.
    TCP_SEND_BUFFER: Number = number(0, 0..=1 << 30, "bytes");
}
