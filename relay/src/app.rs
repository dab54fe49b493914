//! What all requests and connections of one relay share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use tokio_util::task::TaskTracker;

use crate::auth::{Gate, Key};
use crate::bus::{Bus, Policy};
use crate::config::Settings;
use crate::debug::{Doors, NamedTasks, Profiler};
use crate::drain::Drain;
use crate::heartbeat::Heartbeat;
use crate::hub::{Hub, Publisher};
use crate::metrics::Metrics;
use crate::peers::{Calls, Peers};
use crate::persistence::Persistence;
use crate::profiles::dual::Players;
use crate::profiles::push::{Claims, Newest};
use crate::profiles::socketio::Here;
use crate::profiles::stream::Pipeline;
use crate::profiles::{Enabled, Places};
use crate::rate::Limits;
use crate::transport::engineio::Server;
use crate::transport::socketio::Recovery;

/// One relay.
pub struct App {
    /// Name among peers.
    pub node: String,
    /// The same, for `X-Relay-Node` (requirement 004-37).
    pub node_header: HeaderValue,
    /// Start of the process.
    pub started: Instant,
    /// The same, in seconds since the epoch.
    pub started_at: i64,
    /// The other relays, as requests reach them.
    pub peers: Arc<Peers>,
    /// Calls to all of them at once.
    pub calls: Arc<Calls>,
    /// Live settings.
    pub settings: Arc<Settings>,
    /// Connections.
    pub hub: Arc<Hub>,
    /// How much of what was said is kept.
    pub history: Policy,
    /// Other relays.
    pub bus: Arc<dyn Bus>,
    /// Both.
    pub publisher: Publisher,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Whether chunks of conversations have their text in `chunk`, too.
    pub tokens_compat: bool,
    /// Who clients are.
    pub gate: Arc<Gate>,
    /// Key of the publish API; without it publishing is open.
    pub publish_key: Option<Key>,
    /// Token of the admin API; without it the API is open.
    pub admin_token: Option<Key>,
    /// What is left of the quotas of clients and publishers.
    pub limits: Arc<Limits>,
    /// Whether connections are accepted, and how they are ended.
    pub drain: Arc<Drain>,
    /// Players of the dual profile.
    pub players: Arc<Players>,
    /// Their sessions, where they outlive the process.
    pub persistence: Option<Arc<Persistence>>,
    /// Silence after which TCP asks for the peer.
    pub tcp_keepalive: Duration,
    /// Connections per player, and sockets per user where several are allowed.
    pub places: Places,
    /// Whether the runtime turns.
    pub heartbeat: Heartbeat,
    /// Users with a socket of the push profile.
    pub claims: Arc<Claims>,
    /// Those among them whose newest socket is here, where newer ones replace others.
    pub newest: Arc<Newest>,
    /// Socket.IO sessions.
    pub socketio: Server,
    /// Those among them that can be recovered, if any can.
    pub recovery: Option<Arc<Recovery>>,
    /// Its clients on this node.
    pub sockets: Arc<Here>,
    /// Events of the stream profile.
    pub events: Arc<Pipeline>,
    /// Whether there is a page at `/`.
    pub page: bool,
    /// Which profiles are on.
    pub profiles: Enabled,
    /// Who may use `/debug/*` on the clients' port.
    pub debug_doors: Doors,
    /// One profile at a time.
    pub profiler: Profiler,
    /// Helpers by name.
    pub named_tasks: Arc<NamedTasks>,
    /// Tasks that must end before the process does.
    pub tasks: TaskTracker,
}

impl App {
    /// Whether a request may come from the page that it comes from. One that may not is counted.
    pub fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let allowed = self.settings.live().origins.allow_request(headers);
        self.metrics.signals.origin_refusals.inc_by(u64::from(!allowed));
        allowed
    }

    /// Whole minutes since the start.
    pub fn minutes(&self) -> u64 {
        self.started.elapsed().as_secs() / 60
    }
}
