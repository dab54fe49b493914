//! Settings. What there is to know of each is one entry of [`known`]; its value is read in the file
//! of what it belongs to.
//!
//! A setting comes from the environment, or else from the settings file, or else is a default.
//! [`Boot`] holds what a process starts with; [`Live`] what changes while it runs. Both are parsed
//! once and whole: every problem is told at once, with the name of its setting.

mod advertise;
mod auth;
mod boot;
mod bus;
mod check;
mod debug;
mod document;
mod dual;
mod history;
mod known;
mod live;
mod rates;
mod reader;
mod sessions;
mod setting;
mod settings;
mod socketio;
mod source;
mod stream;
mod unknown;

pub use advertise::Advertise;
pub use boot::Boot;
pub use check::{load, problems};
pub use debug::Debug;
pub use document::{markdown, plain};
pub use dual::DualLimits;
pub use known::all as known;
pub use live::{Live, connections_for};
pub use reader::{Invalid, Problem};
pub use setting::{Described, Topic};
pub use settings::Settings;
pub use socketio::SocketIo;
pub use source::Source;
pub use stream::StreamLimits;
