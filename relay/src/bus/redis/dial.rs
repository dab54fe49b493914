//! Makes the two connections of a link: one for commands, one for subscriptions.
//!
//! Both speak RESP3, so that what is published arrives by callback on the task that reads the
//! socket, with no queue in between: an inbox that is slow slows the socket down, and Redis bounds
//! the rest (`client-output-buffer-limit pubsub`). Names are resolved anew on each dial.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisConnectionInfo, Value,
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
pub(super) struct Endpoint {
    url: RedisUrl,
    password: Option<Secret>,
}

/// Two connections that work, until `lost`.
pub(super) struct Connections {
    /// For commands; clones share it.
    pub(super) commands: MultiplexedConnection,
    /// For subscriptions. Dropping it ends them.
    pub(super) subscriber: MultiplexedConnection,
    /// Highest probe that came back.
    pub(super) echo: watch::Receiver<u64>,
    /// Channel that probes are published to.
    pub(super) probe_channel: String,
    /// Cancelled when either connection was closed.
    pub(super) lost: CancellationToken,
}

impl Endpoint {
    /// `password` takes precedence over one in the URL.
    pub(super) fn new(url: RedisUrl, password: Option<Secret>) -> Self {
        if url.tls {
            // Without a process-wide provider rustls panics. An error says that there is one already.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let password = password.or_else(|| url.password.clone());
        Self { url, password }
    }

    /// The password, to keep it out of texts.
    pub(super) fn secret(&self) -> Option<&str> {
        self.password.as_ref().map(Secret::expose)
    }

    /// Connects, logs in and subscribes to every partition and to probe channel `number`.
    pub(super) async fn dial(
        &self,
        inlet: &Arc<Inlet>,
        layout: &Layout,
        number: u64,
    ) -> Result<Connections, Fault> {
        let lost = CancellationToken::new();
        let (echo_sender, echo) = watch::channel(0);
        let probe_channel = layout.probe(inlet.incarnation(), number);
        let on_push = receiver(Arc::clone(inlet), probe_channel.clone(), echo_sender, lost.clone());
        let on_close = closing(lost.clone());
        let dials = async { tokio::try_join!(self.connect(on_close), self.connect(on_push)) };
        let (commands, mut subscriber) = tokio::time::timeout(DIAL_DEADLINE, dials)
            .await
            .map_err(|_| Fault::Silent { doing: "connect", within: DIAL_DEADLINE })?
            .map_err(Fault::call("connect"))?;
        let mut channels: Vec<&str> = Partition::all().map(|partition| layout.live(partition)).collect();
        channels.push(&probe_channel);
        subscriber.subscribe(channels).await.map_err(Fault::call("subscribe"))?;
        Ok(Connections { commands, subscriber, echo, probe_channel, lost })
    }

    async fn connect(
        &self,
        on_push: impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static,
    ) -> redis::RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(DIAL_DEADLINE))
            .set_response_timeout(Some(CALL_DEADLINE))
            .set_push_sender(on_push);
        self.client()?.get_multiplexed_async_connection_with_config(&config).await
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
        Client::open(address.into_connection_info()?.set_redis_settings(login).set_tcp_settings(tcp))
    }
}

/// What the subscribing connection does with a push.
fn receiver(
    inlet: Arc<Inlet>,
    probe_channel: String,
    echo: watch::Sender<u64>,
    lost: CancellationToken,
) -> impl Fn(PushInfo) -> Result<(), SendError> {
    move |push| {
        match push.kind {
            PushKind::Message => match <[Value; 2]>::try_from(push.data) {
                Ok([Value::BulkString(channel), Value::BulkString(body)])
                    if channel == probe_channel.as_bytes() =>
                {
                    let number = body.try_into().map_or(0, u64::from_be_bytes);
                    echo.send_if_modified(|highest| {
                        std::mem::replace(highest, number.max(*highest)) < number
                    });
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

/// What the other connection does with a push.
fn closing(lost: CancellationToken) -> impl Fn(PushInfo) -> Result<(), SendError> {
    move |push| {
        if push.kind == PushKind::Disconnection {
            lost.cancel();
        }
        Ok(())
    }
}
