//! One relay, bound and ready to run.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::{Router, middleware};
use http::HeaderValue;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listen::{SocketBuffers, listen};
use super::{answer, health, throttle};
use crate::app::App;
use crate::auth::{Gate, Key, KeyError, SourceError};
use crate::bus;
use crate::config::{Boot, Live, Settings};
use crate::debug::{self, Doors, Profiler};
use crate::heartbeat::Heartbeat;
use crate::hub::{Budget, ClassLimits, Clock, Counts, Hub, Publisher, Shared};
use crate::logs::LogControl;
use crate::metrics::Metrics;
use crate::page;
use crate::peers::{Calls, Peers};
use crate::per_profile::PROFILES;
use crate::persistence::Persistence;
use crate::profiles::{self, Incoming, dual::Players, push, push::Claims, stream::Pipeline};
use crate::rate;
use crate::transport::socketio::Recovery;

/// A relay with its sockets bound.
pub struct Relay {
    pub(super) app: Arc<App>,
    pub(super) logs: LogControl,
    pub(super) clients: TcpListener,
    pub(super) also_clients: Vec<TcpListener>,
    pub(super) admin: TcpListener,
    /// Ends listening and HTTP.
    pub(super) shutdown: CancellationToken,
    /// Ends the bus, after all that needs it.
    pub(super) bus_shutdown: CancellationToken,
}

/// Why a relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address is taken or not ours (requirement 000-12).
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says, such as `Address already in use`.
        source: io::Error,
    },
    /// A key file is of no use.
    #[error("{setting}")]
    Key {
        /// The setting that names the file.
        setting: &'static str,
        /// What is wrong.
        source: KeyError,
    },
    /// Tokens cannot be checked.
    #[error("AUTH: {0}")]
    Auth(#[from] SourceError),
    /// The node's name cannot be a header.
    #[error("NODE_NAME: must be visible ASCII")]
    Node,
    /// A figure is defined twice.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl Relay {
    /// Binds the sockets and connects the bus, which may take its time. Must be called inside of a
    /// Tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] names what is wrong.
    pub fn start(boot: Boot, settings: Settings, logs: LogControl) -> Result<Self, StartError> {
        let clients = listen(boot.listen, boot.buffers)?;
        let also = boot.also_listen.iter().map(|address| listen(*address, boot.buffers));
        let also_clients = also.collect::<Result<_, _>>()?;
        let admin = listen(boot.admin_listen, SocketBuffers::default())?;
        let bus_shutdown = CancellationToken::new();
        let address = clients.local_addr().ok().and_then(|bound| boot.advertise.address(bound));
        let app = Arc::new(app(boot, Arc::new(settings), &bus_shutdown)?);
        app.bus.announce(address);
        app.metrics.logs.watch(logs.lost());
        Ok(Self { app, logs, clients, also_clients, admin, shutdown: CancellationToken::new(), bus_shutdown })
    }

    /// What its requests share.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Where clients are served.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn client_address(&self) -> io::Result<SocketAddr> {
        self.clients.local_addr()
    }

    /// Where the admin API is served.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn admin_address(&self) -> io::Result<SocketAddr> {
        self.admin.local_addr()
    }

    /// The routes of the clients' port.
    pub(super) fn client_routes(&self) -> Router {
        let routes = profiles::routes(self.app.profiles);
        let routes = routes.merge(health::routes()).merge(debug::guarded(self.app.clone()));
        let routes = if self.app.page { routes.merge(page::routes()) } else { routes };
        let finish = middleware::from_fn_with_state(self.app.clone(), answer::finish);
        let throttle = middleware::from_fn_with_state(self.app.clone(), throttle::check);
        let once = middleware::from_fn_with_state(self.app.clone(), profiles::once);
        routes.layer(once).layer(throttle).layer(finish).with_state(self.app.clone())
    }
}

