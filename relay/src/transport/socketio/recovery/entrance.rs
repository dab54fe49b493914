//! How a client comes into a namespace where sessions can be recovered: as who it was, or anew.

use std::sync::Arc;

use serde_json::json;

use super::super::client::Link;
use super::super::packet::{Kind, Packet};
use super::super::{Peer, Room};
use super::kept::{Claim, Kept};
use super::session::Whose;
use super::{Recovery, Revived, Session};
use crate::bus::{Channel, Log};
use crate::hub::{Connection, Found, Hub, Resumed, Standing, Wanted};
use crate::transport::engineio::{Data, message_frame};

/// Brings a client of `user` into a namespace, and tells it so: with what it missed, if `auth` shows a
/// session that it can go on with.
pub(in super::super) async fn enter(
    recovery: &Arc<Recovery>,
    link: &Arc<Link>,
    namespace: &str,
    auth: Option<&str>,
    user: Option<Arc<str>>,
) -> Peer {
    let everyone = Room::everyone(namespace).channel();
    let Some(log) = Log::of(&everyone) else { return link.new_peer(namespace, user) };
    let (hub, connection) = (&link.engine.hub, &link.engine.connection);
    let held = Held::begin(hub, connection);
    let newcomer = Newcomer { recovery, link, namespace, user, log };
    let claim = Claim::of(auth);
    let revived = match &claim {
        Some(claim) => recovery.revive(&claim.pid).await.filter(|revived| newcomer.owns(&revived.kept)),
        None => None,
    };
    let pid = claim.as_ref().map_or("", |claim| &claim.pid);
    let standing =
        claim.as_ref().zip(revived.as_ref()).map(|(claim, revived)| claim.standing(&revived.kept.trail));
    // Its connection may be from before an outage that it waited through until its session was found.
    let mut peer = hub.arrive(connection, || newcomer.come(pid, revived, everyone));
    let wanted = newcomer.wanted(&peer, standing.as_ref());
    let mut found = hub.find(wanted.clone()).await;
    if !found.is_complete() {
        found.discard();
    }
    held.release(found, |resumed| {
        if peer.recovered && !resumed.recovered {
            peer = newcomer.anew(&peer);
        }
        newcomer.follow(&wanted, resumed);
        message_frame(link.engine.version, &Data::Text(welcome(&peer)))
    });
    if let Some(session) = &peer.session {
        recovery.begin(session.clone());
    }
    peer
}

/// What a client is told that is in a namespace.
fn welcome(peer: &Peer) -> String {
    let pid = peer.session.as_deref().map(Session::pid);
    Packet::new(Kind::Connect, peer.namespace(), json!({ "sid": peer.sid(), "pid": pid }).to_string())
        .encode()
}

/// Who comes.
struct Newcomer<'a> {
    recovery: &'a Arc<Recovery>,
    link: &'a Arc<Link>,
    namespace: &'a str,
    user: Option<Arc<str>>,
    /// History of the rooms of the namespace.
    log: Log,
}

impl Newcomer<'_> {
    /// A session goes on for the same user only, whoever has its secret.
    fn owns(&self, kept: &Kept) -> bool {
        kept.namespace == self.namespace && kept.user.as_deref() == self.user.as_deref()
    }

    fn peer(&self, sid: Option<Arc<str>>, pid: &str, life: u64) -> Peer {
        let mut peer = self.link.new_peer(self.namespace, self.user.clone());
        peer.recovered = sid.is_some();
        peer.sid = sid.unwrap_or(peer.sid);
        let whose = Whose {
            sid: peer.sid.clone(),
            namespace: peer.namespace.clone(),
            user: peer.user.clone(),
            connection: self.link.engine.connection.clone(),
            log: self.log.clone(),
        };
        peer.session = Some(Session::new(self.recovery, pid, life, whose));
        peer
    }

    /// The client in the namespace, as who it was or anew.
    fn come(&self, pid: &str, revived: Option<Revived>, everyone: Channel) -> Peer {
        let peer = match revived {
            Some(revived) => self.back(pid, revived),
            None => self.fresh(),
        };
        self.link.subscribe(everyone);
        self.link.application.entering(&peer);
        peer
    }

    fn fresh(&self) -> Peer {
        let peer = self.peer(None, &uuid::Uuid::new_v4().simple().to_string(), 1);
        self.link.subscribe(Room::named(self.namespace, peer.sid()).channel());
        peer
    }

    /// The client in the rooms that it was in, as far as it may be in so many.
    fn back(&self, pid: &str, Revived { kept, life }: Revived) -> Peer {
        let peer = self.peer(Some(kept.sid.into()), pid, life);
        self.link.subscribe(Room::named(self.namespace, peer.sid()).channel());
        for room in &kept.rooms {
            peer.join(room);
        }
        peer
    }

    /// The client, which cannot go on as who it was.
    fn anew(&self, former: &Peer) -> Peer {
        for channel in self.link.rooms_of(self.namespace) {
            self.link.unsubscribe(&channel);
        }
        tracing::info!(sid = former.sid(), "Session not recovered");
        self.link.subscribe(Room::everyone(self.namespace).channel());
        self.fresh()
    }

    /// The histories that the client follows, each with where it stands.
    fn wanted(&self, peer: &Peer, standing: Option<&Standing>) -> Vec<Wanted> {
        let user = peer.user().map(Channel::user);
        // Messages for users are events of the main namespace.
        let user =
            user.filter(|user| self.namespace == "/" && self.link.engine.connection.is_subscribed(user));
        let channels = [Some(Room::everyone(self.namespace).channel()), user];
        let since = |channel: &Channel| standing?.get(Log::of(channel)?.class());
        let wanted = |channel: Channel| self.link.engine.hub.wanted(&channel, since(&channel));
        channels.into_iter().flatten().filter_map(wanted).collect()
    }

    /// Notes from now on what goes out in these histories.
    fn follow(&self, wanted: &[Wanted], resumed: &Resumed) {
        let mut start = Standing::default();
        for (wanted, position) in wanted.iter().zip(&resumed.standing) {
            if let Some(position) = position {
                start.set(wanted.log.class(), *position);
            }
        }
        let logs = wanted.iter().map(|wanted| wanted.log.clone()).collect();
        self.link.engine.connection.trace(logs, start);
    }
}

/// A connection that is held, and goes on whatever becomes of whoever held it.
struct Held<'a>(Option<(&'a Hub, &'a Connection)>);

impl<'a> Held<'a> {
    fn begin(hub: &'a Hub, connection: &'a Connection) -> Self {
        connection.hold();
        Self(Some((hub, connection)))
    }

    fn release(mut self, found: Found, greet: impl FnOnce(&Resumed) -> bytes::Bytes) {
        if let Some((hub, connection)) = self.0.take() {
            hub.release(connection, found, greet);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some((hub, connection)) = self.0.take() {
            hub.release(connection, Found::default(), |_| bytes::Bytes::new());
        }
    }
}
