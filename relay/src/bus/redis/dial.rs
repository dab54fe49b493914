//! Finds a primary and connects to it for commands.
//!
//! No server is used before it has said that it is a primary: one that was demoted still answers,
//! and what is published there reaches nobody. `HELLO` tells, which any account may ask.

use std::collections::HashMap;

use redis::aio::{MultiplexedConnection, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::fault::{Fault, breaks_link};
use super::sentinel;
use crate::bus::config::{Address, Servers};

/// Which primary a link is to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The one that the settings name, or that their sentinels do.
    Only,
    /// One of the nodes of a Cluster.
    Node(Address),
}

/// A connection for commands, to a server that is a primary.
pub(super) struct Commands {
    /// Clones share it.
    pub(super) connection: MultiplexedConnection,
    /// Where it leads.
    pub(super) address: Address,
    /// What the data of this primary is called (`master_replid`); nothing if this account may not ask.
    pub(super) replid: Option<String>,
    /// Cancelled when it was closed.
    pub(super) lost: CancellationToken,
}

impl Endpoint {
    /// Connects to the primary of `place`. Sentinels are asked anew.
    pub(super) async fn commands(&self, place: &Place) -> Result<Commands, Fault> {
        match (place, self.servers()) {
            (Place::Node(address), _) | (Place::Only, Servers::One(address)) => self.primary(address).await,
            (Place::Only, Servers::Sentinels { sentinels, master }) => {
                sentinel::primary(self, sentinels, master).await
            }
            (Place::Only, Servers::Cluster(_)) => Err(Fault::Unserved),
        }
    }

    /// Waits until the sentinels, if there are some, name another primary than the one that `commands`
    /// are to.
    pub(super) async fn replaced(&self, commands: &Commands) -> Fault {
        match self.servers() {
            Servers::Sentinels { sentinels, master } => {
                sentinel::replaced(self, sentinels, master, commands).await
            }
            Servers::One(_) | Servers::Cluster(_) => std::future::pending().await,
        }
    }

    /// Connects to the server at `address`, which must be a primary.
    pub(super) async fn primary(&self, address: &Address) -> Result<Commands, Fault> {
        self.verified(address).await.map_err(|fault| self.at(address, fault))
    }

    async fn verified(&self, address: &Address) -> Result<Commands, Fault> {
        let lost = CancellationToken::new();
        let closed = lost.clone();
        let on_push = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                closed.cancel();
            }
            Ok::<(), SendError>(())
        };
        let mut connection = self.connect(address, on_push).await?;
        verify(&mut connection).await?;
        let replid = replid(&mut connection).await?;
        Ok(Commands { connection, address: address.clone(), replid, lost })
    }

    /// Names the server in a fault, unless there is one only.
    pub(super) fn at(&self, address: &Address, fault: Fault) -> Fault {
        match self.servers() {
            Servers::One(_) => fault,
            _ => Fault::At { server: address.to_string(), fault: Box::new(fault) },
        }
    }
}

/// Asks a server whether it is a primary.
pub(super) async fn verify(connection: &mut MultiplexedConnection) -> Result<(), Fault> {
    let hello: HashMap<String, Value> =
        redis::cmd("HELLO").query_async(connection).await.map_err(Fault::call("ask for its role"))?;
    let said = |key: &str| match hello.get(key) {
        Some(Value::BulkString(text)) => text.clone(),
        Some(Value::SimpleString(text)) => text.clone().into_bytes(),
        _ => Vec::new(),
    };
    if said("mode") == b"sentinel" {
        return Err(Fault::Sentinel);
    }
    if said("role") == b"replica" {
        return Err(Fault::Replica);
    }
    Ok(())
}

/// Checks that the primary which `commands` are to is still called what it was when it was dialed: under
/// another name it may have been a replica meanwhile, and have other data.
pub(super) async fn same(commands: &Commands) -> Result<(), Fault> {
    let now = replid(&mut commands.connection.clone()).await?;
    match now.is_none() || commands.replid.is_none() || now == commands.replid {
        true => Ok(()),
        false => Err(Fault::Renamed),
    }
}

/// What the data of a primary is called.
async fn replid(connection: &mut MultiplexedConnection) -> Result<Option<String>, Fault> {
    let mut ask = redis::cmd("INFO");
    match ask.arg("replication").query_async::<String>(connection).await {
        Ok(text) => Ok(text.lines().find_map(|line| line.strip_prefix("master_replid:")).map(str::to_owned)),
        Err(source) if breaks_link(&source) => Err(Fault::Call { doing: "ask for its data", source }),
        Err(_) => Ok(None),
    }
}
