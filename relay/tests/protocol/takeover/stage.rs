//! Two relays as processes on a Redis with replicas, clients of alice's at both, and traffic to her.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fault::{Fault, TAG};
use super::redis::{Redis, Site};
use super::report::Report;
use super::roamer::{Roamer, Seen};
use super::session::Session;
use super::traffic::Traffic;
use crate::resume::line::Kind;
use crate::support::{Process, http, until};

/// What the relays are started with; nobody is held up by limits.
const SETTINGS: [(&str, &str); 5] = [
    ("HISTORY", "users=10000/300,rooms=10000/300"),
    ("DUPLICATE_POLICY", "allow"),
    ("MAX_CONNECTIONS_PER_PLAYER", "1000"),
    ("CONNECTION_RATE_LIMIT", "0"),
    ("SOCKETIO_PING_INTERVAL", "86400000"),
];
/// Roaming clients of each way.
const ROAMERS: usize = 2;
/// Time with traffic before and after the fault.
const CALM: Duration = Duration::from_millis(1500);
/// Longest until everyone has what it will get.
const PATIENCE: Duration = Duration::from_secs(40);

/// The whole of it.
struct Stage {
    relays: Vec<Process>,
    traffic: Arc<Traffic>,
    /// One of each way at each relay, who stay.
    steady: Vec<Arc<Roamer>>,
    roaming: Vec<Arc<Roamer>>,
    session: Session,
    /// Publishers and clients, which end with it.
    tasks: JoinSet<()>,
}

/// Lets `fault` happen during traffic, and reports once everyone is back and has caught up.
pub(super) async fn run(fault: Fault) -> Report {
    let mut site = fault.site().await;
    let stage = Stage::start(&site).await;
    tokio::time::sleep(CALM).await;
    let primary = fault.strike(&mut site, &stage.traffic).await;
    let resumed = stage.flows_by(Some(&site.servers()[primary])).await;
    tokio::time::sleep(CALM).await;
    stage.end(&site.servers()[primary], resumed).await
}

impl Stage {
    async fn start(site: &Site) -> Self {
        let relays = vec![relay(site, "a").await, relay(site, "b").await];
        let ports: Vec<u16> = relays.iter().map(|relay| relay.port).collect();
        let both = [Kind::Socket, Kind::Stream];
        let stays = |port: &u16| both.map(|way| Roamer::new(way, vec![*port]));
        let steady: Vec<_> = ports.iter().flat_map(stays).collect();
        let roaming: Vec<_> =
            both.iter().flat_map(|way| (0..ROAMERS).map(|_| Roamer::new(*way, ports.clone()))).collect();
        let session = Session::start(&ports);
        until("the session", async || relays[0].told().await["connections"]["total"] == 1).await;
        let mut tasks = JoinSet::new();
        for roamer in steady.iter().chain(&roaming) {
            tasks.spawn(Arc::clone(roamer).live());
        }
        let traffic = Traffic::start(&relays, &mut tasks);
        let stage = Self { relays, traffic, steady, roaming, session, tasks };
        stage.flows_by(None).await;
        stage
    }

    /// Waits until each client that stays has a message that was published after now at the other
    /// relay, and that `primary` has. Answers how long that took.
    async fn flows_by(&self, primary: Option<&Redis>) -> Duration {
        let (start, next, publishers) = (Instant::now(), self.traffic.next(), self.traffic.publishers());
        let from = |number: u64| (number % publishers) as usize;
        let crossed = |home: usize, seen: &Seen, kept: Option<&BTreeSet<u64>>| {
            let new =
                seen.numbers.iter().filter(|&&number| from(number) != home && number >= next[from(number)]);
            new.into_iter().any(|number| kept.is_none_or(|kept| kept.contains(number)))
        };
        loop {
            let kept = primary.map(kept);
            let mut clients = self.steady.iter().enumerate();
            if clients.all(|(at, client)| crossed(at / 2, &client.seen(), kept.as_ref())) {
                return start.elapsed();
            }
            assert!(start.elapsed() < PATIENCE, "messages do not cross: {}", self.told().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the traffic, lets everyone catch up, and counts.
    async fn end(self, primary: &Redis, resumed: Duration) -> Report {
        self.traffic.end();
        self.roaming.iter().for_each(|roamer| roamer.settle());
        let start = Instant::now();
        for relay in &self.relays {
            while waits(relay).await && start.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let accepted = self.traffic.accepted();
        let kept = kept(primary);
        let due: BTreeSet<u64> = accepted.intersection(&kept).copied().collect();
        let publishers = self.traffic.publishers();
        let has_all = |client: &Arc<Roamer>| client.seen().lacks(&due, publishers).is_empty();
        while !self.everyone().all(has_all) && start.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // It may come while the session is away, and is then missed by one that is not recovered.
        until("the session is over", async || {
            publish(&self.relays[0], json!({"end": true})).await;
            self.session.is_over()
        })
        .await;
        let steady: Vec<Seen> = self.steady.iter().map(|client| client.seen()).collect();
        let mut others: Vec<Seen> = self.roaming.iter().map(|client| client.seen()).collect();
        let Self { traffic, session, tasks, relays, .. } = self;
        others.push(session.seen().await);
        drop((tasks, relays));
        Report::of(&traffic, &kept, &steady, &others, resumed)
    }

    /// What the relays say of Redis.
    async fn told(&self) -> String {
        let told = join_all(self.relays.iter().map(Process::told)).await;
        told.iter().map(|told| told["bus"].to_string()).collect::<Vec<_>>().join(", ")
    }

    fn everyone(&self) -> impl Iterator<Item = &Arc<Roamer>> {
        self.steady.iter().chain(&self.roaming)
    }
}

async fn publish(relay: &Process, data: serde_json::Value) {
    let body = json!({"user_id": "alice", "data": data});
    let answer = http().post(relay.url("/sse/push")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// The numbers of alice's messages that `primary` has.
fn kept(primary: &Redis) -> BTreeSet<u64> {
    let stream = primary.cli(&["XRANGE", &format!("relay:default:log:{TAG}:user:alice"), "-", "+"]);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    stream.split("\"n\":").skip(1).filter_map(|after| digits(after).parse().ok()).collect()
}

/// Whether a relay has messages that Redis has not.
async fn waits(relay: &Process) -> bool {
    let metrics = relay.asked("/metrics").await.text().await.unwrap();
    !metrics.contains("\nrelay_bus_outbox_messages 0\n")
}

/// A relay that is ready.
async fn relay(site: &Site, node: &str) -> Process {
    let own =
        [("REDIS_URL", &*site.url()), ("NODE_NAME", node)].map(|(name, value)| (name, value.to_owned()));
    let all = own.iter().map(|(name, value)| (*name, value.as_str())).chain(SETTINGS).collect::<Vec<_>>();
    let relay = Process::start(&all).await;
    until("a ready relay", async || relay.asked("/readyz").await.status() == 200).await;
    relay
}
