//! What a bus that keeps messages promises: the same tests with each of them.

use std::sync::Arc;

use relay::bus::{Channel, Config, Log, Message, Position, Recovered};
use relay_contract::admin::BusState;

use crate::support::{Node, Redis, ids, message, until_answered};

/// A node that keeps the newest messages of each user, and its Redis, if it has one.
struct Keeper {
    node: Node,
    /// Ends with it.
    _redis: Option<Redis>,
}

impl Keeper {
    async fn in_memory(history: &str) -> Self {
        Self::over(None, Config::Memory, history).await
    }

    async fn in_redis(history: &str) -> Self {
        let redis = Redis::start(&[]);
        let config = redis.config();
        Self::over(Some(redis), config, history).await
    }

    async fn over(redis: Option<Redis>, config: Config, history: &str) -> Self {
        let node = Node::that_keeps("a", config, history);
        node.reaches(BusState::Ok).await;
        node.bus.follow(&log(), true);
        Self { node, _redis: redis }
    }

    /// What a client of alice is told that has seen everything up to `since`.
    async fn recover(&self, since: Option<Position>) -> Recovered {
        self.node.bus.recover(&log(), since).await.unwrap()
    }

    async fn top(&self) -> Position {
        self.recover(None).await.top.unwrap()
    }

    /// Publishes these to alice, and waits until they are delivered.
    async fn publish(&self, range: std::ops::Range<u32>) {
        let before = self.node.got("alice").len();
        for id in range.clone() {
            self.node.publish("alice", id).await;
        }
        self.node.gets("alice", before + range.len()).await;
    }
}

fn log() -> Log {
    Log::of(&Channel::user("alice")).unwrap()
}

fn ids_of(recovered: &Recovered) -> Vec<String> {
    recovered.messages.iter().map(|message| message.id.clone()).collect()
}

fn positions(messages: &[Message]) -> Vec<Position> {
    messages.iter().filter_map(|message| message.position).collect()
}

async fn what_is_published_is_delivered_once_in_order_and_with_its_position(keeper: Keeper) {
    let before = keeper.top().await;
    keeper.publish(0..20).await;
    assert_eq!(keeper.node.got("alice"), ids(0..20));
    let expected: Vec<Position> =
        (1..=20).map(|number| Position { seq: before.seq + number, ..before }).collect();
    assert_eq!(positions(&keeper.node.messages("alice")), expected);
}

async fn what_was_missed_is_what_came_after_the_position(keeper: Keeper) {
    let before = keeper.top().await;
    keeper.publish(0..10).await;
    let since = Position { seq: before.seq + 4, ..before };
    let recovered = keeper.recover(Some(since)).await;
    assert_eq!((recovered.complete, ids_of(&recovered)), (true, ids(4..10)));
    assert_eq!(recovered.top, Some(Position { seq: before.seq + 10, ..before }));
    assert_eq!(positions(&recovered.messages).last().copied(), recovered.top);
}

async fn who_missed_nothing_has_recovered(keeper: Keeper) {
    keeper.publish(0..3).await;
    let recovered = keeper.recover(Some(keeper.top().await)).await;
    assert_eq!((recovered.complete, ids_of(&recovered)), (true, ids(0..0)));
}

async fn who_was_never_there_has_not_recovered(keeper: Keeper) {
    keeper.publish(0..3).await;
    let recovered = keeper.recover(None).await;
    assert_eq!((recovered.complete, ids_of(&recovered)), (false, ids(0..0)));
}

async fn who_missed_more_than_is_kept_has_not_recovered(keeper: Keeper) {
    let before = keeper.top().await;
    // Redis drops what is over the size in whole nodes of a hundred.
    for first in (0..1000).step_by(100) {
        keeper.publish(first..first + 100).await;
    }
    let recovered = keeper.recover(Some(before)).await;
    assert!(!recovered.complete);
    assert_eq!(ids_of(&recovered).last(), Some(&"999".to_owned()));
}

