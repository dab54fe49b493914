//! Where a message stands in the history of its channels.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One life of a history: positions of different epochs have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// An epoch that nobody had before.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAPosition);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| NotAPosition)
    }
}

/// Where a message stands: what clients give back to go on from there.
///
/// As text, 16 hexadecimal digits, a dash and a number from 0 up: `00000000deadbeef-17`. Everything
/// up to the message with this `seq` was seen; 0 is before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    /// In which life of the history.
    pub epoch: Epoch,
    /// Number in the history, from 1 for the first message.
    pub seq: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        position.to_string()
    }
}

impl TryFrom<String> for Position {
    type Error = NotAPosition;

    fn try_from(text: String) -> Result<Self, NotAPosition> {
        text.parse()
    }
}

/// A text that is no position: of another server, or made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 16 hexadecimal digits, a dash and a number")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (epoch, seq) = text.split_once('-').ok_or(NotAPosition)?;
        if !seq.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPosition);
        }
        Ok(Self { epoch: epoch.parse()?, seq: seq.parse().map_err(|_| NotAPosition)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_position_comes_back_as_it_was_told(epoch: u64, seq: u64) {
            let position = Position { epoch: Epoch::new(epoch), seq };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn any_text_is_a_position_or_refused(text in ".*") {
            if let Ok(position) = text.parse::<Position>() {
                prop_assert_eq!(position.to_string().len(), 17 + position.seq.to_string().len());
            }
        }
    }

    #[test]
    fn ids_of_other_servers_are_no_positions() {
        for text in ["", "17", "-", "deadbeef-1", "00000000deadbeef-+1", "00000000deadbeef-1-2"] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
    }
}
