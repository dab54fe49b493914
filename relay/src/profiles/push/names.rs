//! Names that are taken on this node, are on their way back, or were lost to another node.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::watch;

use super::{Newest, claims, duplicates, newest, send};
use crate::hub::Hub;
use crate::sync::lock;

/// The names of this node; bounded by its sockets and requests.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashMap<Box<str>, State>>);

#[derive(Debug)]
enum State {
    Held,
    /// Another node holds it in truth, and whoever holds it here is to end.
    Lost,
    /// The lease is on its way back; the channel closes when it is there.
    Releasing(watch::Receiver<()>),
}

/// What becomes of a wish for a name.
pub(super) enum Entered {
    /// It is held from now on.
    Granted,
    /// It is held already.
    Held,
    /// It can be asked for again when this channel closes.
    Releasing(watch::Receiver<()>),
}

impl Names {
    /// Holds `name`, unless it is held.
    pub(super) fn enter(&self, name: &str) -> Entered {
        let mut names = lock(&self.0);
        match names.get(name) {
            Some(State::Held | State::Lost) => Entered::Held,
            Some(State::Releasing(releasing)) => Entered::Releasing(releasing.clone()),
            None => {
                names.insert(name.into(), State::Held);
                Entered::Granted
            }
        }
    }

    /// `name` is on its way back until [`left`](Self::left), after which `releasing` closes.
    pub(super) fn leave(&self, name: &str, releasing: watch::Receiver<()>) {
        lock(&self.0).insert(name.into(), State::Releasing(releasing));
    }

    /// `name` is free.
    pub(super) fn left(&self, name: &str) {
        lock(&self.0).remove(name);
    }

    /// Another node holds `name`. Who holds it here, or is about to, finds out by
    /// [`is_lost`](Self::is_lost).
    fn lose(&self, name: &str) {
        if let Some(state @ State::Held) = lock(&self.0).get_mut(name) {
            *state = State::Lost;
        }
    }

    /// Whether another node holds `name`.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        matches!(lock(&self.0).get(name), Some(State::Lost))
    }
}

/// Another node holds `name`: ends what this node has under it. Connections that are not in the hub
/// yet are ended by who opens them.
pub(in crate::profiles) fn lose(hub: &Hub, names: &Names, users: &Newest, name: &str) {
    if newest::lose(hub, users, name) {
        return;
    }
    names.lose(name);
    match claims::user_of(name) {
        Some(user) => duplicates::end_refused(hub, user),
        None => send::end_refused(hub, name),
    }
}