/// Messages are forgotten a while after the last one, and who missed one is told.
async fn what_was_not_added_to_for_long_has_not_recovered(keeper: Keeper) {
    let before = keeper.top().await;
    keeper.publish(0..1).await;
    until_answered("it is forgotten", async || !keeper.recover(Some(before)).await.complete).await;
}

async fn a_position_of_another_life_has_not_recovered(keeper: Keeper) {
    keeper.publish(0..3).await;
    let foreign = "00000000deadbeef-1".parse().unwrap();
    let recovered = keeper.recover(Some(foreign)).await;
    assert_eq!((recovered.complete, recovered.top), (false, Some(keeper.top().await)));
}

async fn a_position_ahead_of_the_history_has_not_recovered(keeper: Keeper) {
    let top = keeper.top().await;
    assert!(!keeper.recover(Some(Position { seq: top.seq + 1, ..top })).await.complete);
}

async fn a_message_goes_once_under_a_key(keeper: Keeper) {
    let before = keeper.top().await;
    let mut answers = Vec::new();
    for id in 0..3 {
        let published = keeper.node.bus.publish_once(Arc::new(message("alice", id)), "key").await;
        answers.push(published.unwrap().duplicate);
    }
    keeper.publish(3..4).await;
    assert_eq!(answers, [false, true, true]);
    assert_eq!(ids_of(&keeper.recover(Some(before)).await), ["0", "3"]);
    assert_eq!(keeper.node.got("alice"), ["0", "3"]);
}

/// A client that comes back while messages come: what it recovers and what it gets live above that
/// is everything, once and in order.
async fn between_what_is_recovered_and_what_comes_there_is_no_gap(keeper: Keeper) {
    let before = keeper.top().await;
    let bus = Arc::clone(&keeper.node.bus);
    let publishing = tokio::spawn(async move {
        for id in 0..200 {
            bus.publish(Arc::new(message("alice", id))).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut recoveries = Vec::new();
    while !publishing.is_finished() || recoveries.is_empty() {
        recoveries.push((keeper.node.messages("alice").len(), keeper.recover(Some(before)).await));
        tokio::task::yield_now().await;
    }
    publishing.await.unwrap();
    keeper.node.gets("alice", 200).await;
    for (held, recovered) in recoveries {
        let top = recovered.top.unwrap();
        let mut all = ids_of(&recovered);
        // What came before the recovery began is not held by anyone.
        let live = keeper.node.messages("alice").into_iter().skip(held);
        all.extend(live.filter(|message| message.position.unwrap().seq > top.seq).map(|message| message.id));
        assert!(recovered.complete);
        assert_eq!(all, ids(0..200));
    }
}

async fn histories_of_others_are_others(keeper: Keeper) {
    let before = keeper.top().await;
    keeper.node.publish("bob", 7).await;
    keeper.publish(0..2).await;
    assert_eq!(ids_of(&keeper.recover(Some(before)).await), ids(0..2));
}

macro_rules! with_each_bus {
    ($($history:literal $test:ident)*) => { $(
        mod $test {
            #[tokio::test]
            async fn in_memory() {
                super::$test(super::Keeper::in_memory($history).await).await;
            }

            #[tokio::test]
            async fn in_redis() {
                super::$test(super::Keeper::in_redis($history).await).await;
            }
        }
    )* };
}

with_each_bus! {
    "users=1000/300" what_is_published_is_delivered_once_in_order_and_with_its_position
    "users=1000/300" what_was_missed_is_what_came_after_the_position
    "users=1000/300" who_missed_nothing_has_recovered
    "users=1000/300" who_was_never_there_has_not_recovered
    "users=100/300" who_missed_more_than_is_kept_has_not_recovered
    "users=1000/1" what_was_not_added_to_for_long_has_not_recovered
    "users=1000/300" a_position_of_another_life_has_not_recovered
    "users=1000/300" a_position_ahead_of_the_history_has_not_recovered
    "users=1000/300" a_message_goes_once_under_a_key
    "users=1000/300" between_what_is_recovered_and_what_comes_there_is_no_gap
    "users=1000/300" histories_of_others_are_others
}
