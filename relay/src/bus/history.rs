//! Which messages are kept, how many, and for how long: the setting `HISTORY`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::{Channel, Class, Log};

/// Messages that a history may have.
const SIZES: RangeInclusive<u32> = 1..=100_000;
/// Seconds for which they may be kept: up to a week.
const SECONDS: RangeInclusive<u64> = 1..=604_800;

/// What is kept of each [`Class`] of channels; nothing by default.
///
/// As text a list of `class=SIZE/SECONDS`, such as `users=1000/300,rooms=10000/120`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    users: Option<Kept>,
    rooms: Option<Kept>,
    conversations: Option<Kept>,
    events: Option<Kept>,
}

/// How much of a history is kept: what is over either bound is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The newest messages, so many at least.
    pub size: u32,
    /// Time after the last message, at which all are forgotten.
    pub ttl: Duration,
}

impl Kept {
    /// What is kept of a class about which nothing else is said.
    pub const USUAL: Self = Self { size: 1000, ttl: Duration::from_secs(300) };
}

impl History {
    /// What is kept of the channels of `class`, if anything.
    pub fn of(&self, class: Class) -> Option<Kept> {
        match class {
            Class::Users => self.users,
            Class::Rooms => self.rooms,
            Class::Conversations => self.conversations,
            Class::Events => self.events,
        }
    }

    /// The history that messages of `channel` go to, and how much of it is kept. `None`: none.
    pub fn log(&self, channel: &Channel) -> Option<(Log, Kept)> {
        let log = Log::of(channel)?;
        let kept = self.of(log.class())?;
        Some((log, kept))
    }

    /// Whether nothing is kept of any channel.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same classes with the sizes and times of `wanted`, as far as that has them.
    pub(super) fn resized(&self, wanted: &Self) -> Self {
        Class::ALL.into_iter().fold(Self::default(), |mut history, class| {
            *history.place(class) = self.of(class).map(|kept| wanted.of(class).unwrap_or(kept));
            history
        })
    }

    /// Only `classes`; those of them that have no entry are kept as `otherwise` says.
    pub fn only(&self, classes: &[Class], otherwise: Option<Kept>) -> Self {
        classes.iter().fold(Self::default(), |mut history, &class| {
            *history.place(class) = self.of(class).or(otherwise);
            history
        })
    }

    fn place(&mut self, class: Class) -> &mut Option<Kept> {
        match class {
            Class::Users => &mut self.users,
            Class::Rooms => &mut self.rooms,
            Class::Conversations => &mut self.conversations,
            Class::Events => &mut self.events,
        }
    }
}

/// What is wrong with a text that should say what is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// An entry of another form, or with another class.
    #[error("{0:?} is not users, rooms, conversations or events with =SIZE/SECONDS")]
    Form(String),
    /// A size or a time out of its range.
    #[error("{0:?} needs a size from 1 to 100000 and seconds from 1 to 604800")]
    Range(String),
    /// A class that has an entry already.
    #[error("{0:?} is about a class that has an entry before it")]
    Twice(String),
}

impl FromStr for History {
    type Err = HistoryError;

    fn from_str(text: &str) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (class, kept) = parse(entry)?;
            if history.place(class).replace(kept).is_some() {
                return Err(HistoryError::Twice(entry.to_owned()));
            }
        }
        Ok(history)
    }
}

fn parse(entry: &str) -> Result<(Class, Kept), HistoryError> {
    let form = || HistoryError::Form(entry.to_owned());
    let range = || HistoryError::Range(entry.to_owned());
    let (class, kept) = entry.split_once('=').ok_or_else(form)?;
    let (size, seconds) = kept.split_once('/').ok_or_else(form)?;
    let class = class.trim().parse().map_err(|_| form())?;
    let size = size.trim().parse().ok().filter(|size| SIZES.contains(size)).ok_or_else(range)?;
    let seconds = seconds.trim().parse().ok().filter(|seconds| SECONDS.contains(seconds));
    Ok((class, Kept { size, ttl: Duration::from_secs(seconds.ok_or_else(range)?) }))
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry =
            |class| self.of(class).map(|kept| format!("{class}={}/{}", kept.size, kept.ttl.as_secs()));
        f.write_str(&Class::ALL.into_iter().filter_map(entry).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<History>().unwrap_err().to_string()
    }

    #[test]
    fn a_class_that_is_listed_is_kept_and_others_are_not() {
        let history: History = "users=1000/300".parse().unwrap();
        let kept = Kept { size: 1000, ttl: Duration::from_secs(300) };
        assert_eq!((history.of(Class::Users), history.of(Class::Rooms)), (Some(kept), None));
    }

    #[test]
    fn what_is_kept_is_shown_as_it_is_set() {
        let text = "users=1000/300,events=1/604800";
        assert_eq!(text.parse::<History>().unwrap().to_string(), text);
    }

    #[test]
    fn by_default_nothing_is_kept() {
        assert!("".parse::<History>().unwrap().is_empty());
    }

    #[test]
    fn an_error_names_the_entry() {
        assert!(refused("users=1/1, user=1/2").contains("\"user=1/2\""));
        assert!(refused("users=1").contains("\"users=1\""));
    }

    #[test]
    fn sizes_and_times_out_of_range_are_refused() {
        for entry in ["users=0/1", "users=100001/1", "users=1/0", "users=1/604801", "users=-1/1", "users=a/1"]
        {
            assert_eq!(entry.parse::<History>(), Err(HistoryError::Range(entry.to_owned())));
        }
    }

    #[test]
    fn a_class_with_two_entries_is_refused() {
        let twice = HistoryError::Twice("users=2/2".to_owned());
        assert_eq!("users=1/1,users=2/2".parse::<History>(), Err(twice));
    }

    #[test]
    fn a_channel_without_a_history_has_no_log() {
        let history: History = "users=1/1".parse().unwrap();
        assert!(history.log(&Channel::room("r")).is_none() && history.log(&Channel::session("p")).is_none());
    }
}
