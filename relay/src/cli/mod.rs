//! Commands: serve, ask a running relay, check and list settings.

mod announce;
mod healthcheck;
mod limits;
mod loadtest;
mod serve;
mod validate;

use clap::{Parser, Subcommand};
use relay::config;

/// What `--help` says of the settings.
const SETTINGS: &str = "\
Settings come from environment variables, from .env, and from the file that CONFIG_FILE names.
Without any, clients are served on http://127.0.0.1:8080. `relay settings` lists all of them.";

/// A WebSocket, SSE and Socket.IO server that fans messages out across nodes.
#[derive(Debug, Parser)]
#[command(version, after_help = SETTINGS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Ask the relay on this machine for its health; the exit code tells.
    Healthcheck,
    /// Name every setting that is wrong, and exit.
    ValidateConfig,
    /// Publish to clients of a running relay at a rate, and check what they get.
    LoadTest(loadtest::LoadTest),
    /// Print the relay's metrics as a chapter of docs/metrics.md.
    Metrics,
    /// List all settings.
    Settings {
        /// As the page docs/relay-settings.md.
        #[arg(long)]
        markdown: bool,
    },
}

/// Does what was asked for.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(),
        Command::Healthcheck => healthcheck::check(),
        Command::ValidateConfig => validate::validate(),
        Command::LoadTest(arguments) => loadtest::load_test(arguments),
        Command::Metrics => write(&relay::metrics::markdown()?),
        Command::Settings { markdown: true } => write(&config::markdown()),
        Command::Settings { markdown: false } => write(&config::plain()),
    }
}

/// To standard output; whoever reads only the beginning of it has read enough.
fn write(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
