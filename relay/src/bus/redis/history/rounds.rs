//! Answers those who come back to a history, all who wait at the same time by one read.
//!
//! Whoever asks while a read is under way waits for the next one: what is read must be newer than
//! the question, or what was published between would be in neither the answer nor the live messages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::Histories;
use super::meta::{Meta, Start};
use super::reading::{self, Reading};
use super::source::Source;
use crate::bus::redis::partition::Partition;
use crate::bus::{Epoch, Log, Message, Position, Recovered};
use crate::sync::lock;

/// Longest that an answer may take.
const DEADLINE: Duration = Duration::from_secs(8);
/// Time between two tries while Redis is away for a moment.
const RETRY: Duration = Duration::from_millis(100);
/// How long relays have after a failover to say that they saw more than is left.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who waits for an answer, by history; bounded by the connections that are being opened.
#[derive(Default)]
pub(super) struct Rounds(Mutex<HashMap<Log, Vec<Asker>>>);

struct Asker {
    since: Option<Position>,
    answer: oneshot::Sender<Result<Recovered, String>>,
}

impl Rounds {
    /// Adds one who waits. Tells whether nobody did, so that a round is to begin.
    fn join(&self, log: &Log, asker: Asker) -> bool {
        let mut waiting = lock(&self.0);
        let is_first = !waiting.contains_key(log);
        waiting.entry(log.clone()).or_default().push(asker);
        is_first
    }

    /// All who wait, for the next round; nobody ends the rounds.
    fn next(&self, log: &Log) -> Vec<Asker> {
        let mut waiting = lock(&self.0);
        let askers = waiting.get_mut(log).map(std::mem::take).unwrap_or_default();
        if askers.is_empty() {
            waiting.remove(log);
        }
        askers
    }
}

impl Histories {
    /// What was kept of `log` after `since`. An error is one line for people.
    pub(in crate::bus::redis) async fn recover(
        self: &Arc<Self>,
        log: &Log,
        since: Option<Position>,
    ) -> Result<Recovered, String> {
        let (answer, answered) = oneshot::channel();
        if self.rounds.join(log, Asker { since, answer }) {
            tokio::spawn(Arc::clone(self).rounds(log.clone()));
        }
        match timeout(DEADLINE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("nobody answers".to_owned()),
            Err(_) => Err(format!("no answer within {} s", DEADLINE.as_secs())),
        }
    }

    async fn rounds(self: Arc<Self>, log: Log) {
        loop {
            let askers = self.rounds.next(&log);
            if askers.is_empty() {
                return;
            }
            let mut groups: HashMap<Option<Epoch>, Vec<Asker>> = HashMap::new();
            for asker in askers {
                groups.entry(asker.since.map(|since| since.epoch)).or_default().push(asker);
            }
            join_all(groups.into_values().map(|askers| self.answer(&log, askers))).await;
        }
    }

    /// Answers those whose positions are of one epoch.
    async fn answer(&self, log: &Log, mut askers: Vec<Asker>) {
        askers.retain(|asker| !asker.answer.is_closed());
        let since = askers.iter().filter_map(|asker| asker.since).min_by_key(|since| since.seq);
        let answer = loop {
            let answer = match since {
                Some(since) => self.read_settled(log, since).await.map(Answer::Read),
                None => self.look(log).await.map(Answer::Looked),
            };
            if answer.is_ok()
                || self.is_gone(Partition::of(log.as_str()))
                || askers.iter().all(|asker| asker.answer.is_closed())
            {
                break answer;
            }
            sleep(RETRY).await;
        };
        if let Ok(answer) = &answer {
            self.seen.lock().tracker.begin(log, answer.top());
        }
        for asker in askers {
            let answer = answer.as_ref().map(|answer| answer.to(asker.since)).map_err(Clone::clone);
            // Whoever gave up meanwhile needs none.
            let _ = asker.answer.send(answer);
        }
    }

    /// Reads, once it is known whether the position is good after a failover.
    async fn read_settled(&self, log: &Log, since: Position) -> Result<Reading, String> {
        let reading = self.read(log, since).await?;
        match reading.meta.wait(since, PATIENCE) {
            None => Ok(reading),
            Some(wait) => {
                sleep(wait).await;
                self.read(log, since).await
            }
        }
    }

    async fn look(&self, log: &Log) -> Result<Meta, String> {
        let (keys, ground) = self.way(log)?;
        let _turn = self.reads.acquire().await.map_err(|error| error.to_string())?;
        let answer = reading::look(&Source::here(&ground), &keys).await;
        match self.elsewhere(answer, &ground).await? {
            Ok(meta) => Ok(meta),
            Err(there) => reading::look(&there, &keys).await.map_err(|error| error.to_string()),
        }
    }
}

/// What a round found.
pub(super) enum Answer {
    Read(Reading),
    Looked(Meta),
}

impl Answer {
    fn top(&self) -> Position {
        match self {
            Self::Read(reading) => Position { seq: reading.top, ..reading.meta.top },
            Self::Looked(meta) => meta.top,
        }
    }

    /// What it says to one who has seen everything up to `since`.
    pub(super) fn to(&self, since: Option<Position>) -> Recovered {
        let nothing = Recovered { complete: false, top: Some(self.top()), messages: Vec::new() };
        let (Self::Read(reading), Some(since)) = (self, since) else { return nothing };
        let (after, is_linked) = match reading.meta.start(since) {
            Start::Linked(after) => (after, true),
            Start::Broken(after) => (after, false),
            Start::Foreign => return nothing,
        };
        let is_whole = reading.is_whole_after(after);
        let epoch = reading.meta.top.epoch;
        let messages = reading.entries.iter().filter(|(seq, _)| *seq > after).map(|(seq, envelope)| {
            let position = Some(Position { epoch, seq: *seq });
            Message { position, ..envelope.message.clone() }
        });
        Recovered { complete: is_linked && is_whole, messages: messages.collect(), ..nothing }
    }
}
