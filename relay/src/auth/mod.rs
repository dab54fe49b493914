//! Who may do what: keys of the publish and admin APIs, origins of browsers, and the rule that a
//! relay without authentication is not offered to the world by accident.

mod exposure;
mod key;
mod origin;

pub use exposure::{Exposed, check_exposure};
pub use key::{Denied, Key, KeyError};
pub use origin::{InvalidOrigin, Origins};
