//! Histories through all that happens to a Redis.

use relay::bus::Position;
use relay_contract::admin::BusState;

use super::{keeper, log, recover, seqs, top, two_keepers};
use crate::support::{Node, Redis, ids, until, until_answered};

#[tokio::test]
async fn while_redis_is_away_this_nodes_connections_get_messages_once() {
    let (redis, a, b) = two_keepers().await;
    redis.freeze();
    a.reaches(BusState::Degraded).await;
    for id in 0..100 {
        a.publish("alice", id).await;
    }
    assert_eq!((a.got("alice"), a.last().unwrap().position), (ids(0..100), None));
    redis.thaw();
    b.gets("alice", 100).await;
    a.publish("alice", 100).await;
    a.gets("alice", 101).await;
    assert_eq!((a.got("alice"), b.got("alice")[..100].to_vec()), (ids(0..101), ids(0..100)));
}

#[tokio::test]
async fn what_is_under_way_when_redis_leaves_comes_once() {
    let (redis, a, b) = two_keepers().await;
    for id in 0..4000 {
        a.publish("alice", id).await;
        match id % 2000 {
            500 => redis.freeze(),
            1500 => {
                a.reaches(BusState::Degraded).await;
                redis.thaw();
                a.reaches(BusState::Ok).await;
            }
            _ => {}
        }
    }
    b.gets("alice", 4000).await;
    a.gets("alice", 4000).await;
    let mut of_a = a.got("alice");
    of_a.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert_eq!((of_a, b.got("alice")), (ids(0..4000), ids(0..4000)));
}

#[tokio::test]
async fn a_killed_command_connection_appends_nothing_twice() {
    let (redis, a, b) = two_keepers().await;
    for id in 0..900 {
        a.publish("alice", id).await;
        if id % 300 == 150 {
            redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
    }
    b.gets("alice", 900).await;
    assert_eq!(b.got("alice"), ids(0..900));
    assert_eq!(top(&b, "alice").await.seq, 900);
}

#[tokio::test]
async fn what_was_published_while_subscriptions_were_gone_is_refilled() {
    let (redis, a, b) = two_keepers().await;
    b.bus.follow(&log("alice"), true);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    for id in 1..200 {
        a.publish("alice", id).await;
        if id == 100 {
            redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        }
    }
    // No other message is needed: what is missing is looked for.
    b.gets("alice", 200).await;
    assert_eq!((b.got("alice"), b.bus.counters().gaps), (ids(0..200), 0));
}

#[tokio::test]
async fn a_redis_that_forgot_all_is_told_from_one_that_did_not() {
    let (redis, a, b) = two_keepers().await;
    a.publish("alice", 0).await;
    a.gets("alice", 1).await;
    let since = top(&b, "alice").await;
    redis.cli(&["FLUSHALL"]);
    let recovered = recover(&b, "alice", Some(since)).await;
    assert!(!recovered.complete && recovered.top.unwrap().epoch != since.epoch);
}

#[tokio::test]
async fn messages_after_a_flush_reach_those_who_follow() {
    let (redis, a, b) = two_keepers().await;
    b.bus.follow(&log("alice"), true);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    redis.cli(&["FLUSHALL"]);
    a.publish("alice", 1).await;
    b.gets("alice", 2).await;
    a.publish("alice", 2).await;
    b.gets("alice", 3).await;
    assert_eq!((b.got("alice"), b.bus.counters().epochs), (ids(0..3), 1));
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_begins_anew() {
    let (mut redis, a, b) = two_keepers().await;
    b.bus.follow(&log("alice"), true);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    let since = top(&b, "alice").await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    a.publish("alice", 1).await;
    redis.revive();
    b.gets("alice", 2).await;
    assert!(!recover(&b, "alice", Some(since)).await.complete);
    assert_eq!(a.got("alice"), ids(0..2));
}

#[tokio::test]
async fn a_redis_that_comes_back_with_its_data_goes_on() {
    let mut redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (a, b) = (keeper("a", &redis).await, keeper("b", &redis).await);
    for id in 0..10 {
        a.publish("alice", id).await;
    }
    b.gets("alice", 10).await;
    let since = Position { seq: 4, ..top(&b, "alice").await };
    redis.kill();
    b.reaches(BusState::Degraded).await;
    redis.revive();
    until_answered("Redis is back", async || b.bus.recover(&log("alice"), None).await.is_ok()).await;
    let recovered = recover(&b, "alice", Some(since)).await;
    assert_eq!((recovered.complete, seqs(&recovered.messages)), (true, (5..=10).collect()));
    assert_ne!(recovered.top.unwrap().epoch, since.epoch);
}

#[tokio::test]
async fn writes_that_a_restart_lost_are_not_hidden() {
    let mut redis = Redis::start(&["--save", "3600 1000000"]);
    let (a, b) = (keeper("a", &redis).await, keeper("b", &redis).await);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    redis.cli(&["SAVE"]);
    let saved = top(&b, "alice").await;
    a.publish("alice", 1).await;
    b.gets("alice", 2).await;
    redis.kill();
    b.reaches(BusState::Degraded).await;
    redis.revive();
    until_answered("Redis is back", async || b.bus.recover(&log("alice"), None).await.is_ok()).await;
    // Somebody who saw neither would miss the second without a word.
    assert!(!recover(&b, "alice", Some(saved)).await.complete);
}

#[tokio::test]
async fn a_full_redis_is_told_and_what_it_refused_is_kept_later() {
    let (redis, a, b) = two_keepers().await;
    redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    a.publish("alice", 0).await;
    until("the reason is told", || a.bus.status().reason.is_some_and(|why| why.contains("OOM"))).await;
    a.gets("alice", 1).await;
    assert_eq!(a.bus.counters().outbox_items, 1);
    redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    b.gets("alice", 1).await;
    a.reaches(BusState::Ok).await;
    assert_eq!(a.got("alice"), ids(0..1));
}

#[tokio::test]
async fn a_refusal_is_over_for_a_relay_that_has_nothing_to_say() {
    let (redis, a, b) = two_keepers().await;
    b.bus.follow(&log("alice"), true);
    a.publish("alice", 0).await;
    b.gets("alice", 1).await;
    redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    let refused = || b.bus.status().reason.is_some_and(|why| why.contains("NOREPLICAS"));
    until("the histories cannot be compared", refused).await;
    redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    b.reaches(BusState::Ok).await;
}

#[tokio::test]
async fn an_account_without_scripts_has_no_history_but_all_else() {
    let rules =
        "+@connection +subscribe +publish +pubsub +set +get +getex +del +sadd +srem +smembers +pexpire";
    let user = format!("--user relay on >right-horse resetchannels &relay:* ~relay:* -@all {rules}");
    let redis = Redis::start(&user.split(' ').collect::<Vec<_>>());
    let url = redis.url().replace("//", "//relay:right-horse@");
    let config = || Redis::config_of(&url);
    let (a, b) = (
        Node::that_keeps("a", config(), "rooms=10/10,users=10/10"),
        Node::that_keeps("b", config(), "rooms=10/10"),
    );
    until("the reason is told", || a.bus.status().reason.is_some_and(|why| why.contains("NOPERM"))).await;
    a.publish("alice", 0).await;
    b.publish("bob", 0).await;
    a.gets("alice", 1).await;
    a.gets("bob", 1).await;
}
