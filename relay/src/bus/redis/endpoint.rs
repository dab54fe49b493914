//! How to reach and log in to the servers that the settings name, and those that these name.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo,
    RedisConnectionInfo, TlsCertificates,
};

use super::account::{Account, credentials};
use super::fault::Fault;
use crate::bus::config::{Address, Login, RedisUrl, Secret, Servers};

/// Longest that one call may take. A probe each second and this make a silent Redis known within
/// 2.5 s.
pub(super) const CALL_DEADLINE: Duration = Duration::from_millis(1500);
/// Longest that a dial may take: name, socket, TLS, login.
const DIAL_DEADLINE: Duration = Duration::from_secs(2);
/// The same of a sentinel, of which there are others to ask.
const SENTINEL_DEADLINE: Duration = Duration::from_secs(1);

/// Where Redis is and how to log in.
pub(in crate::bus) struct Endpoint {
    url: RedisUrl,
    account: Account,
    sentinel: Login,
    authorities: Option<PathBuf>,
    max_retries: u32,
}

impl Endpoint {
    /// `account` is that of the servers with the data, and `sentinel` is for sentinels; after
    /// `max_retries` tries in a row, unless that is 0, it is given up.
    pub(in crate::bus) fn new(
        url: RedisUrl,
        account: Account,
        sentinel: Login,
        authorities: Option<PathBuf>,
        max_retries: u32,
    ) -> Self {
        if url.tls {
            // Without a process-wide provider rustls panics. An error says that there is one already.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Self { url, account, sentinel, authorities, max_retries }
    }

    /// The servers that the settings name.
    pub(super) fn servers(&self) -> &Servers {
        &self.url.servers
    }

    /// Whether it is a Cluster, whose messages are published to the owners of their slots only.
    pub(super) fn sharded(&self) -> bool {
        matches!(self.url.servers, Servers::Cluster(_))
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
        let password = |login: &Login| credentials(login).ok().and_then(|(_, password)| password);
        let secrets = [password(&self.account.now()), password(&self.sentinel)];
        let secrets = secrets.each_ref().map(|secret| secret.as_ref().map(Secret::expose));
        format!("{}: {}", self.url, fault.reason(&secrets))
    }

    /// Connects to the server at `address` and logs in. Its name is resolved anew, and what is in
    /// files is read anew.
    pub(super) async fn connect(
        &self,
        address: &Address,
        on_push: impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, Fault> {
        let settings = settings(&self.account.now())?.set_db(self.url.db.into());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(Some(CALL_DEADLINE))
            .set_push_sender(on_push);
        self.dial(address, settings, config, DIAL_DEADLINE).await
    }

    /// Connects to the sentinel at `address` and logs in.
    pub(super) async fn connect_sentinel(&self, address: &Address) -> Result<MultiplexedConnection, Fault> {
        // With `HELLO` it says why it refuses a login.
        let settings = settings(&self.sentinel)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(Some(SENTINEL_DEADLINE));
        self.dial(address, settings, config, SENTINEL_DEADLINE).await
    }

    async fn dial(
        &self,
        address: &Address,
        settings: RedisConnectionInfo,
        config: AsyncConnectionConfig,
        within: Duration,
    ) -> Result<MultiplexedConnection, Fault> {
        let dial = async {
            self.client(address, settings)?.get_multiplexed_async_connection_with_config(&config).await
        };
        tokio::time::timeout(within, dial)
            .await
            .map_err(|_| Fault::Silent { doing: "connect", within })?
            .map_err(Fault::call("connect"))
    }

    fn client(&self, address: &Address, settings: RedisConnectionInfo) -> redis::RedisResult<Client> {
        let Address { host, port } = address.clone();
        let address = if self.url.tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = address.into_connection_info()?.set_redis_settings(settings).set_tcp_settings(tcp);
        match &self.authorities {
            Some(file) if self.url.tls => Client::build_with_tls(info, certificates(file)?),
            _ => Client::open(info),
        }
    }
}

fn settings(login: &Login) -> Result<RedisConnectionInfo, Fault> {
    let (username, password) =
        credentials(login).map_err(|error| Fault::call("read the password")(error.into()))?;
    let mut settings = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
    if let Some(username) = username {
        settings = settings.set_username(username);
    }
    if let Some(password) = password {
        settings = settings.set_password(password.expose());
    }
    Ok(settings)
}

/// The authorities in `file`, read at each dial: they may be others by now.
fn certificates(file: &Path) -> io::Result<TlsCertificates> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    Ok(TlsCertificates { client_tls: None, root_cert: Some(std::fs::read(file).map_err(named)?) })
}
