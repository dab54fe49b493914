//! `DUPLICATE_POLICY=replace`: the newest socket of a user stays, in the whole cluster (conflict X-03).
//!
//! A node that takes a socket takes the user from [whoever has them](crate::bus::Bus::take_newest), and
//! tells the other nodes with what order, so that older sockets end at once. News that get lost are made
//! up for within seconds: the bus tells who lost what. No clocks are compared.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::hub::{CloseCode, Connection, Farewell, Hub};
use crate::sync::lock;

/// Kind of the message by which nodes tell each other of a newer socket.
const REPLACED: &str = "user_replaced";
/// What the names of users begin with.
const PREFIX: &str = "newest:";

const NEWER: Farewell = Farewell::new(CloseCode::Policy, "Replaced by a newer connection");

/// Users whose newest socket is here. Bounded by these sockets.
#[derive(Debug, Default)]
pub struct Newest {
    numbers: AtomicU64,
    users: Mutex<HashMap<Box<str>, Place>>,
}

/// What is known of a user's newest socket.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: u64,
    /// Where it stands among all of the user's; not known if the bus was away.
    order: Option<i64>,
    /// A newer one is elsewhere.
    lost: bool,
}

/// A user's newest socket on this node; dropping it forgets it.
pub(super) struct Held {
    app: Arc<App>,
    user: Box<str>,
    id: u64,
}

/// What nodes tell each other.
#[derive(Deserialize, Serialize)]
struct News {
    user_id: String,
    order: i64,
}

/// Takes a user from whoever has them.
pub(super) async fn take(app: &Arc<App>, user: &str) -> Held {
    let id = app.newest.numbers.fetch_add(1, Ordering::Relaxed);
    let taken = app.bus.take_newest(&name(user), id).await;
    let order =
        taken.inspect_err(|error| tracing::warn!(user_id = user, %error, "Newest by local knowledge"));
    app.newest.note(user, Place { id, order: order.clone().ok(), lost: false });
    if let Ok(order) = order {
        tell(app, user, order);
    }
    Held { app: app.clone(), user: user.into(), id }
}

fn tell(app: &App, user: &str, order: i64) {
    let news = serde_json::json!(News { user_id: user.to_owned(), order });
    let message = Arc::new(Message::new(Channel::session(user), REPLACED, news.to_string()));
    let bus = app.bus.clone();
    app.tasks.spawn(async move {
        if let Err(error) = bus.publish(message).await {
            tracing::warn!(%error, "Other nodes do not know of a user's newer socket yet");
        }
    });
}

impl Held {
    /// Ends the user's other sockets here, now that this one is open; or this one, if a newer one came
    /// meanwhile.
    pub(super) fn settle(&self, connection: &Connection) {
        supersede(&self.app.hub, &self.user, connection);
        if self.app.newest.place(&self.user).is_some_and(|place| place.lost) {
            connection.finish(&NEWER);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.app.newest.forget(&self.user, self.id);
        let (bus, name, id) = (self.app.bus.clone(), name(&self.user), self.id);
        self.app.tasks.spawn(async move { bus.leave_newest(&name, id).await });
    }
}

impl Newest {
    /// Notes a place, unless a later one is known.
    fn note(&self, user: &str, place: Place) {
        let mut users = lock(&self.users);
        if users.get(user).is_none_or(|known| known.id < place.id) {
            users.insert(user.into(), place);
        }
    }

    fn forget(&self, user: &str, id: u64) {
        let mut users = lock(&self.users);
        if users.get(user).is_some_and(|place| place.id == id) {
            users.remove(user);
        }
    }

    fn place(&self, user: &str) -> Option<Place> {
        lock(&self.users).get(user).copied()
    }

    /// Notes that a newer socket is elsewhere, if it is later than `order`. Tells whether it is.
    fn lose(&self, user: &str, order: Option<i64>) -> bool {
        let mut users = lock(&self.users);
        let Some(place) = users.get_mut(user) else { return true };
        let newer = order.is_none_or(|order| place.order.is_some_and(|own| own < order));
        place.lost |= newer;
        newer
    }
}

fn name(user: &str) -> String {
    format!("{PREFIX}{user}")
}

/// Ends the user's sockets here that came before this one.
fn supersede(hub: &Hub, user: &str, connection: &Connection) {
    end(hub, user, |other| other.came_earlier_than(connection));
}

fn end(hub: &Hub, user: &str, which: impl Fn(&Connection) -> bool) {
    for connection in hub.members(&Channel::user(user)) {
        if connection.profile == NAME && which(&connection) && connection.finish(&NEWER) {
            tracing::info!(user_id = user, "User connected again: the newer socket stays");
        }
    }
}

/// Takes news of newer sockets from other nodes. Tells whether the message was that.
pub(in crate::profiles) fn hear(hub: &Hub, newest: &Newest, message: &Message) -> bool {
    if message.kind != REPLACED {
        return false;
    }
    if let Ok(news) = serde_json::from_slice::<News>(&message.payload)
        && newest.lose(&news.user_id, Some(news.order))
    {
        end(hub, &news.user_id, |_| true);
    }
    true
}

/// Learns from the bus that another node has `name`. Tells whether it is that of a user's newest socket.
pub(super) fn lose(hub: &Hub, newest: &Newest, name: &str) -> bool {
    let Some(user) = name.strip_prefix(PREFIX) else { return false };
    newest.lose(user, None);
    end(hub, user, |_| true);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing;
    use crate::profiles::opening;
    use crate::profiles::push::shape::Bare;
    use crate::transport::ws::WsWire;

    /// Whether a socket that is the fifth survives news of one with this order.
    fn survives(order: i64) -> bool {
        let (hub, newest) = (testing::hub(), Newest::default());
        newest.note("alice", Place { id: 0, order: Some(5), lost: false });
        let membership = hub.open(opening::of_user(NAME, "alice".to_owned(), &WsWire::<Bare>::WIRE));
        let news = serde_json::json!({"user_id": "alice", "order": order}).to_string();
        assert!(hear(&hub, &newest, &Message::new(Channel::session("alice"), REPLACED, news)));
        membership.connection().is_open()
    }

    #[test]
    fn x03_late_news_of_an_older_socket_do_not_end_a_newer_one() {
        assert_eq!([4, 6].map(survives), [true, false]);
    }

    #[test]
    fn x03_of_two_sockets_here_the_one_that_came_into_its_channels_last_stays() {
        let hub = testing::hub();
        let open = || hub.open(opening::of_user(NAME, "alice".to_owned(), &WsWire::<Bare>::WIRE));
        let (late, early) = (open(), open());
        hub.arrive(late.connection(), || {});
        for socket in [&early, &late] {
            supersede(&hub, "alice", socket.connection());
        }
        assert_eq!([&late, &early].map(|socket| socket.connection().is_open()), [true, false]);
    }

    #[test]
    fn x03_of_two_sockets_of_one_node_the_later_one_is_known() {
        let newest = Newest::default();
        for id in [2, 1] {
            newest.note("alice", Place { id, order: None, lost: false });
        }
        assert_eq!(newest.place("alice").map(|place| place.id), Some(2));
    }
}
