//! What histories need of one connection to a primary: their scripts there, and which primary it is.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, cmd};

use crate::bus::redis::fault::Fault;

const APPEND: &str = concat!(include_str!("enter.lua"), include_str!("append.lua"));
const OPEN: &str = concat!(include_str!("enter.lua"), include_str!("open.lua"));

/// A primary, for as long as one connection to it lasts.
pub(in crate::bus::redis) struct Ground {
    connection: MultiplexedConnection,
    append: String,
    open: String,
    /// Its replication id: another primary, or another life of this one, has another. Empty where
    /// this account may not ask: then a failover is known by what is missing only.
    generation: String,
}

impl Ground {
    /// Loads the scripts and asks which primary it is.
    pub(super) async fn prepare(mut connection: MultiplexedConnection) -> Result<Self, Fault> {
        let (append, open) = Self::scripts(&mut connection).await?;
        let generation = match cmd("INFO").arg("replication").query_async::<String>(&mut connection).await {
            Ok(info) => replication_id(&info).to_owned(),
            Err(error) if error.code() == Some("NOPERM") => String::new(),
            Err(source) => return Err(Fault::Call { doing: "ask for the replication id", source }),
        };
        Ok(Self { connection, append, open, generation })
    }

    /// Loads the scripts at the server that `connection` is to.
    pub(super) async fn load(connection: &mut MultiplexedConnection) -> Result<(), Fault> {
        Self::scripts(connection).await.map(drop)
    }

    /// Loads the scripts. Answers what they are called.
    async fn scripts(connection: &mut MultiplexedConnection) -> Result<(String, String), Fault> {
        let load = |script: &str| cmd("SCRIPT").arg("LOAD").arg(script).to_owned();
        let loaded = Fault::call("load the scripts of histories");
        let append = load(APPEND).query_async(connection).await.map_err(&loaded)?;
        let open = load(OPEN).query_async(connection).await.map_err(&loaded)?;
        Ok((append, open))
    }

    /// Which primary it is.
    pub(super) fn generation(&self) -> &str {
        &self.generation
    }

    /// The connection; clones share it.
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// A call of `append.lua`, with so many keys to come.
    pub(super) fn append(&self, keys: usize) -> Cmd {
        call(&self.append, keys)
    }

    /// A call of `open.lua`, with its two keys to come.
    pub(super) fn open(&self) -> Cmd {
        call(&self.open, 2)
    }
}

fn call(script: &str, keys: usize) -> Cmd {
    cmd("EVALSHA").arg(script).arg(keys).to_owned()
}

/// Whether Redis does not know a script that it was called for.
pub(super) fn is_forgotten(error: &RedisError) -> bool {
    error.code() == Some("NOSCRIPT")
}

fn replication_id(info: &str) -> &str {
    info.lines().find_map(|line| line.strip_prefix("master_replid:")).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replication_id_is_found_in_what_redis_tells() {
        let info = "# Replication\r\nrole:master\r\nmaster_replid:8a0f\r\nmaster_replid2:0000\r\n";
        assert_eq!((replication_id(info), replication_id("")), ("8a0f", ""));
    }
}
