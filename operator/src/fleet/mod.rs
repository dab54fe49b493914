//! What is known of the running relays, as they tell it themselves.
//!
//! One task asks every relay of every cluster for its status, at its own pace and with its own
//! bounds; a reconcile only ever reads what was learnt last. A relay that does not answer, or
//! answers nonsense, is unknown: never zero, and never an error.

mod ask;
pub mod autoscale;
mod autoscalers;
mod engine;
mod figures;
mod pace;
pub mod redis;
mod registry;
mod settings;
mod signals;

pub use autoscalers::Autoscalers;
pub use engine::Engine;
pub use figures::{round, spoken};
pub(crate) use registry::lock;
pub use registry::{Changes, ClusterKey, Fleet, Target};
pub use settings::Settings;
pub use signals::Raised;
