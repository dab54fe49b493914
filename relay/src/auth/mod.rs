//! Who may do what: tokens of clients, keys of the publish and admin APIs, origins of browsers, and
//! the rule that a relay without authentication is not offered to the world by accident.

mod credentials;
mod exposure;
mod gate;
mod jwt;
mod key;
mod origin;
mod policy;

pub(crate) use credentials::parameter;
pub use exposure::{Exposed, check_exposure};
pub use gate::{AuthSettings, Gate, Unauthenticated};
pub use jwt::{FetchError, Identity, JwksSource, JwtError, JwtSettings, SourceError, Verifier};
pub use key::{Denied, Key, KeyError};
pub use origin::{InvalidOrigin, Origins};
pub use policy::{Asks, InvalidPolicy, Policy};
