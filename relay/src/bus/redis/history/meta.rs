//! What Redis knows of a history beside its messages: which of its lives it is in, and what became
//! of the one before.

use std::time::Duration;

use crate::bus::{Epoch, Position};

/// The life of a history, as `open.lua` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    /// Its epoch and its last number; 0 before the first message.
    pub(super) top: Position,
    /// The life before, which another primary had.
    pub(super) prior: Option<Prior>,
}

/// A former life that this one goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prior {
    /// Its epoch, and the last number that this life has from it.
    pub(super) end: Position,
    /// Time since then.
    pub(super) age: Duration,
    /// Whether some relay has seen more of it than is left.
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
        let [epoch, seq, prior, fork, age, lost] = answer else { return Err(NotAMeta) };
        let prior = match prior.as_str() {
            "" => None,
            prior => Some(Prior {
                end: position(prior, fork)?,
                age: Duration::from_millis(age.parse().map_err(|_| NotAMeta)?),
                lost: !lost.is_empty(),
            }),
        };
        Ok(Self { top: position(epoch, seq)?, prior })
    }

    /// Where somebody goes on who has seen everything up to `since`.
    pub(super) fn start(&self, since: Position) -> Start {
        match &self.prior {
            _ if since.epoch == self.top.epoch && since.seq <= self.top.seq => Start::Linked(since.seq),
            _ if since.epoch == self.top.epoch => Start::Broken(self.top.seq),
            Some(prior) if since.epoch == prior.end.epoch => {
                let after = since.seq.min(prior.end.seq);
                if prior.lost || since.seq > prior.end.seq {
                    Start::Broken(after)
                } else {
                    Start::Linked(after)
                }
            }
            _ => Start::Foreign,
        }
    }

    /// How long nobody can tell yet whether what comes after `since` is there: relays that saw more
    /// of the life before have `patience` to say so.
    pub(super) fn wait(&self, since: Position, patience: Duration) -> Option<Duration> {
        let prior = self.prior.as_ref().filter(|prior| prior.end.epoch == since.epoch && !prior.lost)?;
        patience.checked_sub(prior.age).filter(|wait| !wait.is_zero())
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

    fn at(epoch: Epoch, seq: u64) -> Position {
        Position { epoch, seq }
    }

    fn forked(lost: bool) -> Meta {
        let prior = Prior { end: at(OLD, 10), age: Duration::from_secs(1), lost };
        Meta { top: at(NEW, 20), prior: Some(prior) }
    }

    #[test]
    fn the_answer_of_the_script_is_read() {
        let answer = ["0000000000000002", "20", "0000000000000001", "10", "1000", ""].map(str::to_owned);
        assert_eq!(Meta::parse(&answer), Ok(forked(false)));
    }

    #[test]
    fn other_answers_are_refused() {
        let bad = ["x", "20", "", "0", "0", ""].map(str::to_owned);
        assert_eq!((Meta::parse(&bad), Meta::parse(&[])), (Err(NotAMeta), Err(NotAMeta)));
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
