//! What a condition says, before it has a type and a time.

use crate::api::Reason;

/// What a condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody can say.
    Unknown,
}

impl State {
    /// The state of a statement that holds or not.
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// As Kubernetes writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A condition without its type and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) state: State,
    pub(super) reason: Reason,
    pub(super) message: String,
}

impl Judgement {
    pub(super) fn new(state: State, reason: Reason, message: impl Into<String>) -> Self {
        Self { state, reason, message: message.into() }
    }

    /// That there is nothing of the kind.
    pub(super) fn nothing() -> Self {
        Self::new(State::False, Reason::NothingToReport, "")
    }
}
