//! Whatever was sent, and whenever the trail was last looked at, nobody misses anything.

use proptest::prelude::*;

use super::*;
use crate::bus::Epoch;

const CLASSES: [Class; 2] = [Class::Rooms, Class::Users];

fn at(epoch: u64, seq: u64) -> Position {
    Position { epoch: Epoch::new(epoch), seq }
}

/// A client that has everything up to these.
fn start(rooms: u64, users: u64) -> Standing {
    let mut start = Standing::default();
    start.set(Class::Rooms, at(1, rooms));
    start.set(Class::Users, at(1, users));
    start
}

fn seqs(standing: &Standing) -> [u64; 2] {
    CLASSES.map(|class| standing.get(class).unwrap().seq)
}

/// Messages as they are sent after [`start`] of 10 and 10: of rooms (`true`) or the user, with gaps where
/// a message was for others.
fn sent() -> impl Strategy<Value = Vec<(Class, u64)>> {
    prop::collection::vec((any::<bool>(), 1..4_u64), 0..60).prop_map(|steps| {
        let mut seqs = [10, 10];
        let step = |(rooms, by): (bool, u64)| {
            let kind = usize::from(!rooms);
            seqs[kind] += by;
            (CLASSES[kind], seqs[kind])
        };
        steps.into_iter().map(step).collect()
    })
}

/// The trail after these messages.
fn trail(messages: &[(Class, u64)]) -> Trail {
    let mut trail = Trail::new(start(10, 10));
    for (class, seq) in messages {
        trail.note(*class, at(1, *seq));
    }
    trail
}

/// What a client knows that got these: its newest message, and where it stands in truth.
fn client(messages: &[(Class, u64)]) -> (Option<(Class, Position)>, [u64; 2]) {
    let newest = messages.last().map(|(class, seq)| (*class, at(1, *seq)));
    let last = |class| messages.iter().rfind(|(known, _)| *known == class).map_or(10, |(_, seq)| *seq);
    (newest, CLASSES.map(last))
}

proptest! {
    #[test]
    fn a_client_never_stands_further_than_what_it_got(messages in sent(), kept: usize, got: usize) {
        let (kept, got) = (kept % (messages.len() + 1), got % (messages.len() + 1));
        let (newest, truth) = client(&messages[..got]);
        let told = seqs(&trail(&messages[..kept]).standing(newest));
        prop_assert!(told[0] <= truth[0] && told[1] <= truth[1], "{told:?} {truth:?}");
    }

    #[test]
    fn a_client_of_a_whole_trail_stands_where_it_does(messages in sent(), got: usize) {
        prop_assume!(messages.len() <= MAX_RUNS);
        let (newest, truth) = client(&messages[..got % (messages.len() + 1)]);
        prop_assert_eq!(seqs(&trail(&messages).standing(newest)), truth);
    }

    #[test]
    fn what_a_client_got_by_an_earlier_connection_moves_it_nowhere(messages in sent(), rooms: bool, seq in 0..=10_u64, epoch in 1..3_u64) {
        let newest = (CLASSES[usize::from(rooms)], at(epoch, seq));
        prop_assert_eq!(seqs(&trail(&messages).standing(Some(newest))), [10, 10]);
    }

    #[test]
    fn a_trail_is_bounded_and_comes_back_as_it_was_written(messages in sent()) {
        let trail = trail(&messages);
        prop_assert!(trail.runs.len() <= MAX_RUNS);
        let text = serde_json::to_string(&trail).unwrap();
        prop_assert_eq!(serde_json::from_str::<Trail>(&text).unwrap(), trail);
    }
}

#[test]
fn a_new_epoch_begins_a_run_of_its_own() {
    let mut trail = trail(&[(Class::Rooms, 11)]);
    trail.note(Class::Rooms, at(2, 1));
    trail.note(Class::Users, at(1, 11));
    let standing = trail.standing(Some((Class::Users, at(1, 11))));
    assert_eq!(standing.get(Class::Rooms), Some(at(2, 1)));
}

#[test]
fn where_no_start_is_known_a_client_is_believed() {
    let standing = Trail::default().standing(Some((Class::Rooms, at(1, 5))));
    assert_eq!((standing.get(Class::Rooms), standing.get(Class::Users)), (Some(at(1, 5)), None));
}
