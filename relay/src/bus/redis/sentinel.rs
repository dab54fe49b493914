//! Finds the primary by asking sentinels.

use super::dial::Commands;
use super::endpoint::Endpoint;
use super::fault::Fault;
use crate::bus::config::Address;

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

/// Whom `sentinel` holds for the primary.
async fn named(endpoint: &Endpoint, sentinel: &Address, master: &str) -> Result<Address, Fault> {
    let mut connection = endpoint.connect_sentinel(sentinel).await?;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
    let answer: Option<(String, u16)> =
        ask.query_async(&mut connection).await.map_err(Fault::call("ask for the primary"))?;
    let (host, port) = answer.ok_or_else(|| Fault::UnknownMaster(master.to_owned()))?;
    Ok(Address { host, port })
}
