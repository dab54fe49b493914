//! What the cluster knows together.

use std::time::Duration;

use relay::bus::{Channel, Claim, Snapshot};

use super::users;
use crate::support::{Guarded, until, until_answered};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn leases_have_one_holder(site: &Guarded) {
    let [a, b] = site.pair("leases", "").await;
    for lease in users() {
        let (of_a, of_b) = tokio::join!(a.bus.claim(&lease), b.bus.claim(&lease));
        let granted = [&of_a, &of_b].into_iter().filter(|claim| **claim == Ok(Claim::Granted)).count();
        assert_eq!(granted, 1, "{of_a:?} {of_b:?}");
        let holder = if of_a == Ok(Claim::Granted) { &a } else { &b };
        holder.bus.release(&lease).await;
        assert_eq!(a.bus.holder(&lease).await, Ok(None));
    }
}

pub(super) async fn presence_is_seen(site: &Guarded) {
    let [a, b] = site.pair("presence", "").await;
    let sees = async |user: &str, expected| {
        let channel = Channel::user(user);
        until_answered("presence is told", async || a.bus.elsewhere(&channel).await == Ok(expected)).await;
    };
    users().for_each(|user| b.bus.note(&Channel::user(&user), true));
    for user in users() {
        sees(&user, true).await;
    }
    users().for_each(|user| b.bus.note(&Channel::user(&user), false));
    for user in users() {
        sees(&user, false).await;
    }
}

pub(super) async fn tokens_are_good_once(site: &Guarded) {
    let [a, b] = site.pair("tokens", "").await;
    for token in users() {
        a.bus.keep_token(&token, "value", MINUTE).await.unwrap();
        assert_eq!(b.bus.take_token(&token).await.unwrap().as_deref(), Some("value"));
        assert_eq!(b.bus.take_token(&token).await, Ok(None));
    }
}

pub(super) async fn sessions_are_kept(site: &Guarded) {
    let [a, b] = site.pair("sessions", "").await;
    for player in users() {
        a.bus.keep_session(&player, "value", MINUTE).await.unwrap();
        assert_eq!(b.bus.session(&player).await.unwrap().as_deref(), Some("value"));
    }
}

pub(super) async fn names_have_a_newest_holder(site: &Guarded) {
    let [a, b] = site.pair("newest", "").await;
    for name in users() {
        let former = a.bus.take_newest(&name, 0).await.unwrap();
        assert!(b.bus.take_newest(&name, 0).await.unwrap() > former);
    }
    until("all names are lost", || a.lost().len() == users().count()).await;
    for name in users() {
        b.bus.leave_newest(&name, 0).await;
    }
}

pub(super) async fn places_are_counted(site: &Guarded) {
    let [a, b] = site.pair("places", "").await;
    for name in users() {
        let taken =
            [a.bus.take_place(&name, 0, 1).await.unwrap(), b.bus.take_place(&name, 0, 1).await.unwrap()];
        assert_eq!(taken, [true, false]);
        a.bus.leave_place(&name, 0);
    }
    for name in users() {
        until_answered("a free place", async || b.bus.take_place(&name, 1, 1).await == Ok(true)).await;
    }
}

pub(super) async fn keys_are_remembered(site: &Guarded) {
    let [a, b] = site.pair("keys", "").await;
    for key in users() {
        assert_eq!(a.bus.remember(&key, "first", MINUTE).await, Ok(None));
        a.bus.amend(&key, Some("last"), MINUTE).await;
        assert_eq!(b.bus.remember(&key, "other", MINUTE).await, Ok(Some("last".to_owned())));
        b.bus.amend(&key, None, MINUTE).await;
        assert_eq!(a.bus.remember(&key, "first", MINUTE).await, Ok(None));
    }
}

pub(super) async fn socketio_sessions_go_on(site: &Guarded) {
    let [a, b] = site.pair("recovery", "rooms=1000/300").await;
    for id in users() {
        let first = Snapshot { id: id.clone(), life: 1, value: Some("value".to_owned()), ttl: MINUTE };
        assert_eq!(a.bus.keep_snapshots(std::slice::from_ref(&first)).await, Ok(vec![true]));
        let revived = b.bus.revive(&id).await.unwrap().unwrap();
        assert_eq!((revived.life, revived.value.as_deref()), (2, Some("value")));
        let end = Snapshot { value: None, ..revived };
        assert_eq!(b.bus.keep_snapshots(&[end]).await, Ok(vec![true]));
    }
}
