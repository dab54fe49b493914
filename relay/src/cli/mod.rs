//! Commands: serve, ask a running relay, check settings.

mod healthcheck;
mod serve;

use clap::{Parser, Subcommand};
use relay::config::{Boot, Settings, Source};

/// A WebSocket and SSE server that fans messages out across nodes. Settings come from environment
/// variables, and from the file that CONFIG_FILE names.
#[derive(Debug, Parser)]
#[command(version)]
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
    /// Check the settings and exit.
    ValidateConfig,
}

/// Does what was asked for.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let source = Source::from_process()?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(source),
        Command::Healthcheck => healthcheck::check(&source),
        Command::ValidateConfig => {
            parse(source)?;
            println!("The settings are valid.");
            Ok(())
        }
    }
}

/// All settings, or all that is wrong with them.
fn parse(source: Source) -> anyhow::Result<(Boot, Settings)> {
    let boot = Boot::parse(&source);
    match (boot, Settings::new(source)) {
        (Ok(boot), Ok(settings)) => Ok((boot, settings)),
        (boot, settings) => {
            let invalid = [boot.err(), settings.err()].into_iter().flatten();
            let lines: String = invalid
                .flat_map(|invalid| invalid.0)
                .map(|problem| format!("\n  {}: {}", problem.setting, problem.what))
                .collect();
            anyhow::bail!("bad settings:{lines}")
        }
    }
}
