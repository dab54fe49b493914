//! Histories in a real Redis.

use relay::bus::{Channel, Log, Message, Position, Recovered};
use relay_contract::admin::BusState;

use crate::support::{Node, Redis, until};

mod faults;
mod forks;
mod live;
mod recover;
mod sizes;

/// What the nodes of these tests keep.
const KEPT: &str = "users=1000/300";

/// A node that keeps messages to users, with a bus that works.
async fn keeper(name: &str, redis: &Redis) -> Node {
    let node = Node::that_keeps(name, redis.config(), KEPT);
    node.reaches(BusState::Ok).await;
    node
}

/// A Redis, and two such nodes.
async fn two_keepers() -> (Redis, Node, Node) {
    let redis = Redis::start(&[]);
    let (a, b) = (keeper("a", &redis).await, keeper("b", &redis).await);
    (redis, a, b)
}

/// Waits until nodes append: one that cannot yet delivers to its own clients before it knows of other
/// messages, or of a duplicate.
async fn appends(nodes: [&Node; 2]) {
    for node in nodes {
        node.publish("bob", "first").await;
        until("it appends", || node.bus.counters().published == 1).await;
    }
}

fn log(user: &str) -> Log {
    Log::of(&Channel::user(user)).unwrap()
}

fn seqs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.position.unwrap().seq).collect()
}

/// What a client of `user` is told that has seen everything up to `since`.
async fn recover(node: &Node, user: &str, since: Option<Position>) -> Recovered {
    node.bus.recover(&log(user), since).await.unwrap()
}

/// The position of `user`'s newest message.
async fn top(node: &Node, user: &str) -> Position {
    recover(node, user, None).await.top.unwrap()
}
