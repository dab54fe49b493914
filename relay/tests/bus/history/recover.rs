//! What clients are told that come back.

use relay::bus::Position;

use super::{keeper, log, recover, seqs, top, two_keepers};
use crate::support::{Node, Redis, until_answered};

#[tokio::test]
async fn who_comes_back_to_another_node_gets_what_was_missed() {
    let (_redis, a, b) = two_keepers().await;
    let since = top(&b, "alice").await;
    for id in 0..1500 {
        a.publish("alice", id).await;
    }
    a.gets("alice", 1500).await;
    let since = Position { seq: 600, ..since };
    let recovered = recover(&b, "alice", Some(since)).await;
    assert_eq!((recovered.complete, recovered.top.unwrap().seq), (true, 1500));
    assert_eq!(seqs(&recovered.messages), (601..=1500).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_recovered_is_the_message_that_was_published() {
    let (_redis, a, b) = two_keepers().await;
    let since = top(&b, "alice").await;
    a.publish("alice", 0).await;
    a.gets("alice", 1).await;
    assert_eq!(recover(&b, "alice", Some(since)).await.messages, a.messages("alice"));
}

#[tokio::test]
async fn who_missed_nothing_is_told_so() {
    let (_redis, a, _b) = two_keepers().await;
    let since = top(&a, "alice").await;
    let recovered = recover(&a, "alice", Some(since)).await;
    assert_eq!((recovered.complete, recovered.top, recovered.messages.len()), (true, Some(since), 0));
}

#[tokio::test]
async fn who_missed_more_than_is_kept_is_told_so_and_gets_the_rest() {
    let redis = Redis::start(&[]);
    let a = Node::that_keeps("a", redis.config(), "users=1/300");
    until_answered("Redis answers", async || a.bus.recover(&log("alice"), None).await.is_ok()).await;
    let since = top(&a, "alice").await;
    for id in 0..500 {
        a.publish("alice", id).await;
    }
    a.gets("alice", 500).await;
    let recovered = recover(&a, "alice", Some(since)).await;
    let last = recovered.messages.last().map(|message| message.id.as_str());
    assert_eq!((recovered.complete, last), (false, Some("499")));
}

#[tokio::test]
async fn a_position_that_nobody_gave_is_not_recovered() {
    let (_redis, a, _b) = two_keepers().await;
    a.publish("alice", 0).await;
    a.gets("alice", 1).await;
    let foreign = "00000000deadbeef-0".parse().unwrap();
    let ahead = Position { seq: 2, ..top(&a, "alice").await };
    for since in [foreign, ahead] {
        let recovered = recover(&a, "alice", Some(since)).await;
        assert!(!recovered.complete && recovered.messages.is_empty(), "{since}");
    }
}

#[tokio::test]
async fn many_who_come_back_at_once_are_answered_by_few_reads() {
    let (redis, a, b) = two_keepers().await;
    let since = top(&b, "alice").await;
    for id in 0..10 {
        a.publish("alice", id).await;
    }
    a.gets("alice", 10).await;
    redis.cli(&["CONFIG", "RESETSTAT"]);
    let log = log("alice");
    let all = (0..1000).map(|client| b.bus.recover(&log, Some(Position { seq: client % 10, ..since })));
    let answers = futures::future::join_all(all).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok_and(|recovered| recovered.complete)));
    let reads = redis.cli(&["INFO", "commandstats"]);
    let reads = reads.lines().find(|line| line.starts_with("cmdstat_xrange:")).unwrap();
    let calls: u32 = reads.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    assert!(calls < 20, "{reads}");
}

#[tokio::test]
async fn histories_of_different_users_do_not_meet() {
    let redis = Redis::start(&[]);
    let a = keeper("a", &redis).await;
    let since = top(&a, "alice").await;
    a.publish("bob", 0).await;
    a.gets("bob", 1).await;
    assert!(recover(&a, "alice", Some(since)).await.messages.is_empty());
}
