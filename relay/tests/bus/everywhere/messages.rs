//! Messages between relays, kept or not.

use std::sync::Arc;

use relay::bus::{Channel, Log};

use super::users;
use crate::support::{Guarded, Node, ids, message, until};

pub(super) async fn cross_in_order(site: &Guarded) {
    let [a, b] = site.pair("messages", "").await;
    for id in 0..20 {
        for user in users() {
            a.publish(&user, id).await;
            b.publish(&format!("to-a-{user}"), id).await;
        }
    }
    for user in users() {
        b.gets(&user, 20).await;
        a.gets(&format!("to-a-{user}"), 20).await;
        assert_eq!(b.got(&user), ids(0..20));
        assert!(a.got(&user).is_empty(), "own messages came back");
    }
    until("all was confirmed", || b.bus.counters().outbox_items == 0).await;
    assert_eq!(b.bus.counters().missed, 0);
}

pub(super) async fn of_namespaces_stay_apart(site: &Guarded) {
    let ([a, b], [c, d]) = (site.pair("one", "").await, site.pair("two", "").await);
    for user in users() {
        a.publish(&user, "one").await;
        c.publish(&user, "two").await;
    }
    for user in users() {
        b.gets(&user, 1).await;
        d.gets(&user, 1).await;
        assert_eq!((b.got(&user), d.got(&user)), (vec!["one".to_owned()], vec!["two".to_owned()]));
    }
}

pub(super) async fn that_are_kept_come_in_order_and_again(site: &Guarded) {
    let [a, b] = site.pair("kept", "users=1000/300").await;
    for id in 0..20 {
        for user in users() {
            a.publish(&user, id).await;
        }
    }
    for user in users() {
        for node in [&a, &b] {
            node.gets(&user, 20).await;
            assert_eq!(node.got(&user), ids(0..20));
        }
        let log = Log::of(&Channel::user(&user)).unwrap();
        let since = b.messages(&user)[4].position;
        let recovered = a.bus.recover(&log, since).await.unwrap();
        let again: Vec<String> = recovered.messages.into_iter().map(|message| message.id).collect();
        assert_eq!((recovered.complete, again), (true, ids(5..20)));
    }
}

pub(super) async fn go_once_under_a_key(site: &Guarded) {
    let once = async |node: &Node, id: u32| {
        let published = node.bus.publish_once(Arc::new(message("alice", id)), "key").await;
        published.unwrap().duplicate
    };
    for (namespace, history) in [("once", ""), ("once-kept", "users=1000/300")] {
        let [a, b] = site.pair(namespace, history).await;
        assert_eq!((once(&a, 0).await, once(&b, 1).await), (false, true), "{namespace}");
    }
}
