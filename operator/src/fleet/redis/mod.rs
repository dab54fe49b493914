//! What is known of managed Redis with sentinels, as its servers and sentinels tell it themselves.
//!
//! A task of its own asks them; a reconcile only reads the [`View`] that came of it last, and may ask
//! for a hand-over. Which server is the primary is for the sentinels to say, always.

mod ask;
mod engine;
mod hand_over;
mod registry;
mod view;

pub use engine::Engine;
pub use registry::Servers;
pub use view::{Member, View};
