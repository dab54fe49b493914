//! The clients of this node by their connections, for those who ask about the members of a room.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Args, Peer, Room};
use crate::hub::Hub;
use crate::sync::lock;

/// Events that wait for acknowledgements at a time.
const MAX_WAITING: usize = 256;
/// Bytes of the acknowledgements of one event; what is more is left out.
const MAX_BYTES: usize = 1024 * 1024;

/// The clients of this node.
#[derive(Debug, Default)]
pub struct Sockets {
    /// By the number of the connection; bounded by the connections.
    peers: Mutex<HashMap<u64, Vec<Peer>>>,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, Waiting>>,
}

/// An event that waits for acknowledgements.
#[derive(Debug)]
struct Waiting {
    /// Ids of the clients that have not answered.
    left: HashSet<Arc<str>>,
    answers: mpsc::Sender<Vec<Box<RawValue>>>,
}

/// What clients answered to an event.
#[derive(Debug, Default)]
pub struct Acks {
    /// The arguments of each acknowledgement.
    pub answers: Vec<Vec<Box<RawValue>>>,
    /// How many clients were asked.
    pub expected: usize,
}

impl Sockets {
    /// Notes that a client is in a namespace.
    pub(super) fn enter(&self, peer: &Peer) {
        let mut peers = lock(&self.peers);
        let list = peers.entry(peer.connection().id()).or_default();
        // Few connections are in more than one namespace: no room for those that are not.
        list.reserve_exact(1);
        list.push(peer.clone());
    }

    /// Notes that it is there no more.
    pub(super) fn leave(&self, peer: &Peer) {
        let mut peers = lock(&self.peers);
        let id = peer.connection().id();
        if let Some(list) = peers.get_mut(&id) {
            list.retain(|known| known.sid() != peer.sid());
            if list.is_empty() {
                peers.remove(&id);
            }
        }
    }

    /// The clients of this node that are in a room.
    pub fn members(&self, hub: &Hub, room: &Room) -> Vec<Peer> {
        let connections = hub.members(&room.channel());
        let peers = lock(&self.peers);
        let known = connections.iter().filter_map(|connection| peers.get(&connection.id())).flatten();
        known.filter(|peer| peer.namespace() == room.namespace()).cloned().collect()
    }

    /// Sends an event to `members`, and waits until each has acknowledged it or `deadline` is over.
    pub async fn ask(&self, members: &[Peer], event: &str, args: &Args, deadline: Duration) -> Acks {
        let mut acks = Acks { expected: members.len(), ..Acks::default() };
        let Some((wanted, mut answers)) = self.wait(members) else { return acks };
        for member in members {
            member.emit_with_id(event, args, wanted.0);
        }
        let (until, mut bytes) = (Instant::now() + deadline, 0);
        while acks.answers.len() < members.len() {
            let Ok(Some(answer)) = tokio::time::timeout_at(until, answers.recv()).await else { break };
            bytes += answer.iter().map(|value| value.get().len()).sum::<usize>();
            if bytes > MAX_BYTES {
                break;
            }
            acks.answers.push(answer);
        }
        acks
    }

    fn wait(&self, members: &[Peer]) -> Option<(Wanted<'_>, mpsc::Receiver<Vec<Box<RawValue>>>)> {
        let mut waiting = lock(&self.waiting);
        if members.is_empty() || waiting.len() >= MAX_WAITING {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(members.len());
        let left = members.iter().map(|peer| peer.sid.clone()).collect();
        waiting.insert(id, Waiting { left, answers: sender });
        Some((Wanted(id, self), receiver))
    }

    /// Takes an acknowledgement of a client. Tells whether anybody waited for it.
    pub(super) fn acknowledge(&self, peer: &Peer, id: u64, args: Args) -> bool {
        let mut waiting = lock(&self.waiting);
        let Some(wait) = waiting.get_mut(&id).filter(|wait| wait.left.contains(peer.sid())) else {
            return false;
        };
        wait.left.remove(peer.sid());
        wait.answers.try_send(args.into_values()).is_ok()
    }
}

/// The acknowledgements of one event are wanted until this is dropped.
struct Wanted<'a>(u64, &'a Sockets);

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        lock(&self.1.waiting).remove(&self.0);
    }
}
