//! What Redis knows of a history beside its messages: which of its lives it is in, and what became
//! of those before.

use std::time::Duration;

use crate::bus::{Epoch, Position};

/// The life of a history, as `open.lua` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    /// Its epoch and its last number; 0 before the first message.
    pub(super) top: Position,
    /// The lives before, which other primaries had; the last one first. Redis remembers a few.
    pub(super) former: Vec<Former>,
    /// Time since the last of them ended.
    pub(super) age: Duration,
}

/// A former life that the next one goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Former {
    /// Its epoch, and the last number that the next life has from it.
    pub(super) end: Position,
    /// Whether some relay has seen something that the next life has not.
    pub(super) lost: bool,
}

/// Where to read on for somebody who has seen a history up to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// After this number; all that comes after the position is there, if it is kept.
    Linked(u64),
    /// After this number; something after the position is lost.
    Broken(u64),
    /// The position is of a life that nothing is known of.
    Foreign,
}

/// An answer that `open.lua` never gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer about a history has another form")]
pub(super) struct NotAMeta;

impl Meta {
    /// Reads the answer of the script.
    pub(super) fn parse(answer: &[String]) -> Result<Self, NotAMeta> {
        let [epoch, seq, prior, fork, age, lost, older] = answer else { return Err(NotAMeta) };
        let mut former = Vec::new();
        if !prior.is_empty() {
            former.push(Former { end: position(prior, fork)?, lost: !lost.is_empty() });
        }
        for life in older.split_terminator(',') {
            let [epoch, seq, lost] = life.split(':').collect::<Vec<_>>()[..] else { return Err(NotAMeta) };
            former.push(Former { end: position(epoch, seq)?, lost: !lost.is_empty() });
        }
        let age = Duration::from_millis(age.parse().map_err(|_| NotAMeta)?);
        Ok(Self { top: position(epoch, seq)?, former, age })
    }

    /// Where somebody goes on who has seen everything up to `since`.
    pub(super) fn start(&self, since: Position) -> Start {
        let Some(since_then) = self.since(since.epoch) else { return Start::Foreign };
        // Each life has of the one before what is up to its end, and no more.
        let ends = since_then.iter().map(|life| life.end.seq).chain([self.top.seq]);
        let after = ends.fold(since.seq, u64::min);
        match after < since.seq || since_then.iter().any(|life| life.lost) {
            true => Start::Broken(after),
            false => Start::Linked(after),
        }
    }

    /// The former lives from that of `epoch` on: none of the last one. Nothing, if it is not known.
    fn since(&self, epoch: Epoch) -> Option<&[Former]> {
        if epoch == self.top.epoch {
            return Some(&[]);
        }
        let index = self.former.iter().position(|life| life.end.epoch == epoch)?;
        self.former.get(..=index)
    }

    /// How long nobody can tell yet whether what comes after `since` is there: relays that saw more
    /// of the life before have `patience` to say so.
    pub(super) fn wait(&self, since: Position, patience: Duration) -> Option<Duration> {
        let former = self.since(since.epoch)?;
        let is_open = !former.is_empty() && former.iter().all(|life| !life.lost);
        patience.checked_sub(self.age).filter(|wait| is_open && !wait.is_zero())
    }
}

