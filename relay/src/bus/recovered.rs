//! What a history knows of the time since a position.

use super::{Message, Position};

/// The answer to a connection that wants to go on where it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Whether nothing is missing between the position asked for and `top`. No, if none was asked for.
    pub complete: bool,
    /// Where the history stands: what comes later is delivered as it comes. None, if none is kept.
    pub top: Option<Position>,
    /// What is there of the time between, in order; of all channels of the history.
    pub messages: Vec<Message>,
}
