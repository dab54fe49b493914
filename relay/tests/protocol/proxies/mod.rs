//! The relay behind the proxies that the guides put in front of it, with the guides'
//! configurations (`tests/proxies`); only the addresses in them are those of the test.

mod apache;
mod balanced;
mod dev;
mod nginx;

use crate::support::{TestRelay, packages};

/// A configuration, with the relays' addresses where it has the guide's ones.
pub(crate) fn configuration(name: &str, relays: &[&TestRelay]) -> String {
    let file = packages::source("proxies").join(name);
    let mut text = std::fs::read_to_string(file).unwrap();
    let ports: &[u16] = if relays.len() == 1 { &[8080] } else { &[8000, 8001, 8002] };
    for (port, relay) in ports.iter().zip(relays) {
        text = text.replace(&format!("127.0.0.1:{port}"), &relay.address.to_string());
    }
    text
}
