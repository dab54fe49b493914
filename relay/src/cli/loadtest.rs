//! `relay load-test`: whether a relay keeps up with clients and a rate (requirement 001-22).

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use http::Uri;
use relay::loadtest::{Plan, Progress, Transport, run};

/// What to test, and how.
#[derive(Debug, Args)]
pub(super) struct LoadTest {
    /// Number of clients.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    clients: u32,
    /// Messages per second, to all clients together.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rate: u32,
    /// Seconds for which messages are published.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    duration: u32,
    /// How clients are connected: websocket, sse or socketio.
    #[arg(long, default_value_t = Transport::WebSocket)]
    transport: Transport,
    /// Address of the relay.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Uri,
    /// File with the key of the publish API.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the test; the error says that messages were not as they should be.
pub(super) fn load_test(arguments: LoadTest) -> anyhow::Result<()> {
    let LoadTest { clients, rate, duration, transport, url, key_file, json } = arguments;
    anyhow::ensure!(url.scheme_str() == Some("http"), "{url}: only http:// addresses");
    let read = |path: PathBuf| std::fs::read_to_string(&path).with_context(|| path.display().to_string());
    let key = key_file.map(read).transpose()?.map(|key| key.trim().to_owned());
    let duration = Duration::from_secs(duration.into());
    let clients = usize::try_from(clients)?;
    let plan = Plan { url, transport, clients, rate, duration, key };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("runtime")?;
    let live = stderr().is_terminal();
    let report = runtime.block_on(run(plan, |progress| {
        if live {
            show(progress);
        }
    }))?;
    if live {
        eprintln!();
    }
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    anyhow::ensure!(report.is_clean(), "not every message came once, in order, to clients that stayed");
    Ok(())
}

/// One line that is written over every second.
fn show(progress: &Progress) {
    let Progress { elapsed, sent, arrived, p50, p99 } = progress;
    let ms = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1000.0;
    let under_way = sent.saturating_sub(*arrived);
    let _ = write!(
        stderr(),
        "\r{:>4} s  sent {sent}  received {arrived}  under way {under_way}  p50 {:.1} ms  p99 {:.1} ms   ",
        elapsed.as_secs(),
        ms(*p50),
        ms(*p99),
    );
}
