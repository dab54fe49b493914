//! One connection to one server or sentinel, as the account that runs them. Each call has a deadline.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult, cmd,
};

use super::view::{Replication, Watcher};
use crate::reconcile::build::{ADMIN, PRIMARY, REDIS_PORT, SENTINEL_PORT};
use crate::reconcile::secret_value::SecretValue;

/// How long a connection, a login or an answer may take.
const DEADLINE: Duration = Duration::from_secs(2);

/// A server that is asked.
pub(super) struct Server(MultiplexedConnection);

impl Server {
    /// Connects to the server at this address.
    pub(super) async fn connect(address: IpAddr, password: &SecretValue) -> RedisResult<Self> {
        connect(address, REDIS_PORT, password).await.map(Self)
    }

    /// What it says of itself and of the others.
    pub(super) async fn replication(&mut self) -> RedisResult<Replication> {
        let text: String = call(&mut self.0, cmd("INFO").arg("replication")).await?;
        Ok(Replication { run: self.run_id().await?, ..Replication::parse(&text) })
    }

    /// What tells this run of it from the ones before.
    async fn run_id(&mut self) -> RedisResult<String> {
        let text: String = call(&mut self.0, cmd("INFO").arg("server")).await?;
        let id = text.lines().find_map(|line| line.trim().strip_prefix("run_id:"));
        Ok(id.unwrap_or_default().to_owned())
    }

    /// Has it take no writes for so long; whoever writes waits.
    pub(super) async fn pause(&mut self, pause: Duration) -> RedisResult<()> {
        let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        call(&mut self.0, cmd("CLIENT").arg("PAUSE").arg(pause).arg("WRITE")).await
    }

    /// Has it take writes again.
    pub(super) async fn go_on(&mut self) -> RedisResult<()> {
        call(&mut self.0, cmd("CLIENT").arg("UNPAUSE")).await
    }
}

/// A sentinel that is asked.
pub(super) struct Sentinel(MultiplexedConnection);

impl Sentinel {
    /// Connects to the sentinel at this address.
    pub(super) async fn connect(address: IpAddr, password: &SecretValue) -> RedisResult<Self> {
        connect(address, SENTINEL_PORT, password).await.map(Self)
    }

    /// Whom it calls the primary, and whether it sees a majority.
    pub(super) async fn look(&mut self) -> RedisResult<Watcher> {
        let names = self.primary().await?;
        let quorum = call::<String>(&mut self.0, cmd("SENTINEL").arg("CKQUORUM").arg(PRIMARY)).await;
        Ok(Watcher { names, quorum: quorum.is_ok(), replicas: self.replicas().await? })
    }

    /// Whom it calls the primary, as a name of a host.
    pub(super) async fn primary(&mut self) -> RedisResult<Option<String>> {
        let mut ask = cmd("SENTINEL");
        let named: Option<(String, u16)> =
            call(&mut self.0, ask.arg("GET-MASTER-ADDR-BY-NAME").arg(PRIMARY)).await?;
        Ok(named.map(|(host, _)| host))
    }

    /// The runs of replicas that it is connected to.
    pub(super) async fn replicas(&mut self) -> RedisResult<BTreeSet<String>> {
        let all: Vec<HashMap<String, String>> =
            call(&mut self.0, cmd("SENTINEL").arg("REPLICAS").arg(PRIMARY)).await?;
        let well = |replica: &HashMap<String, String>| replica.get("flags").is_some_and(|it| it == "slave");
        Ok(all.into_iter().filter(well).filter_map(|mut replica| replica.remove("runid")).collect())
    }

    /// Asks it to make another server the primary.
    pub(super) async fn fail_over(&mut self) -> RedisResult<()> {
        call(&mut self.0, cmd("SENTINEL").arg("FAILOVER").arg(PRIMARY)).await
    }
}

async fn call<T: FromRedisValue>(connection: &mut MultiplexedConnection, command: &Cmd) -> RedisResult<T> {
    command.query_async(connection).await
}

async fn connect(address: IpAddr, port: u16, password: &SecretValue) -> RedisResult<MultiplexedConnection> {
    let login = RedisConnectionInfo::default().set_username(ADMIN).set_password(password.reveal());
    let place = ConnectionAddr::Tcp(address.to_string(), port);
    let client = Client::open(place.into_connection_info()?.set_redis_settings(login))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(DEADLINE))
        .set_response_timeout(Some(DEADLINE));
    client.get_multiplexed_async_connection_with_config(&config).await
}
