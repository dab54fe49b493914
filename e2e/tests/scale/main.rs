//! The operator with many RelayClusters on simulated nodes; `make scale` runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects by failing, and a measurement what it found"
)]

mod figures;
mod fleet;
mod operator;
mod relays;

use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::audit::AuditLog;
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::simulated::Simulated;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, ObjectMeta, Patch, PatchParams};
use serde_json::json;
use tokio::time::sleep;

use crate::figures::{Figures, percentile, spread};
use crate::fleet::Fleet;
use crate::operator::{Asked, Operator, USER, install, visits};
use crate::relays::Relays;

/// Clusters of the first measurement.
const FEW: usize = 10;
/// Edits that are timed, of each kind, and how long that may go on.
const EDITS: (usize, Duration) = (100, Duration::from_secs(75));
/// Objects of others, of each kind, and bytes in each.
const FOREIGN: (usize, usize) = (600, 100_000);
/// How long nothing may be written by an operator that has nothing to do.
const IDLE: Duration = Duration::from_secs(60);
/// After this long without a write nothing is under way any more.
const QUIET: Duration = Duration::from_secs(12);
/// The same where connections moved: a status takes the last figures half a minute after those before.
const FIGURES_TOLD: Duration = Duration::from_secs(40);
/// Pods of a cluster: two relays and its Redis; a third of the clusters may have one more.
const PODS: usize = 4;

struct Scale {
    world: Simulated,
    fleet: Fleet,
    relays: Relays,
    audit: AuditLog,
    figures: Figures,
    count: usize,
}

impl Scale {
    async fn start(count: usize) -> Result<Self> {
        let world = Simulated::start(count * PODS, USER).await?;
        install(world.server())?;
        let relays = Relays::start().await?;
        let fleet = Fleet::watch(world.server().client().await?);
        let audit = AuditLog::from_the_start(&world.server().audit_log());
        Ok(Self { world, fleet, relays, audit, figures: Figures::default(), count })
    }

