//! What is kept now: which classes of channels is settled when the process starts, how much of them may
//! change while it runs.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{Channel, Class, History, Kept, Log};

/// A [`History`] whose sizes and times change for all who hold it; clones are the same one.
#[derive(Clone, Debug)]
pub struct Policy(Arc<ArcSwap<History>>);

impl Policy {
    /// What is kept of the channels of `class`, if anything.
    pub fn of(&self, class: Class) -> Option<Kept> {
        self.0.load().of(class)
    }

    /// The history that messages of `channel` go to, and how much of it is kept. `None`: none.
    pub fn log(&self, channel: &Channel) -> Option<(Log, Kept)> {
        self.0.load().log(channel)
    }

    /// Whether nothing is kept of any channel.
    pub fn is_empty(&self) -> bool {
        self.0.load().is_empty()
    }

    /// Takes the sizes and times of `wanted` for the classes that are kept, from the next message on.
    /// Answers whether that is all that it says: which classes are kept stays as it is.
    pub fn resize(&self, wanted: &History) -> bool {
        let now = self.0.load().resized(wanted);
        self.0.store(Arc::new(now));
        now == *wanted
    }
}

impl From<History> for Policy {
    fn from(history: History) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(history)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(wanted: &str) -> (bool, String) {
        let policy = Policy::from("users=10/60,rooms=5/60".parse::<History>().unwrap());
        let whole = policy.clone().resize(&wanted.parse().unwrap());
        (whole, policy.0.load().to_string())
    }

    #[test]
    fn sizes_and_times_change_for_all_who_hold_it() {
        let wanted = "users=20/30,rooms=5/60";
        assert_eq!(resized(wanted), (true, wanted.to_owned()));
    }

    #[test]
    fn a_class_that_is_new_waits_for_a_new_process() {
        assert_eq!(
            resized("users=20/30,rooms=5/60,events=1/1"),
            (false, "users=20/30,rooms=5/60".to_owned())
        );
    }

    #[test]
    fn a_class_that_is_left_out_is_kept_as_before() {
        assert_eq!(resized("rooms=6/60"), (false, "users=10/60,rooms=6/60".to_owned()));
    }
}
