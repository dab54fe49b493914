//! Clients of alice by WebSocket and event stream, who stay or roam from relay to relay.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::resume::line::{Kind, Line, News};

/// How long a roaming client stays at a relay.
const STAY: std::ops::Range<Duration> = Duration::from_millis(200)..Duration::from_millis(900);
/// How long it is away.
const AWAY: std::ops::Range<Duration> = Duration::ZERO..Duration::from_millis(300);

/// What a client saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Numbers of messages as they came.
    pub(super) numbers: Vec<u64>,
    /// What it was told each time that it came back with a position.
    pub(super) told: Vec<bool>,
    /// Connections that it did not end itself.
    pub(super) ended: u64,
}

impl Seen {
    /// The numbers, each where it came first.
    pub(super) fn distinct(&self) -> Vec<u64> {
        let mut known = HashSet::new();
        self.numbers.iter().copied().filter(|number| known.insert(*number)).collect()
    }

    /// Those of `numbers` that never came, from the first one of each publisher on that did.
    pub(super) fn lacks(&self, numbers: &BTreeSet<u64>, publishers: u64) -> Vec<u64> {
        let got: HashSet<u64> = self.numbers.iter().copied().collect();
        let first = |number: &u64| {
            let of_publisher = |known: &&u64| *known % publishers == number % publishers;
            self.numbers.iter().find(of_publisher).copied().unwrap_or_default()
        };
        numbers.iter().copied().filter(|number| *number >= first(number) && !got.contains(number)).collect()
    }
}

/// One client.
pub(super) struct Roamer {
    way: Kind,
    /// Ports of the relays that it goes to in turn.
    ports: Vec<u16>,
    roams: AtomicBool,
    seen: Mutex<Seen>,
}

impl Roamer {
    /// One that has its first connection to the first of `ports`. With one port only it stays.
    pub(super) fn new(way: Kind, ports: Vec<u16>) -> Arc<Self> {
        let roams = AtomicBool::new(ports.len() > 1);
        Arc::new(Self { way, ports, roams, seen: Mutex::default() })
    }

    /// Comes and goes until it is aborted.
    pub(super) async fn live(self: Arc<Self>) {
        let mut position = String::new();
        for port in self.ports.iter().cycle() {
            if let Ok(mut line) = Line::connect(self.way, "alice", *port, &position).await {
                let leave = Instant::now() + rand::random_range(STAY);
                while let Some(news) = self.next(&mut line, leave).await {
                    self.note(&news, !position.is_empty());
                    position = news.position.unwrap_or(position);
                }
            }
            sleep(rand::random_range(AWAY)).await;
        }
    }

    /// What comes next, until it is time to go or the connection ended.
    async fn next(&self, line: &mut Line, mut leave: Instant) -> Option<News> {
        loop {
            match timeout_at(leave, line.next()).await {
                Ok(None) => {
                    self.seen.lock().unwrap().ended += 1;
                    return None;
                }
                Ok(news) => return news,
                Err(_) if self.roams.load(Ordering::SeqCst) => return None,
                Err(_) => leave = Instant::now() + STAY.start,
            }
        }
    }

    fn note(&self, news: &News, came_back: bool) {
        let mut seen = self.seen.lock().unwrap();
        seen.numbers.extend(news.number);
        seen.told.extend(news.recovered.filter(|_| came_back));
    }

    /// It stays where it is from now on.
    pub(super) fn settle(&self) {
        self.roams.store(false, Ordering::SeqCst);
    }

    /// What it saw so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}