    /// The last words of all programs, for a run that came to no end.
    fn keep_logs(&self) {
        let files = std::fs::read_dir(self.world.server().directory()).into_iter().flatten().flatten();
        for path in
            files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "log"))
        {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if path.ends_with("audit.log") {
                continue;
            }
            let lines: Vec<_> = text.lines().rev().take(5).collect();
            println!("==> {}\n{}", path.display(), lines.join("\n"));
        }
    }

    /// Waits until nothing was written for so long; all that was asked until then.
    async fn settle(&mut self, quiet: Duration) -> Result<Asked> {
        let mut all = Asked::default();
        let mut last = Instant::now();
        while last.elapsed() < quiet {
            sleep(Duration::from_secs(3)).await;
            let more = Asked::since(&mut self.audit)?;
            if more.total() > 0 {
                last = Instant::now();
            }
            all.reads += more.reads;
            for (what, times) in more.writes {
                *all.writes.entry(what).or_default() += times;
            }
        }
        Ok(all)
    }

    fn tell_memory(&mut self, when: &str, operator: &Operator, most: f64) -> Result<f64> {
        let memory = operator.memory()?;
        let resident = memory.resident as f64 / 1024.0;
        self.figures.at_most(&format!("memory {when}"), resident, most, "MiB");
        let (own, peak) = (memory.own as f64 / 1024.0, memory.peak as f64 / 1024.0);
        self.figures.tell(
            &format!("memory {when}: without the program's pages; peak"),
            format!("{own:.1} MiB; {peak:.1} MiB"),
        );
        Ok(resident)
    }

    /// All clusters from nothing.
    async fn grow(&mut self, operator: &Operator) -> Result<()> {
        let few = self.fleet.create(0..FEW, 120).await?;
        self.settle(QUIET).await?;
        self.figures.tell(&format!("apply to Ready, {FEW} at once"), spread(&few));
        let small = self.tell_memory(&format!("at {FEW}"), operator, 64.0)?;
        let (before, began) = (operator.processor_seconds()?, Instant::now());
        let times = self.fleet.create(FEW..self.count, 600).await?;
        let took = began.elapsed();
        let asked = self.settle(QUIET).await?;
        let (count, new) = (self.count, (self.count - FEW) as f64);
        self.figures.tell(&format!("apply to Ready, {} more at once", count - FEW), spread(&times));
        self.figures.tell("until the last was Ready", format!("{:.1} s", took.as_secs_f64()));
        let processor = (operator.processor_seconds()? - before) * 1e3 / new;
        self.figures.tell("processor time of a new cluster", format!("{processor:.1} ms"));
        let [writes, reads] = [asked.total(), asked.reads].map(|number| number as f64 / new);
        self.figures.tell("requests of a new cluster", format!("{writes:.1} writes, {reads:.1} reads"));
        println!("{:?}", asked.writes);
        let full = self.tell_memory(&format!("at {count}"), operator, 160.0)?;
        self.figures.tell("memory of a cluster", format!("{:.1} KiB", (full - small) * 1024.0 / new));
        Ok(())
    }

    /// Nothing happens.
    async fn rest(&mut self, operator: &Operator) -> Result<()> {
        let (before, visited) = (operator.processor_seconds()?, visits().await?);
        Asked::since(&mut self.audit)?;
        sleep(IDLE).await;
        let asked = Asked::since(&mut self.audit)?;
        let seconds = IDLE.as_secs();
        self.figures.at_most(&format!("writes in {seconds} idle seconds"), asked.total() as f64, 0.0, "");
        println!("{:?}", asked.writes);
        let visited = visits().await? - visited;
        self.figures.tell("idle: reads, visits", format!("{}, {visited}", asked.reads));
        let share = (operator.processor_seconds()? - before) / IDLE.as_secs_f64() * 100.0;
        self.figures.tell("idle: processor", format!("{share:.1} %"));
        Ok(())
    }

    /// The process ends, and another one takes over.
    async fn restart(&mut self, operator: Operator, when: &str) -> Result<Operator> {
        operator.stop()?;
        Asked::since(&mut self.audit)?;
        let began = Instant::now();
        let operator = Operator::start(self.world.server()).await?;
        let all = self.count as u64;
        let visited = || async { Ok((visits().await? >= all).then_some(())) };
        eventually("all clusters were visited", 300, visited).await?;
        let took = began.elapsed().as_secs_f64();
        let asked = self.settle(QUIET).await?;
        self.figures.at_most(&format!("writes of a restart{when}"), asked.total() as f64, 0.0, "");
        println!("{:?}", asked.writes);
        let reads = asked.reads as f64 / self.count as f64;
        self.figures.tell(
            &format!("restart{when}: until all were visited; reads of a cluster; visits"),
            format!("{took:.1} s; {reads:.1}; {}", visits().await?),
        );
        self.tell_memory(&format!("after a restart{when}"), &operator, 160.0)?;
        Ok(operator)
    }

    /// Others store much that is no business of the operator's.
    async fn crowd(&mut self, operator: &Operator) -> Result<()> {
        let before = operator.memory()?.resident as f64 / 1024.0;
        self.fleet.namespace("others").await?;
        let client = self.world.server().client().await?;
        let (secrets, maps) = (
            Api::<Secret>::namespaced(client.clone(), "others"),
            Api::<ConfigMap>::namespaced(client, "others"),
        );
        let params = PatchParams::apply(TEST_MANAGER);
        let made = stream::iter(0..FOREIGN.0).map(|number| {
            let metadata = ObjectMeta { name: Some(format!("foreign-{number}")), ..ObjectMeta::default() };
            let (secrets, maps, params) = (&secrets, &maps, &params);
            async move {
                let name = metadata.name.clone().unwrap_or_default();
                let data = [("data".to_owned(), ByteString(vec![b'x'; FOREIGN.1]))].into();
                let secret = Secret { metadata: metadata.clone(), data: Some(data), ..Secret::default() };
                secrets.patch(&name, params, &Patch::Apply(secret)).await?;
                let data = [("data".to_owned(), "x".repeat(FOREIGN.1))].into();
                let map = ConfigMap { metadata, data: Some(data), ..ConfigMap::default() };
                maps.patch(&name, params, &Patch::Apply(map)).await.map(drop)
            }
        });
        made.buffer_unordered(8).try_collect::<()>().await?;
        sleep(Duration::from_secs(10)).await;
        let grown = operator.memory()?.resident as f64 / 1024.0 - before;
        let what = format!("memory for {} foreign Secrets and as many ConfigMaps of 100 KB", FOREIGN.0);
        self.figures.at_most(&what, grown, 2.0, "MiB");
        Ok(())
    }

    /// One edit after the other.
    async fn edits(&mut self, when: &str) -> Result<()> {
        let (mut live, mut sizes) = (Vec::new(), Vec::new());
        let began = Instant::now();
        for turn in (0..EDITS.0).take_while(|_| began.elapsed() < EDITS.1) {
            let number = turn * 7919 % self.count;
            live.push(self.fleet.time_of(number, &json!({ "log": { "level": "Debug" } })).await?);
            let both = json!({ "log": { "level": "Debug" }, "replicas": 3 });
            sizes.push(self.fleet.time_of(number, &both).await?);
            self.fleet.time_of(number, &json!({})).await?;
        }
        self.figures.at_most(&format!("a setting edited, {when}, p99"), percentile(&live, 99), 5.0, "s");
        self.figures.tell(&format!("a setting edited, {when}, {} times", live.len()), spread(&live));
        self.figures.at_most(&format!("a relay more, {when}, p99"), percentile(&sizes, 99), 5.0, "s");
        self.figures.tell(&format!("a relay more, {when}"), spread(&sizes));
        Ok(())
    }

    /// Connections of all relays move all the time.
    async fn load(&mut self, operator: &Operator) -> Result<()> {
        self.relays.moving(true);
        sleep(Duration::from_secs(30)).await;
        let (before, visited) = (operator.processor_seconds()?, visits().await?);
        Asked::since(&mut self.audit)?;
        sleep(IDLE).await;
        let asked = Asked::since(&mut self.audit)?;
        let minutes = IDLE.as_secs_f64() / 60.0;
        let a_minute = asked.total() as f64 / minutes / self.count as f64;
        self.figures.at_most("moving load: writes of a cluster in a minute", a_minute, 2.0, "");
        let seconds = IDLE.as_secs_f64();
        let (reads, visited) = (asked.reads as f64 / seconds, (visits().await? - visited) as f64 / seconds);
        let share = (operator.processor_seconds()? - before) / seconds * 100.0;
        self.figures.tell(
            "moving load: reads and visits in a second, processor",
            format!("{reads:.1}, {visited:.1}, {share:.1} %"),
        );
        self.edits("under moving load").await?;
        self.relays.moving(false);
        Ok(())
    }
}

/// Issue's and F16's targets: 64 MiB at 10, 160 MiB at 1,000, an edit in 5 s, no idle write.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes that needs a network namespace: `make scale`"]
async fn f16_many_relayclusters_stay_within_their_budget() -> Result<()> {
    let count: usize = std::env::var("SCALE").map_or(Ok(1_000), |text| text.parse())?;
    anyhow::ensure!(count > FEW, "SCALE is at least {}", FEW + 1);
    let mut scale = Scale::start(count).await?;
    let measured = measure(&mut scale).await;
    if measured.is_err() {
        scale.keep_logs();
    }
    measured?;
    scale.figures.conclude(&format!("{count} RelayClusters"))
}

async fn measure(scale: &mut Scale) -> Result<()> {
    let operator = Operator::start(scale.world.server()).await?;
    scale.grow(&operator).await?;
    scale.rest(&operator).await?;
    let operator = scale.restart(operator, "").await?;
    scale.crowd(&operator).await?;
    scale.edits("idle otherwise").await?;
    scale.load(&operator).await?;
    scale.settle(FIGURES_TOLD).await?;
    let operator = scale.restart(operator, " beside foreign objects").await?;
    operator.stop()
}
