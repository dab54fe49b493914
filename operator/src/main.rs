//! The `relay-operator` program; what it asks of the API server stands in the library's first page.

use anyhow::Context as _;
use clap::Parser as _;
use kube::{Client, Config};
use relay_operator::cli::{Cli, Command, RunArgs};
use relay_operator::{api, check, metrics, run, telemetry};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Crd) => print!("{}", api::crd_yaml()?),
        Some(Command::Conditions) => print!("{}", api::conditions_markdown()),
        Some(Command::Check { url }) => println!("{}", check::check(&url)?),
        Some(Command::Metrics) => print!("{}", metrics::markdown()?),
        Some(Command::Fields) => print!("{}", api::fields_markdown()?),
        Some(Command::Run(args)) => serve(&args)?,
        None => serve(&cli.run)?,
    }
    Ok(())
}

#[tokio::main]
async fn serve(args: &RunArgs) -> anyhow::Result<()> {
    telemetry::start(&args.log_level, args.log_format)?;
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let mut config = Config::infer().await.context("finding the API server")?;
    // A visit has its own backoff; retries below it would hide how long it takes.
    config.default_retry = false;
    let options = args.options(&config)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), api_server = %config.cluster_url, "starting");
    let client = Client::try_from(config).context("making a client")?;
    let shutdown = CancellationToken::new();
    tokio::spawn(end_on_signal(shutdown.clone()));
    run(client, options, shutdown).await
}

/// Ends the process on SIGTERM and SIGINT.
async fn end_on_signal(shutdown: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; the process ends only when it is killed");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("ending");
    shutdown.cancel();
}
