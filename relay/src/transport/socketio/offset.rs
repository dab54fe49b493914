//! Offsets: what a client tells, when it comes back, of what it has seen.
//!
//! Since 4.6 `socket.io-client` keeps the last argument of each event that it gets without being asked
//! for an acknowledgement, if that is a text, and gives the newest one back with its `pid`. It does so
//! whatever the text is, and takes the name of an event without arguments for one, too: where sessions
//! can be recovered, no event may end in a text that is no offset of ours.

use std::fmt;
use std::str::FromStr;

use super::Args;
use crate::bus::{Class, Log, Message, NotAPosition, Position};

/// Where a message stands in one of the two histories that a session follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// [`Class::Rooms`], or [`Class::Users`] for what was meant for the client's user.
    pub(super) class: Class,
    pub(super) position: Position,
}

/// The letters of the classes.
const LETTERS: [(char, Class); 2] = [('r', Class::Rooms), ('u', Class::Users)];

impl Offset {
    /// The offset of a message; none of one that no history keeps.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let position = message.position?;
        let class = Log::of(&message.channel)?.class();
        LETTERS.iter().any(|(_, known)| *known == class).then_some(Self { class, position })
    }

    /// Ends the arguments of an event so that its client notes this offset.
    pub(super) fn end(self, args: &mut Args) {
        args.push(&self.to_string());
    }
}

/// Ends the arguments of an event that has no offset so that its client notes none.
pub(super) fn end_without(args: &mut Args) {
    let noted = args.values().last().is_none_or(|last| last.get().starts_with('"'));
    if noted {
        args.push(&());
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter =
            LETTERS.iter().find(|(_, class)| *class == self.class).map_or('r', |(letter, _)| *letter);
        write!(f, "{letter}{}", self.position)
    }
}

impl FromStr for Offset {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (letter, class) =
            LETTERS.iter().find(|(letter, _)| text.starts_with(*letter)).ok_or(NotAPosition)?;
        let position = text.strip_prefix(*letter).ok_or(NotAPosition)?.parse()?;
        Ok(Self { class: *class, position })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bus::Epoch;

    /// What a client keeps of an event with these arguments.
    fn kept(args: &Args) -> Option<String> {
        serde_json::from_str(args.values().last()?.get()).ok()
    }

    proptest! {
        #[test]
        fn an_offset_comes_back_as_it_was_told(epoch: u64, seq: u64, rooms: bool) {
            let class = if rooms { Class::Rooms } else { Class::Users };
            let offset = Offset { class, position: Position { epoch: Epoch::new(epoch), seq } };
            let mut args = Args::default();
            offset.end(&mut args);
            prop_assert_eq!(kept(&args).unwrap().parse(), Ok(offset));
        }

        #[test]
        fn fuzz_any_text_is_an_offset_or_refused(text in "[ru]?[0-9a-f]{0,17}-?[0-9]{0,21}.{0,2}") {
            if let Ok(offset) = text.parse::<Offset>() {
                prop_assert_eq!(offset.to_string().len(), 18 + offset.position.seq.to_string().len());
            }
        }
    }

    #[test]
    fn offsets_of_other_servers_are_none() {
        for text in ["", "r", "1700000000000-0", "507f191e810c19729de860ea", "x00000000deadbeef-1"] {
            assert_eq!(text.parse::<Offset>(), Err(NotAPosition), "{text}");
        }
    }

    #[test]
    fn an_event_without_an_offset_never_ends_in_a_text() {
        for array in ["[]", r#"["a"]"#, r#"[1,"a"]"#, r#"[{"a":"b"}]"#] {
            let mut args = Args::parse(array, Vec::new()).unwrap();
            end_without(&mut args);
            assert_eq!((kept(&args), args.values().is_empty()), (None, false), "{array}");
        }
    }

    #[test]
    fn arguments_that_end_in_no_text_stay_as_they_are() {
        let mut args = Args::parse(r#"["a",{"b":1}]"#, Vec::new()).unwrap();
        end_without(&mut args);
        assert_eq!(args.values().len(), 2);
    }
}
