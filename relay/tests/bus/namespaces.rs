//! Clusters that share one database of one Redis: neither a message nor a lease crosses.

use relay::bus::Claim;
use relay_contract::admin::BusState;

use crate::support::{Node, Redis, ids, until};

async fn ready(namespace: &str, name: &str, redis: &Redis) -> Node {
    let node = Node::in_namespace(namespace, name, &redis.url(), None);
    node.reaches(BusState::Ok).await;
    node
}

#[tokio::test]
async fn no_message_crosses_from_namespace_to_namespace() {
    let redis = Redis::start(&[]);
    let (a, b) = (ready("team.one", "a", &redis).await, ready("team.one", "b", &redis).await);
    let (c, d) = (ready("team.two", "c", &redis).await, ready("team.two", "d", &redis).await);
    for user in 0..200 {
        a.publish(&format!("user-{user}"), "one").await;
        c.publish(&format!("user-{user}"), "two").await;
    }
    b.gets("user-199", 1).await;
    d.gets("user-199", 1).await;
    // Each other namespace's messages went out before its own last one came back.
    for user in 0..200 {
        let user = format!("user-{user}");
        b.gets(&user, 1).await;
        d.gets(&user, 1).await;
        assert_eq!((b.got(&user), d.got(&user)), (vec!["one".to_owned()], vec!["two".to_owned()]));
    }
    assert!(a.last().is_none() && c.last().is_none());
}

#[tokio::test]
async fn a_lease_is_free_in_every_other_namespace() {
    let redis = Redis::start(&[]);
    let (one, two) = (ready("team.one", "a", &redis).await, ready("team.two", "a", &redis).await);
    assert_eq!(one.bus.claim("user:alice").await, Ok(Claim::Granted));
    assert_eq!(two.bus.holder("user:alice").await, Ok(None));
    assert_eq!(two.bus.claim("user:alice").await, Ok(Claim::Granted));
    two.bus.release("user:alice").await;
    assert_eq!(one.bus.holder("user:alice").await.unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn a_namespace_that_begins_like_another_is_another() {
    let redis = Redis::start(&[]);
    let (short, long) = (ready("team", "a", &redis).await, ready("team.live", "b", &redis).await);
    let peer = ready("team", "c", &redis).await;
    long.publish("alice", 0).await;
    short.publish("alice", 1).await;
    peer.gets("alice", 1).await;
    assert_eq!(peer.got("alice"), ids(1..2));
}

#[tokio::test]
async fn every_name_in_redis_starts_with_the_namespace() {
    let redis = Redis::start(&[]);
    let node = ready("team.one", "a", &redis).await;
    node.bus.claim("user:alice").await.unwrap();
    let names = format!("{}\n{}", redis.cli(&["KEYS", "*"]), redis.cli(&["PUBSUB", "CHANNELS"]));
    assert_eq!(names.lines().filter(|name| !name.starts_with("relay:team.one:")).count(), 0, "{names}");
}

/// The access list that the operator writes for the Redis that it manages.
#[tokio::test]
async fn an_account_of_its_namespace_alone_is_all_that_a_relay_needs() {
    let dir = tempfile::tempdir().unwrap();
    let rights = "~relay:team.one:* ~ws_conn_token:team.one:* &relay:team.one:*";
    let user = format!("user default on sanitize-payload >pass {rights} +@all -@dangerous +info +role\n");
    std::fs::write(dir.path().join("users.acl"), user).unwrap();
    let redis = Redis::start_in(dir, &["--aclfile", "users.acl"]);
    let start = |name| Node::in_namespace("team.one", name, &redis.url(), Some("pass"));
    let (a, b) = (start("a"), start("b"));
    a.reaches(BusState::Ok).await;
    b.reaches(BusState::Ok).await;
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    assert_eq!(a.bus.claim("user:alice").await, Ok(Claim::Granted));
    assert_eq!(b.bus.holder("user:alice").await.unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn an_account_of_another_namespace_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let user = "user default on >pass ~relay:team.one:* &relay:team.one:* +@all -@dangerous\n";
    std::fs::write(dir.path().join("users.acl"), user).unwrap();
    let redis = Redis::start_in(dir, &["--aclfile", "users.acl"]);
    let other = Node::in_namespace("team.two", "a", &redis.url(), Some("pass"));
    until("a reason is told", || other.bus.status().reason.is_some()).await;
    let reason = other.bus.status().reason.unwrap();
    assert!(reason.to_lowercase().contains("permission"), "{reason}");
}
