//! Keeps one of two nodes away from Redis for as long as a test wants.

use super::{Node, Site};
use relay_contract::admin::BusState;

/// Two nodes on `site` that have heard of each other on all of its servers, but not of alice. The second
/// has an account of its own.
pub async fn two_accounts(site: &Site) -> (Node, Node) {
    each(site, &["ACL", "SETUSER", "b", "on", ">word", "~*", "&*", "+@all"]);
    let a = Node::start("a", &site.url(), None);
    a.reaches(BusState::Ok).await;
    let b = Node::start("b", &site.url().replace("://", "://b@"), Some("word"));
    b.reaches(BusState::Ok).await;
    for user in ["bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan"] {
        // Who hears this has heard what was said before it, and answers before it sends what comes next.
        b.publish(user, 0).await;
        a.gets(user, 1).await;
        a.publish(user, 1).await;
        b.gets(user, 1).await;
    }
    (a, b)
}

/// Has each server do `command`.
pub fn each(site: &Site, command: &[&str]) {
    for server in site.servers() {
        server.cli(command);
    }
}

/// Ends the connections of the second node, and lets it make no others.
pub async fn banish(site: &Site, b: &Node) {
    each(site, &["ACL", "SETUSER", "b", "off"]);
    each(site, &["CLIENT", "KILL", "USER", "b"]);
    b.reaches(BusState::Degraded).await;
}

/// Lets it come back.
pub fn admit(site: &Site) {
    each(site, &["ACL", "SETUSER", "b", "on"]);
}
