//! All kinds of connections to one relay.

use anyhow::Result;

use super::stage::Stage;
use crate::measure::{Measure, Samples};
use crate::plan::Plan;
use crate::servers::{Relay, Subject, Wire};

/// Name in the table.
pub(crate) const MIXED: &str = "relay mixed";

/// Connects as many users by each transport as are idle elsewhere by one.
///
/// # Errors
/// If the relay does not start, or ends a connection.
pub(crate) fn mixed(plan: &Plan, samples: &mut Samples) -> Result<()> {
    let kinds = [Wire::WebSocket, Wire::EventStream, Wire::SocketIo].map(Relay::new);
    let [relay, ..] = &kinds;
    let mut stage = Stage::of(relay)?;
    for kind in &kinds {
        stage.dial(plan.idle, |number| kind.user(number))?;
    }
    std::thread::sleep(plan.rest);
    samples.add(MIXED, Measure::MixedMemory, stage.memory()? as f64 / 1024.0);
    Ok(())
}
