//! Makes the two connections of a link: one for commands, one for subscriptions.
//!
//! Both speak RESP3, so that what is published arrives by callback on the task that reads the
//! socket, with no queue in between: an inbox that is slow slows the socket down, and Redis bounds
//! the rest (`client-output-buffer-limit pubsub`). Names are resolved anew on each dial.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisConnectionInfo, TlsCertificates, Value,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::inlet::Inlet;
use super::layout::Layout;
use super::partition::Partition;
use crate::bus::config::{RedisUrl, Secret};

/// Longest that one call may take. A probe each second and this make a silent Redis known within
/// 2.5 s.
pub(super) const CALL_DEADLINE: Duration = Duration::from_millis(1500);
/// Longest that a dial may take: name, socket, TLS, login.
const DIAL_DEADLINE: Duration = Duration::from_secs(2);

/// Where Redis is and how to log in.
pub(in crate::bus) struct Endpoint {
    url: RedisUrl,
    password: Option<Secret>,
    authorities: Option<PathBuf>,
    max_retries: u32,
}

/// A connection for commands.
pub(super) struct Commands {
    /// Clones share it.
    pub(super) connection: MultiplexedConnection,
    /// Cancelled when it was closed.
    pub(super) lost: CancellationToken,
}

/// A connection that is subscribed to every partition, and to a channel to probe it by.
pub(super) struct Subscriber {
    /// Dropping it ends the subscriptions.
    _connection: MultiplexedConnection,
    /// Channel that only this connection is subscribed to.
    pub(super) probe_channel: String,
    /// What it heard.
    pub(super) heard: Heard,
    /// Cancelled when it was closed.
    pub(super) lost: CancellationToken,
}

/// What a subscription heard; clones share it.
#[derive(Clone, Default)]
pub(super) struct Heard {
    /// Number of the last probe.
    pub(super) probe: watch::Sender<u64>,
    /// Number of things of any kind.
    pub(super) pushes: Arc<AtomicU64>,
}

impl Endpoint {
    /// `password` takes precedence over one in the URL; after `max_retries` tries in a row, unless
    /// that is 0, it is given up.
    pub(in crate::bus) fn new(
        url: RedisUrl,
        password: Option<Secret>,
        authorities: Option<PathBuf>,
        max_retries: u32,
    ) -> Self {
        if url.tls {
            // Without a process-wide provider rustls panics. An error says that there is one already.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let password = password.or_else(|| url.password.clone());
        Self { url, password, authorities, max_retries }
    }

    /// Whether so many failures in a row are the last.
    pub(super) fn gives_up_after(&self, failures: u32) -> bool {
        self.max_retries != 0 && failures >= self.max_retries
    }

    /// Number of the database.
    pub(super) fn database(&self) -> u32 {
        self.url.db
    }

    /// One line for people: where it is and what is wrong, without secrets.
    pub(super) fn reason(&self, fault: &Fault) -> String {
        format!("{}: {}", self.url, fault.reason(self.password.as_ref().map(Secret::expose)))
    }

    /// Connects and logs in for commands.
    pub(super) async fn commands(&self) -> Result<Commands, Fault> {
        let lost = CancellationToken::new();
        let closed = lost.clone();
        let on_push = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                closed.cancel();
            }
            Ok::<(), SendError>(())
        };
        Ok(Commands { connection: self.connect(on_push).await?, lost })
    }

    /// Connects, logs in and subscribes to every partition and to probe channel `number`.
    pub(super) async fn subscriber(
        &self,
        inlet: &Arc<Inlet>,
        layout: &Layout,
        number: u64,
    ) -> Result<Subscriber, Fault> {
        let (lost, heard) = (CancellationToken::new(), Heard::default());
        let probe_channel = layout.probe(inlet.incarnation(), number);
        let own = [probe_channel.clone(), layout.events().to_owned()];
        let on_push = receiver(Arc::clone(inlet), own, heard.clone(), lost.clone());
        let mut connection = self.connect(on_push).await?;
        let mut channels: Vec<&str> = Partition::all().map(|partition| layout.live(partition)).collect();
        channels.push(&probe_channel);
        channels.push(layout.events());
        connection.subscribe(channels).await.map_err(Fault::call("subscribe"))?;
        Ok(Subscriber { _connection: connection, probe_channel, heard, lost })
    }

    async fn connect(
        &self,
        on_push: impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(Some(CALL_DEADLINE))
            .set_push_sender(on_push);
        let dial = async { self.client()?.get_multiplexed_async_connection_with_config(&config).await };
        tokio::time::timeout(DIAL_DEADLINE, dial)
            .await
            .map_err(|_| Fault::Silent { doing: "connect", within: DIAL_DEADLINE })?
            .map_err(Fault::call("connect"))
    }

    fn client(&self) -> redis::RedisResult<Client> {
        let RedisUrl { host, port, .. } = &self.url;
        let address = if self.url.tls {
            ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host.clone(), *port)
        };
        let mut login =
            RedisConnectionInfo::default().set_db(self.url.db.into()).set_protocol(ProtocolVersion::RESP3);
        if let Some(username) = &self.url.username {
            login = login.set_username(username);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password.expose());
        }
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = address.into_connection_info()?.set_redis_settings(login).set_tcp_settings(tcp);
        match &self.authorities {
            Some(file) if self.url.tls => Client::build_with_tls(info, certificates(file)?),
            _ => Client::open(info),
        }
    }
}

/// The authorities in `file`, read at each dial: they may be others by now.
fn certificates(file: &Path) -> io::Result<TlsCertificates> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    Ok(TlsCertificates { client_tls: None, root_cert: Some(std::fs::read(file).map_err(named)?) })
}

/// What the subscribing connection does with a push.
fn receiver(
    inlet: Arc<Inlet>,
    [probe_channel, events]: [String; 2],
    heard: Heard,
    lost: CancellationToken,
) -> impl Fn(PushInfo) -> Result<(), SendError> {
    move |push| {
        heard.pushes.fetch_add(1, Ordering::Relaxed);
        match push.kind {
            PushKind::Message => match <[Value; 2]>::try_from(push.data) {
                Ok([Value::BulkString(channel), Value::BulkString(body)])
                    if channel == probe_channel.as_bytes() =>
                {
                    heard.probe.send_replace(body.try_into().map_or(0, u64::from_be_bytes));
                }
                Ok([Value::BulkString(channel), Value::BulkString(body)]) if channel == events.as_bytes() => {
                    inlet.take_event(&body);
                }
                Ok([_, Value::BulkString(body)]) => inlet.take(body.into()),
                _ => inlet.refuse(&"a push of another form"),
            },
            PushKind::Disconnection => lost.cancel(),
            _ => {}
        }
        Ok(())
    }
}
