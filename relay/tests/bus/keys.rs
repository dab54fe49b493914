//! Keys under which something is done once in the cluster.

use std::time::Duration;

use relay::bus::Config;
use relay_contract::admin::BusState;

use crate::support::{Node, Redis, one_node, two_nodes};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn r004_24_of_ten_that_come_with_one_key_at_once_one_is_the_first() {
    let (_redis, a, b) = two_nodes().await;
    let asked = (0..5).flat_map(|_| [&a, &b]).map(|node| node.bus.remember("k", "v", MINUTE));
    let answers = futures::future::join_all(asked).await;
    let first = answers.into_iter().filter(|answer| *answer == Ok(None)).count();
    assert_eq!(first, 1);
}

#[tokio::test]
async fn r004_24_who_comes_later_gets_what_was_kept_last_until_it_is_forgotten() {
    let redis = Redis::start(&[]);
    for node in [Node::with("a", Config::Memory), Node::ready("b", &redis).await] {
        let ask = async || node.bus.remember("k", "first", MINUTE).await.unwrap();
        assert_eq!(ask().await, None);
        node.bus.amend("k", Some("last"), MINUTE).await;
        assert_eq!(ask().await.as_deref(), Some("last"));
        node.bus.amend("k", None, MINUTE).await;
        assert_eq!(ask().await, None);
    }
}

#[tokio::test]
async fn r004_24_what_is_kept_under_a_key_ends() {
    let (redis, a) = one_node().await;
    a.bus.remember("k", "v", MINUTE).await.unwrap();
    let key = redis.cli(&["KEYS", "*:done:*"]);
    let left: i64 = redis.cli(&["PTTL", &key]).parse().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn r004_24_while_redis_is_away_keys_are_those_of_a_node() {
    let (mut redis, a) = one_node().await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    let asked = [a.bus.remember("k", "v", MINUTE).await, a.bus.remember("k", "v", MINUTE).await];
    assert_eq!(asked, [Ok(None), Ok(Some("v".to_owned()))]);
}

#[tokio::test]
async fn r003_04_of_ten_that_take_one_token_at_once_on_two_nodes_one_gets_it() {
    let (_redis, a, b) = two_nodes().await;
    for round in 0..20 {
        let token = round.to_string();
        a.bus.keep_token(&token, "alice", MINUTE).await.unwrap();
        let asked = (0..5).flat_map(|_| [&a, &b]).map(|node| node.bus.take_token(&token));
        let answers = futures::future::join_all(asked).await;
        let got = answers.into_iter().filter(|answer| *answer == Ok(Some("alice".to_owned()))).count();
        assert_eq!(got, 1, "{token}");
    }
}

#[tokio::test]
async fn r003_04_a_token_of_a_killed_relay_is_good_on_another() {
    let redis = Redis::start(&[]);
    let b = Node::ready("b", &redis).await;
    let dying = std::thread::spawn({
        let url = redis.url();
        move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let a = Node::start("a", &url, None);
                a.reaches(BusState::Ok).await;
                a.bus.keep_token("t", "alice", MINUTE).await.unwrap();
                std::mem::forget(a);
            });
            runtime.shutdown_background();
        }
    });
    dying.join().unwrap();
    assert_eq!(b.bus.take_token("t").await, Ok(Some("alice".to_owned())));
}
