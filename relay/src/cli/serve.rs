//! Serves until SIGTERM or SIGINT.

use super::validate::listed;
use anyhow::Context;
use relay::config::{self, Boot, Invalid, Settings};
use relay::logs;
use relay::metrics::VERSION;
use relay::server::{Relay, Stop, run_until};
use tokio::signal::unix::{SignalKind, signal};

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
        announce(&relay, &boot)?;
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

/// Tells what runs where.
fn announce(relay: &Relay, boot: &Boot) -> anyhow::Result<()> {
    let clients = relay.client_address()?;
    let also: Vec<_> = boot.also_listen.iter().map(|address| format!("http://{address}")).collect();
    tracing::info!(
        version = VERSION,
        node = relay.app().node,
        clients = %format!("http://{clients}"),
        also = also.join(" "),
        admin = %format!("http://{}", relay.admin_address()?),
        bus = ?boot.bus,
        max_connections = relay.app().settings.live().max_total_connections,
        "Relay started"
    );
    for line in [
        format!("push: ws://{clients}/ws?user_id=, POST /sse/push, /sse/push/batch, /sse/send"),
        format!(
            "stream: ws://{clients}/ws, /ws/ingest, http://{clients}/stream/metrics, /stream/events, /api/stats"
        ),
        format!(
            "dual: ws://{clients}/ws/{{player_id}}, http://{clients}/sse/{{player_id}}, POST /api/messages, /api/connections/stats"
        ),
        format!(
            "tokens: ws://{clients}/ws/chat/{{id}}/?connection_token=, GET /api/v1/auth/ws-connection-token/"
        ),
        format!("socketio: http://{clients}/socket.io/, POST /api/socketio/emit"),
        format!("all: http://{clients}/health, /metrics"),
    ] {
        tracing::info!("{line}");
    }
    if boot.publish_key_file.is_none() {
        tracing::warn!("Publishing is open to anyone who can connect: PUBLISH_KEY_FILE is not set");
    }
    Ok(())
}
