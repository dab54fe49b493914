//! What is kept now: which classes of channels is settled when the process starts, how much of them may
//! change while it runs.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use super::{Channel, Class, History, Kept, Log};
use crate::sync::lock;

/// A [`History`] whose sizes and times change for all who hold it; clones are the same one.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    now: ArcSwap<History>,
    /// What was wanted last.
    wanted: Mutex<History>,
}

/// What became of what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resized {
    /// All of it counts, or it was wanted before.
    Whole,
    /// It has other classes, which need a new process; their sizes and times count where they are kept.
    OtherClasses,
}

impl Policy {
    /// What is kept of the channels of `class`, if anything.
    pub fn of(&self, class: Class) -> Option<Kept> {
        self.0.now.load().of(class)
    }

    /// The history that messages of `channel` go to, and how much of it is kept. `None`: none.
    pub fn log(&self, channel: &Channel) -> Option<(Log, Kept)> {
        self.0.now.load().log(channel)
    }

    /// Whether nothing is kept of any channel.
    pub fn is_empty(&self) -> bool {
        self.0.now.load().is_empty()
    }

    /// Takes the sizes and times of `wanted` for the classes that are kept, from the next message on.
    /// Which classes are kept stays as it is.
    pub fn resize(&self, wanted: &History) -> Resized {
        let mut before = lock(&self.0.wanted);
        if *before == *wanted {
            return Resized::Whole;
        }
        *before = *wanted;
        let now = self.0.now.load().resized(wanted);
        self.0.now.store(Arc::new(now));
        if now == *wanted { Resized::Whole } else { Resized::OtherClasses }
    }
}

impl From<History> for Policy {
    fn from(history: History) -> Self {
        Self(Arc::new(Shared { now: ArcSwap::from_pointee(history), wanted: Mutex::new(history) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(wanted: &str) -> (Resized, String) {
        let policy = Policy::from("users=10/60,rooms=5/60".parse::<History>().unwrap());
        let whole = policy.clone().resize(&wanted.parse().unwrap());
        (whole, policy.0.now.load().to_string())
    }

    #[test]
    fn sizes_and_times_change_for_all_who_hold_it() {
        let wanted = "users=20/30,rooms=5/60";
        assert_eq!(resized(wanted), (Resized::Whole, wanted.to_owned()));
    }

    #[test]
    fn a_class_that_is_new_waits_for_a_new_process() {
        assert_eq!(
            resized("users=20/30,rooms=5/60,events=1/1"),
            (Resized::OtherClasses, "users=20/30,rooms=5/60".to_owned())
        );
    }

    #[test]
    fn other_classes_are_told_once() {
        let (policy, wanted) = (Policy::from(History::default()), "events=1/1".parse().unwrap());
        assert_eq!([policy.resize(&wanted), policy.resize(&wanted)], [Resized::OtherClasses, Resized::Whole]);
    }

    #[test]
    fn a_class_that_is_left_out_is_kept_as_before() {
        assert_eq!(resized("rooms=6/60"), (Resized::OtherClasses, "users=10/60,rooms=6/60".to_owned()));
    }
}