fn position(epoch: &str, seq: &str) -> Result<Position, NotAMeta> {
    let epoch: Epoch = epoch.parse().map_err(|_| NotAMeta)?;
    Ok(Position { epoch, seq: seq.parse().map_err(|_| NotAMeta)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Epoch = Epoch::new(2);
    const OLD: Epoch = Epoch::new(1);
    const OLDEST: Epoch = Epoch::new(9);

    fn at(epoch: Epoch, seq: u64) -> Position {
        Position { epoch, seq }
    }

    fn forked(lost: bool) -> Meta {
        let former = vec![Former { end: at(OLD, 10), lost }];
        Meta { top: at(NEW, 20), former, age: Duration::from_secs(1) }
    }

    /// That of [`OLDEST`] ended at 7, and with `lost` a relay saw more of it; the next one at 10.
    fn forked_twice(lost: bool) -> Meta {
        let mut meta = forked(false);
        meta.former.push(Former { end: at(OLDEST, 7), lost });
        meta
    }

    #[test]
    fn the_answer_of_the_script_is_read() {
        let answer = ["0000000000000002", "20", "0000000000000001", "10", "1000", "", ""];
        assert_eq!(Meta::parse(&answer.map(str::to_owned)), Ok(forked(false)));
    }

    #[test]
    fn lives_before_the_prior_one_are_read() {
        let older = "0000000000000009:7:1,";
        let answer = ["0000000000000002", "20", "0000000000000001", "10", "1000", "", older];
        assert_eq!(Meta::parse(&answer.map(str::to_owned)), Ok(forked_twice(true)));
    }

    #[test]
    fn other_answers_are_refused() {
        let good = ["0000000000000002", "20", "", "0", "0", "", ""];
        let with = |index: usize, text: &str| {
            let mut bad = good.map(str::to_owned);
            bad[index] = text.to_owned();
            Meta::parse(&bad)
        };
        assert_eq!([with(0, "x"), with(6, "x,"), Meta::parse(&[])], [(); 3].map(|()| Err(NotAMeta)));
    }

    #[test]
    fn a_position_goes_on_in_its_life_and_in_the_one_after_up_to_the_fork() {
        let starts =
            [at(NEW, 20), at(NEW, 0), at(OLD, 10), at(OLD, 3)].map(|since| forked(false).start(since));
        assert_eq!(starts, [20, 0, 10, 3].map(Start::Linked));
    }

    #[test]
    fn a_position_that_saw_what_is_lost_does_not_go_on() {
        let starts = [at(OLD, 11), at(NEW, 21)].map(|since| forked(false).start(since));
        assert_eq!(starts, [Start::Broken(10), Start::Broken(20)]);
    }

    #[test]
    fn a_life_that_lost_what_a_relay_saw_is_no_ground_to_go_on_from() {
        assert_eq!(forked(true).start(at(OLD, 3)), Start::Broken(3));
    }

    #[test]
    fn a_position_goes_on_through_two_forks_as_far_as_both_lives_have_it() {
        let starts = [7, 3, 8].map(|seq| forked_twice(false).start(at(OLDEST, seq)));
        assert_eq!(starts, [Start::Linked(7), Start::Linked(3), Start::Broken(7)]);
    }

    #[test]
    fn what_was_lost_of_a_life_or_of_one_after_it_is_no_ground_to_go_on_from() {
        let mut later = forked_twice(false);
        later.former[0].lost = true;
        let starts = [&forked_twice(true), &later].map(|meta| meta.start(at(OLDEST, 3)));
        assert_eq!(starts, [Start::Broken(3); 2]);
        assert_eq!(forked_twice(true).start(at(OLD, 3)), Start::Linked(3));
    }

    #[test]
    fn a_later_life_that_has_less_ends_what_an_earlier_one_is_good_for() {
        let mut meta = forked_twice(false);
        meta.former[0].end.seq = 5;
        assert_eq!(meta.start(at(OLDEST, 6)), Start::Broken(5));
    }

    #[test]
    fn a_position_of_an_unknown_life_is_foreign() {
        assert_eq!(forked(false).start(at(Epoch::new(3), 1)), Start::Foreign);
    }

    #[test]
    fn a_fresh_fork_is_waited_for_only_by_those_who_stand_before_it() {
        let wait = |meta: &Meta, since| meta.wait(since, Duration::from_secs(3));
        let meta = forked(false);
        assert_eq!(wait(&meta, at(OLD, 3)), Some(Duration::from_secs(2)));
        assert_eq!((wait(&meta, at(NEW, 3)), wait(&forked(true), at(OLD, 3))), (None, None));
    }
}