fn app(boot: Boot, settings: Arc<Settings>, shutdown: &CancellationToken) -> Result<App, StartError> {
    let metrics = Arc::new(Metrics::new()?);
    let live = settings.live();
    let hub = hub(&live, boot.node_queue_bytes);
    let players = Players::new(hub.clone(), boot.pool_size);
    let tasks = TaskTracker::new();
    let calls = Calls::new(boot.node.clone(), hub.clone(), tasks.clone());
    let newest = Arc::<push::Newest>::default();
    let limits = rate::Limits::new(metrics.rates.clone());
    let names = Arc::<push::Names>::default();
    let inbox = Incoming {
        names: names.clone(),
        newest: newest.clone(),
        players: players.clone(),
        calls: calls.clone(),
        hub: hub.clone(),
        limits: limits.clone(),
        settings: settings.clone(),
        metrics: metrics.clone(),
    };
    let history = bus::Policy::from(boot.history);
    let bus = bus::connect(boot.bus, history.clone(), Arc::new(inbox), boot.node.clone(), shutdown.clone());
    hub.tell(&bus);
    let sockets = Arc::new(profiles::socketio::Here::new(boot.node.clone(), hub.clone()));
    calls.answer_by(sockets.clone());
    let peers = Peers::new(boot.node.clone(), bus.clone(), metrics.clone(), tasks.clone());
    let persistence = Persistence::new(boot.sessions, boot.session_ttl, &boot.node, &bus, &metrics);
    let publisher = Publisher::new(hub.clone(), bus.clone());
    let gate = Arc::new(Gate::new(boot.auth, bus.clone())?);
    let kept = history.of(bus::Class::Rooms);
    let recovery = kept.map(|_| Recovery::new(bus.clone(), live.socketio.max_disconnection));
    let socketio = profiles::socketio::server(profiles::socketio::Parts {
        hub: hub.clone(),
        node: boot.node.clone(),
        settings: settings.clone(),
        publisher: publisher.clone(),
        gate: gate.clone(),
        limits: limits.clone(),
        recovery: recovery.clone(),
        sockets: sockets.known(),
        tasks: tasks.clone(),
    });
    Ok(App {
        node_header: HeaderValue::from_str(&boot.node).map_err(|_| StartError::Node)?,
        node: boot.node,
        peers: Arc::new(peers),
        calls,
        sockets,
        started: Instant::now(),
        started_at: jiff::Timestamp::now().as_second(),
        settings,
        events: Pipeline::new(boot.stream, publisher.clone(), metrics.clone()),
        publisher,
        socketio,
        recovery,
        metrics,
        page: boot.page,
        profiles: boot.profiles,
        debug_doors: Doors::new(boot.debug_endpoints, boot.listen.ip()),
        profiler: Profiler::default(),
        named_tasks: Arc::default(),
        gate,
        limits,
        tokens_compat: boot.tokens_compat,
        publish_key: key(relay_contract::settings::PUBLISH_KEY_FILE, boot.publish_key_file)?,
        admin_token: key(relay_contract::settings::ADMIN_TOKEN_FILE, boot.admin_token_file)?,
        drain: Arc::default(),
        heartbeat: Heartbeat::default(),
        players,
        persistence,
        tcp_keepalive: boot.tcp_keepalive,
        places: profiles::Places::new(bus.clone()),
        newest,
        claims: Claims::new(bus.clone(), names, tasks.clone()),
        tasks,
        hub,
        history,
        bus,
    })
}

fn hub(live: &Live, node_queue_bytes: u64) -> Arc<Hub> {
    Hub::new(Shared {
        clock: Clock::start(),
        budget: Budget::new(node_queue_bytes),
        inflow: Budget::new(node_queue_bytes),
        limits: queues(live),
        counts: Counts::default(),
    })
}

fn queues(live: &Live) -> ClassLimits {
    let limits = ClassLimits::new(&PROFILES, live.max_queue_bytes, live.max_queue_items);
    limits.set(live.max_queue_bytes, live.max_queue_items, |profile| live.overflow.of(profile));
    limits
}

fn key(setting: &'static str, path: Option<std::path::PathBuf>) -> Result<Option<Key>, StartError> {
    let read = |path: std::path::PathBuf| Key::read(&path);
    path.map(read).transpose().map_err(|source| StartError::Key { setting, source })
}
