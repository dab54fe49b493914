//! Places that a name has in the whole cluster.

use relay_contract::admin::BusState;

use crate::support::{
    Node, Redis, Site, admit, banish, each, one_node, two_accounts, two_nodes, until, until_answered,
};

const NAME: &str = "player:alice";

/// Asks for a place of two.
async fn take(node: &Node, id: u64) -> bool {
    node.bus.take_place(NAME, id, 2).await.unwrap()
}

#[tokio::test]
async fn r004_15_a_name_has_as_many_places_on_all_nodes_together() {
    let (_redis, a, b) = two_nodes().await;
    assert_eq!(
        [take(&a, 0).await, take(&b, 0).await, take(&a, 1).await, take(&b, 1).await],
        [true, true, false, false]
    );
}

#[tokio::test]
async fn r004_15_never_do_more_stay_than_there_are_places_whoever_comes_at_once() {
    let (_redis, a, b) = two_nodes().await;
    let asked = (0..10).flat_map(|id| [(&a, id), (&b, id)]).map(|(node, id)| take(node, id));
    let taken = futures::future::join_all(asked).await.into_iter().filter(|taken| *taken).count();
    assert!(taken <= 2, "{taken}");
}

#[tokio::test]
async fn r004_15_a_place_that_was_left_can_be_taken_on_another_node() {
    let (_redis, a, b) = two_nodes().await;
    assert!(take(&a, 0).await && take(&a, 1).await);
    a.bus.leave_place(NAME, 0);
    until_answered("a place", async || take(&b, 0).await).await;
}

#[tokio::test]
async fn r004_15_a_refused_place_is_not_renewed() {
    let (redis, a) = one_node().await;
    assert!(take(&a, 0).await && take(&a, 1).await && !take(&a, 2).await);
    let key = redis.cli(&["KEYS", "*:places:*"]);
    until("two places", || redis.cli(&["ZCARD", &key]) == "2").await;
}

#[tokio::test]
async fn r004_15_places_are_told_again_after_redis_came_back_empty() {
    let (mut redis, a, b) = two_nodes().await;
    assert!(take(&a, 0).await);
    redis.kill();
    a.reaches(BusState::Degraded).await;
    assert!(a.bus.take_place(NAME, 1, 2).await.is_err());
    redis.revive();
    b.reaches(BusState::Ok).await;
    until("two places", || {
        let key = redis.cli(&["KEYS", "*:places:*"]);
        !key.is_empty() && redis.cli(&["ZCARD", &key]) == "2"
    })
    .await;
    assert!(!take(&b, 0).await);
}

/// As a replica that took over without the last writes: one of two nodes has both places, is away, and
/// Redis knows of none. Answers the two.
async fn forgotten(site: &Site) -> (Node, Node) {
    let (a, b) = two_accounts(site).await;
    assert!(take(&b, 0).await && take(&b, 1).await);
    banish(site, &b).await;
    let redis = &site.servers()[0];
    redis.cli(&["DEL", &redis.cli(&["KEYS", "*:places:*"])]);
    each(site, &["CLIENT", "KILL", "TYPE", "normal"]);
    until("a lost its connection", || a.bus.counters().reconnects > 0).await;
    a.reaches(BusState::Ok).await;
    (a, b)
}

#[tokio::test]
async fn r004_15_x16_places_that_redis_forgot_are_waited_for() {
    let site = Site::single();
    let (a, _b) = forgotten(&site).await;
    let back = async {
        let redis = &site.servers()[0];
        until("a asks", || !redis.cli(&["KEYS", "*:places:*"]).is_empty()).await;
        admit(&site);
    };
    assert!(!tokio::join!(take(&a, 0), back).0);
}

#[tokio::test]
async fn r004_15_x16_a_node_that_stays_away_is_not_waited_for_for_ever() {
    let site = Site::single();
    let (a, _b) = forgotten(&site).await;
    assert!(take(&a, 0).await);
}

#[tokio::test]
async fn r004_15_x16_a_connection_that_broke_a_moment_ago_is_waited_for() {
    let (redis, a, b) = two_nodes().await;
    assert!(take(&b, 0).await && take(&b, 1).await);
    let refused = async || {
        let before = a.bus.counters().reconnects;
        redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        until("it broke", || a.bus.counters().reconnects > before).await;
        a.bus.take_place(NAME, 0, 2).await == Ok(false)
    };
    until_answered("Redis is asked", refused).await;
}

#[tokio::test]
async fn a_place_that_was_given_without_redis_is_counted() {
    let (mut redis, a) = one_node().await;
    redis.kill();
    a.reaches(BusState::Degraded).await;
    assert!(a.bus.take_place(NAME, 0, 2).await.is_err());
    assert_eq!(a.bus.counters().places_unasked, 1);
}

#[test]
fn r004_15_x03_a_dead_nodes_places_are_free_within_15_seconds_and_a_live_ones_are_not() {
    let redis = Redis::start(&[]);
    let dying = tokio::runtime::Runtime::new().unwrap();
    let dead = dying.block_on(Node::ready("dead", &redis));
    assert!(dying.block_on(take(&dead, 0)));
    let living = tokio::runtime::Runtime::new().unwrap();
    living.block_on(async {
        let (a, b) = (Node::ready("a", &redis).await, Node::ready("b", &redis).await);
        assert!(take(&a, 0).await);
        // As a process that is killed: its tasks stop where they are.
        dying.shutdown_background();
        let died = std::time::Instant::now();
        let mut id = 0;
        while !take(&b, id).await {
            id += 1;
            assert!(died.elapsed().as_secs() < 16, "it is still taken");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(!take(&b, id + 1).await, "the living node's place was lost");
    });
}
