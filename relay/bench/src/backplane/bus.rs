//! The bus by itself, in a process of its own: what `Bus::publish` costs without any transport.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use relay::bus::{self, Bus, Channel, Inbox, Message};
use relay::config::{Boot, Source};
use relay_contract::admin::BusState;
use tokio_util::sync::CancellationToken;

use super::HISTORY;
use super::publishes::SIZE;
use crate::proc;

/// Channels that messages go to by turns.
const CHANNELS: usize = 1000;
/// How often it is looked whether something is done.
const LOOK: Duration = Duration::from_millis(1);
/// Time without progress after which nothing more is waited for.
const STUCK: Duration = Duration::from_secs(5);

/// How such a process is started.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where Redis is.
    url: String,
    /// Keeps messages.
    #[arg(long)]
    history: bool,
}

/// Such a process.
pub(super) struct Child {
    process: Process,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Child {
    /// Starts one, and waits until it has reached Redis.
    pub(super) fn start(url: &str, history: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bus", url]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.args(history.then_some("--history"));
        let mut process = command.spawn()?;
        let orders = process.stdin.take().context("stdin")?;
        let answers = BufReader::new(process.stdout.take().context("stdout")?);
        let mut child = Self { process, orders, answers };
        child.answer()?;
        Ok(child)
    }

    /// CPU time that it has used up to now.
    pub(super) fn cpu(&self) -> Result<Duration> {
        proc::cpu(&[self.process.id()])
    }

    /// Lets it publish `count` messages, and waits until Redis has confirmed all.
    pub(super) fn publish(&mut self, count: usize) -> Result<()> {
        match self.order("publish", count)? {
            0 => Ok(()),
            left => bail!("{left} of {count} messages were not confirmed"),
        }
    }

    /// Waits until `count` messages came. Answers how many did not.
    pub(super) fn wait_for(&mut self, count: usize) -> Result<usize> {
        self.order("await", count)
    }

    fn order(&mut self, what: &str, count: usize) -> Result<usize> {
        writeln!(self.orders, "{what} {count}")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<usize> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.trim().parse().context("the process with the bus has ended")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Counts messages of other processes.
struct Counted {
    count: AtomicUsize,
}

impl Inbox for Counted {
    fn receive(&self, _: Message) {
        self.count.fetch_add(1, Relaxed);
    }
}

/// Is such a process: does what lines on standard input say, and answers each with what is left.
///
/// # Errors
/// If standard input or output ends, or the settings are none.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let (name, kept) = HISTORY;
    let history = options.history.then_some((name, kept));
    let boot = Boot::parse(&Source::new(history.into_iter().chain([("REDIS_URL", options.url.as_str())]))?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let _inside = runtime.enter();
    let inbox = Arc::new(Counted { count: AtomicUsize::new(0) });
    let bus = bus::connect(boot.bus, boot.history.into(), inbox.clone(), boot.node, CancellationToken::new());
    runtime.block_on(until(|| usize::from(bus.status().state != BusState::Ok)));
    println!("0");
    for line in std::io::stdin().lines() {
        let line = line?;
        let (what, count) = line.split_once(' ').context("an order and a count")?;
        let count = count.parse()?;
        let left = runtime.block_on(async {
            if what == "publish" {
                publish(bus.as_ref(), count).await
            } else {
                until(|| count.saturating_sub(inbox.count.load(Relaxed))).await
            }
        });
        println!("{left}");
    }
    Ok(())
}

/// Publishes as fast as the bus takes messages. Answers how many it has not confirmed.
async fn publish(bus: &dyn Bus, count: usize) -> usize {
    let channels: Vec<_> = (0..CHANNELS).map(|user| Channel::user(&format!("u{user}"))).collect();
    let payload = bytes::Bytes::from(format!("\"{:.<1$}\"", "", SIZE - 2));
    let confirmed = || usize::try_from(bus.counters().published).unwrap_or(usize::MAX);
    let before = confirmed();
    for channel in channels.iter().cycle().take(count) {
        let message = Arc::new(Message::new(channel.clone(), "message", payload.clone()));
        // A full outbox is how it says that it is busy.
        while bus.publish(message.clone()).await.is_err() {
            tokio::time::sleep(LOOK).await;
        }
    }
    until(|| count.saturating_sub(confirmed() - before)).await
}

/// Waits until nothing is `left`, or that does not change any more. Answers what is.
async fn until(left: impl Fn() -> usize) -> usize {
    let (mut seen, mut since) = (left(), Instant::now());
    while seen > 0 && since.elapsed() < STUCK {
        tokio::time::sleep(LOOK).await;
        let now = left();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    seen
}
