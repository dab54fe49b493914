//! Puts the parts together: sockets that listen, connections that are served, and the way of a
//! process from its start to its end.

mod accept;
pub mod answer;
mod bare;
mod client;
mod health;
mod host;
mod http;
mod listen;
mod relay;
mod reserve;
mod run;
pub mod throttle;
mod upgrade;

pub use bare::serve_router;
pub use listen::SocketBuffers;
pub use relay::{Relay, StartError};
pub use run::{Stop, run_until};
