//! Serves until SIGTERM or SIGINT.

use anyhow::Context;
use relay::config::{self, Boot, Invalid, Settings};
use relay::logs;
use relay::server::{Relay, Stop, run_until};
use tokio::signal::unix::{SignalKind, signal};

use super::announce::announce;
use super::validate::listed;

pub(super) fn serve() -> anyhow::Result<()> {
    let (boot, settings) = load().map_err(|invalid| anyhow::anyhow!(listed(&invalid.0)))?;
    let live = settings.live();
    let file = boot.log_file.as_deref();
    let logs =
        logs::start(boot.log_format.clone(), live.log_level, &live.debug.targets, file).context("logs")?;
    let last_lines = logs.clone();
    // Only the first provider counts; another one would be installed by a library, which is fine.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("runtime")?;
    let served = runtime.block_on(async {
        let stop = Stop { rate: boot.drain_rate, timeout: boot.drain_timeout };
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
        let relay = Relay::start(boot.clone(), settings, logs)?;
        announce(&relay, &boot).context("start")?;
        super::limits::check_open_files(relay.app().settings.live().max_total_connections);
        let signal = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        run_until(relay, stop, signal).await;
        Ok(())
    });
    last_lines.flush();
    served
}

fn load() -> Result<(Boot, Settings), Invalid> {
    config::load(super::validate::read()?)
}
