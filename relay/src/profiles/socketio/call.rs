//! What nodes ask each other about the members of a room, and how each answers for its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::hub::Hub;
use crate::peers::Answering;
use crate::transport::socketio::{Args, Peer, Room, Sockets};

/// Sockets that one node tells of.
const MAX_SOCKETS: usize = 10_000;

/// A question or an order about the members of a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) room: Room,
    pub(super) what: What,
}

/// What is asked, or to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// Who they are.
    Tell,
    /// They join rooms.
    Join(Vec<String>),
    /// They leave rooms.
    Leave(Vec<String>),
    /// They are put out of the namespace, or lose their whole connection.
    Disconnect { close: bool },
    /// They get an event and acknowledge it.
    Ask { event: String, args: Vec<Box<RawValue>>, timeout_ms: u64 },
}

/// What one node answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    /// Members that it was about.
    pub(super) members: usize,
    /// Who they are, if that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sockets: Vec<Socket>,
    /// What they acknowledged, if they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) acks: Vec<Vec<Box<RawValue>>>,
}

/// One member.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Socket {
    id: String,
    rooms: Vec<String>,
    user: Option<String>,
    node: String,
}

/// Answers for the clients of this node.
pub struct Here {
    node: String,
    hub: Arc<Hub>,
    sockets: Arc<Sockets>,
}

#[async_trait]
impl Answering for Here {
    async fn answer(&self, call: &RawValue) -> Option<Box<RawValue>> {
        // A call of a later release: the caller names this node as silent.
        let call = serde_json::from_str(call.get()).ok()?;
        to_raw_value(&self.carry_out(call).await).ok()
    }
}

impl Here {
    /// The clients of `node`, whose connections are those of `hub`.
    pub fn new(node: String, hub: Arc<Hub>) -> Self {
        Self { node, hub, sockets: Arc::default() }
    }

    /// Where clients are to be noted.
    pub fn known(&self) -> Arc<Sockets> {
        self.sockets.clone()
    }

    /// Does what `call` asks for, with the members of this node.
    pub(super) async fn carry_out(&self, Call { room, what }: Call) -> Told {
        let members = self.sockets.members(&self.hub, &room);
        let mut told = Told { members: members.len(), ..Told::default() };
        match what {
            What::Tell => told.sockets = members.iter().take(MAX_SOCKETS).map(|p| self.tell(p)).collect(),
            What::Join(rooms) => {
                told.members = each(&members, |peer| rooms.iter().all(|room| peer.join(room)))
            }
            What::Leave(rooms) => members.iter().for_each(|p| rooms.iter().for_each(|room| p.leave(room))),
            What::Disconnect { close } => {
                for member in &members {
                    member.disconnect(close).await;
                }
            }
            What::Ask { event, args, timeout_ms } => {
                let (args, deadline) = (Args::of(args, Vec::new()), Duration::from_millis(timeout_ms));
                told.acks = self.sockets.ask(&members, &event, &args, deadline).await.answers;
            }
        }
        told
    }

    fn tell(&self, peer: &Peer) -> Socket {
        Socket {
            id: peer.sid().to_owned(),
            rooms: peer.rooms(),
            user: peer.user().map(str::to_owned),
            node: self.node.clone(),
        }
    }
}

/// How many members it could be done for.
fn each(members: &[Peer], done: impl Fn(&Peer) -> bool) -> usize {
    members.iter().filter(|peer| done(peer)).count()
}
