//! Calls to all other nodes at once, through the bus: each one answers, or is named as silent.
//!
//! A call is a message on a channel that nobody else has; the answer is one on a channel of the node
//! that called. What a call means is for whoever [answers](Answering) it to know.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::bus::{BusError, Channel, Message};
use crate::hub::Hub;
use crate::sync::lock;

/// Kind of the message that is a call.
const CALL: &str = "call";
/// Kind of the message that answers one.
const ANSWER: &str = "answer";
/// Calls of other nodes that are worked on at a time; one beyond them stays unanswered.
const MAX_ANSWERING: usize = 64;
/// Calls of this node that wait at a time.
const MAX_WAITING: usize = 256;
/// Nodes whose answers are taken.
const MAX_ANSWERS: usize = 1024;

/// What a node does when another one calls.
#[async_trait]
pub trait Answering: Send + Sync + 'static {
    /// Answers a call, which is JSON, with JSON. `None`: it is of a kind that this release knows not.
    async fn answer(&self, call: &RawValue) -> Option<Box<RawValue>>;
}

/// The calls of this node, and its answers to those of others.
pub struct Calls {
    node: String,
    hub: Arc<Hub>,
    tasks: TaskTracker,
    answering: OnceLock<Arc<dyn Answering>>,
    places: Arc<Semaphore>,
    waiting: Mutex<HashMap<String, mpsc::Sender<Answered>>>,
}

/// What came of a call.
#[derive(Debug, Default)]
pub struct Answers {
    /// What each node answered.
    pub answers: Vec<Answered>,
    /// Names of the nodes that did not.
    pub silent: Vec<String>,
}

/// The answer of a node.
#[derive(Debug)]
pub struct Answered {
    /// Its name.
    pub node: String,
    /// What it says.
    pub body: Box<RawValue>,
}

/// Why a call was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The others cannot be reached.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Too many calls wait already.
    #[error("too many calls to other nodes are under way")]
    Busy,
}

/// A call, or the answer to one, between nodes.
#[derive(Serialize, Deserialize)]
struct Envelope {
    id: String,
    node: String,
    body: Box<RawValue>,
}

impl Calls {
    /// The calls of `node`, whose bus is that of `hub`. Answers are tasks of `tasks`.
    pub fn new(node: String, hub: Arc<Hub>, tasks: TaskTracker) -> Arc<Self> {
        let (answering, waiting) = (OnceLock::new(), Mutex::default());
        let places = Arc::new(Semaphore::new(MAX_ANSWERING));
        Arc::new(Self { node, hub, tasks, answering, places, waiting })
    }

    /// Answers by `answering` from now on; only the first call counts.
    pub fn answer_by(&self, answering: Arc<dyn Answering>) {
        // A second one would be a defect of the caller that harms nothing.
        let _ = self.answering.set(answering);
    }

    /// Calls all other nodes, and waits until each has answered or `deadline` is over.
    ///
    /// # Errors
    /// [`CallError`] if they cannot be called.
    pub async fn ask(&self, call: Box<RawValue>, deadline: Duration) -> Result<Answers, CallError> {
        let Some(bus) = self.hub.bus() else { return Ok(Answers::default()) };
        let others = bus.nodes().await?.into_iter().map(|node| node.name).filter(|name| *name != self.node);
        let mut silent: HashSet<String> = others.collect();
        let mut answers = Vec::with_capacity(silent.len());
        if silent.is_empty() {
            return Ok(Answers::default());
        }
        let (id, mut answered) = self.wait()?;
        bus.publish(self.message(CALL, Channel::calls(), id.0.clone(), call)).await?;
        let gather = async {
            while !silent.is_empty() && answers.len() < MAX_ANSWERS {
                let Some(answer) = answered.recv().await else { return };
                // A node that is so new that the bus did not tell of it answers, too.
                silent.remove(&answer.node);
                answers.push(answer);
            }
        };
        // What came by then is what there is.
        let _ = tokio::time::timeout(deadline, gather).await;
        drop(id);
        let mut silent: Vec<String> = silent.into_iter().collect();
        silent.sort_unstable();
        Ok(Answers { answers, silent })
    }

    fn wait(&self) -> Result<(Waiting<'_>, mpsc::Receiver<Answered>), CallError> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= MAX_WAITING {
            return Err(CallError::Busy);
        }
        let id = Uuid::new_v4().to_string();
        let (sender, receiver) = mpsc::channel(MAX_ANSWERS);
        waiting.insert(id.clone(), sender);
        Ok((Waiting(id, self), receiver))
    }

    fn message(&self, kind: &str, channel: Channel, id: String, body: Box<RawValue>) -> Arc<Message> {
        let envelope = Envelope { id, node: self.node.clone(), body };
        Arc::new(Message::new(channel, kind, serde_json::to_vec(&envelope).unwrap_or_default()))
    }

    /// Takes a message of another node, if it is a call or an answer. Does not block.
    pub fn hear(self: &Arc<Self>, message: &Message) -> bool {
        if !message.channel.is_of_calls() {
            return false;
        }
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&message.payload) else { return true };
        match &*message.kind {
            CALL => self.reply(envelope),
            ANSWER => self.take(envelope),
            // Of a later release.
            _ => {}
        }
        true
    }

    fn take(&self, Envelope { id, node, body }: Envelope) {
        if let Some(waits) = lock(&self.waiting).get(&id) {
            // Who has as many answers as it takes needs no more.
            let _ = waits.try_send(Answered { node, body });
        }
    }

    fn reply(self: &Arc<Self>, Envelope { id, node, body }: Envelope) {
        let (Some(answering), Some(bus)) = (self.answering.get().cloned(), self.hub.bus()) else { return };
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!(node, "Call of another node not answered: too many at a time");
            return;
        };
        let own = self.clone();
        self.tasks.spawn(async move {
            let _place = place;
            let Some(answer) = answering.answer(&body).await else { return };
            let answer = own.message(ANSWER, Channel::answers(&node), id, answer);
            if let Err(error) = bus.publish(answer).await {
                tracing::warn!(node, %error, "Call of another node not answered");
            }
        });
    }
}

/// A call that waits for answers, until it is dropped.
struct Waiting<'a>(String, &'a Calls);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.1.waiting).remove(&self.0);
    }
}
