//! Who may do what: tokens of clients, keys of the publish and admin APIs, origins of browsers, and
//! the rule that a relay without authentication is not offered to the world by accident.

mod credentials;
mod exposure;
mod gate;
mod identity;
mod jwt;
mod key;
mod origin;
mod outbound;
mod policy;
mod proxies;
mod ticket;
mod watched;
mod webhook;

pub use credentials::Shown;
pub(crate) use credentials::parameter;
pub use exposure::{Exposed, check_exposure};
pub use gate::{AuthSettings, Gate, Unauthenticated};
pub use identity::Identity;
pub use jwt::{JwksSource, JwtError, JwtSettings, SourceError, Verifier};
pub use key::{Denied, Key, KeyError};
pub use origin::{InvalidOrigin, Origins};
pub use outbound::{FetchError, NoAuthority};
pub use policy::{Asks, InvalidAsks, Policy};
pub use proxies::{ClientAddress, InvalidNetwork, Peer, Proxies};
pub use ticket::{TTL, Ticket, Tickets};
pub use watched::Unreadable;
pub use webhook::{UnsafeAddress, WebhookSettings};
