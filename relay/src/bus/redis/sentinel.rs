//! Finds the primary by asking sentinels.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::time::sleep;

use super::dial::Commands;
use super::endpoint::Endpoint;
use super::fault::Fault;
use crate::bus::config::Address;

/// Time between two looks at whether another primary is named.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Connects to the primary that the first of `sentinels` names that answers, if it is one: a
/// sentinel that was cut off may not know of a switch, and another is asked. They are asked in turn
/// from a random one on, so that no one of them has all the work.
pub(super) async fn primary(
    endpoint: &Endpoint,
    sentinels: &[Address],
    master: &str,
) -> Result<Commands, Fault> {
    let (before, after) = sentinels.split_at(rand::random_range(0..sentinels.len().max(1)));
    let mut last = Fault::Unserved;
    for sentinel in after.iter().chain(before) {
        let found = match named(endpoint, sentinel, master).await {
            Ok(address) => endpoint.primary(&address).await,
            Err(fault) => Err(Fault::At { server: format!("sentinel {sentinel}"), fault: Box::new(fault) }),
        };
        match found {
            Ok(commands) => return Ok(commands),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// Waits until a sentinel names another primary than the one that `commands` are to, and that is one. A
/// primary that hands over takes writes for seconds more, until somebody tells it; all of them are lost.
pub(super) async fn replaced(
    endpoint: &Endpoint,
    sentinels: &[Address],
    master: &str,
    commands: &Commands,
) -> Fault {
    loop {
        for sentinel in sentinels {
            sleep(LOOK_INTERVAL).await;
            let Ok(mut connection) = endpoint.connect_sentinel(sentinel).await else { continue };
            while let Ok(address) = ask(&mut connection, master).await {
                if address != commands.address && is_another(endpoint, &address, commands).await {
                    return Fault::Replaced(address.to_string());
                }
                sleep(LOOK_INTERVAL).await;
            }
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// Whether a primary is at `address` which is not the one that `commands` are to by another name.
async fn is_another(endpoint: &Endpoint, address: &Address, commands: &Commands) -> bool {
    match endpoint.primary(address).await {
        Ok(other) => other.replid.is_none() || other.replid != commands.replid,
        Err(_) => false,
    }
}

/// Whom `sentinel` holds for the primary.
async fn named(endpoint: &Endpoint, sentinel: &Address, master: &str) -> Result<Address, Fault> {
    ask(&mut endpoint.connect_sentinel(sentinel).await?, master).await
}

async fn ask(connection: &mut MultiplexedConnection, master: &str) -> Result<Address, Fault> {
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
    let answer: Option<(String, u16)> =
        ask.query_async(connection).await.map_err(Fault::call("ask for the primary"))?;
    let (host, port) = answer.ok_or_else(|| Fault::UnknownMaster(master.to_owned()))?;
    Ok(Address { host, port })
}
