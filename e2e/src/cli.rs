//! What the command line means.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use e2e::binaries::Binaries;
use e2e::cluster::Cluster;
use e2e::place::Place;
use e2e::progress::{ELAPSED_VARIABLE, Progress};
use e2e::provider::{Provider, leftovers};
use e2e::requirements::{Report, again};
use e2e::{images, install, manifest, show};

/// Enough to see messages cross nodes, and to lose one.
const NODES: u8 = 3;

/// Clusters and images for the end-to-end tests and the demo.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// Where the cluster comes from; without it kind if Docker and kind work, else local.
    #[arg(long, env = "PROVIDER", global = true)]
    provider: Option<Provider>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check what the machine has, and install what a package manager can.
    Setup,
    /// Build Kubernetes, etcd, CoreDNS and Helm from their Go modules.
    Binaries {
        /// Also what simulates nodes, for `make scale`.
        #[arg(long)]
        simulated: bool,
    },
    /// Build the images of relay and operator from this checkout.
    Images,
    /// Write charts/install.yaml from the chart.
    Manifest,
    /// Bring a cluster up, or find it up.
    Up {
        /// How many nodes.
        #[arg(long, default_value_t = NODES, value_parser = clap::value_parser!(u8).range(1..=9))]
        nodes: u8,
    },
    /// Bring a cluster up with the operator of this checkout installed.
    Start {
        /// Another checkout, whose images and chart are taken instead.
        #[arg(long, value_name = "CHECKOUT")]
        from: Option<PathBuf>,
    },
    /// Start a cluster, and show a RelayCluster at work on it.
    Demo,
    /// Install the operator's chart; runs inside the cluster's network.
    #[command(hide = true)]
    InstallHere {
        /// Folder of the chart.
        chart: PathBuf,
    },
    /// Show a RelayCluster at work; runs inside the cluster's network.
    #[command(hide = true)]
    ShowHere,
    /// Remove the cluster and everything that belongs to it.
    Down,
    /// Give images to every node: these OCI archives, or what `images` built.
    Load {
        /// OCI archives.
        archives: Vec<PathBuf>,
    },
    /// Run a command where it reaches the cluster, with KUBECONFIG, PATH and E2E_* set.
    Run {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<OsString>,
    },
    /// Print the variables that `run` sets, for a shell to evaluate.
    Env,
    /// List what is left of the local cluster; the status says whether there is anything.
    Leftovers,
    /// Run the tests that failed once more, alone; the status says whether all passed.
    Again {
        /// What `cargo test` wrote; what they say now takes the place of the failures.
        output: PathBuf,
    },
    /// Show each requirement with its tests; the status says whether all are proven.
    Requirements {
        /// What `cargo test` wrote.
        output: PathBuf,
        /// Show only what has to be done.
        #[arg(long)]
        problems: bool,
    },
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let place = Place::find()?;
        let progress = Progress::start();
        let provider = Provider::choose(&place, self.provider);
        match self.action {
            Action::Setup => setup(&place)?,
            Action::Binaries { simulated } => {
                let build = if simulated { Binaries::build_simulated } else { Binaries::build };
                build(&place, &progress)?;
                progress.say("all programs of the cluster are built");
            }
            Action::Images => build_images(&place, &progress)?,
            Action::Manifest => std::fs::write(manifest::path(), manifest::render(&place)?)?,
            Action::Up { nodes } => up(provider, &place, nodes, &progress)?,
            Action::Start { from } => {
                let source = from.map_or_else(|| Ok(place.clone()), |from| place.beside(&from))?;
                start(provider, &place, &source, &progress)?;
            }
            Action::Demo => demo(provider, &place, &progress)?,
            Action::InstallHere { chart } => here(install::install(&chart, &Cluster::attach()?.images()?))?,
            Action::ShowHere => here(show::show(&progress))?,
            Action::Down => down(provider, &place, &progress)?,
            Action::Load { archives } => load(provider, &place, archives, &progress)?,
            Action::Run { command } => run(provider, &place, &command)?,
            Action::Env => print_environment(provider, &place)?,
            Action::Leftovers => return Ok(print_leftovers(&place)),
            Action::Again { output } => run_again(&output)?,
            Action::Requirements { output, problems } => return requirements(&place, &output, !problems),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn setup(place: &Place) -> Result<()> {
    let status = Command::new("bash").arg(place.source("setup.sh")).status()?;
    ensure!(status.success(), "the machine lacks something; see above");
    Ok(())
}

fn build_images(place: &Place, progress: &Progress) -> Result<()> {
    for archive in images::build_project(place)? {
        progress.say(format_args!("{} is in {}", archive.reference, archive.path.display()));
    }
    Ok(())
}

fn up(provider: Provider, place: &Place, nodes: u8, progress: &Progress) -> Result<()> {
    provider.up(place, nodes, progress)?;
    progress.say(format_args!(
        "the {} cluster is up; to reach it: {} get nodes",
        provider.name(),
        provider.kubectl(place)
    ));
    Ok(())
}

/// `source` is where images and chart come from.
fn start(provider: Provider, place: &Place, source: &Place, progress: &Progress) -> Result<()> {
    build_images(source, progress)?;
    up(provider, place, NODES, progress)?;
    load(provider, place, images::project_archives(source).to_vec(), progress)?;
    let mut install = inside(provider, place, progress, "install-here")?;
    succeed(install.arg(install::chart_of(source)).envs(images::variables(source)))?;
    progress.say("the operator is installed");
    Ok(())
}

fn demo(provider: Provider, place: &Place, progress: &Progress) -> Result<()> {
    start(provider, place, place, progress)?;
    succeed(&mut inside(provider, place, progress, "show-here")?)?;
    progress.say("that was the demo; the cluster stays up. Try next:");
    let kubectl = provider.kubectl(place);
    println!(
        "  {kubectl} --namespace {namespace} get pods --watch
  {kubectl} --namespace {namespace} patch relaycluster hello --type merge --patch '{{\"spec\":{{\"replicas\":4}}}}'
  {kubectl} --namespace {namespace} delete pod hello-redis-0
  cargo run -p e2e -- run -- bash       # a shell inside the cluster's network
  make down                             # remove all of it",
        namespace = show::NAMESPACE
    );
    Ok(())
}

/// An action of this program where it reaches the cluster.
fn inside(provider: Provider, place: &Place, progress: &Progress, action: &str) -> Result<Command> {
    let program = std::env::current_exe()?;
    let mut arguments = provider.inside(place).arg(program).arg(action).into_arguments().into_iter();
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments).envs(provider.environment(place)?);
    command.env(ELAPSED_VARIABLE, progress.elapsed().as_millis().to_string());
    Ok(command)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

fn here(work: impl Future<Output = Result<()>>) -> Result<()> {
    e2e::cluster::use_one_crypto_provider();
    tokio::runtime::Runtime::new()?.block_on(work)
}

fn down(provider: Provider, place: &Place, progress: &Progress) -> Result<()> {
    provider.down(place)?;
    let left = leftovers(place);
    let list: Vec<_> = left.iter().map(ToString::to_string).collect();
    ensure!(left.is_empty(), "the cluster is down, but this is left of it:\n{}", list.join("\n"));
    progress.say("the cluster is down; nothing is left of it");
    Ok(())
}

fn load(provider: Provider, place: &Place, given: Vec<PathBuf>, progress: &Progress) -> Result<()> {
    if provider == Provider::Kubeconfig {
        progress.say("a cluster of your own pulls its images: push them, and name them in E2E_*_IMAGE");
        return Ok(());
    }
    let archives = if given.is_empty() { images::project_archives(place).to_vec() } else { given };
    for archive in archives {
        let archive = archive.canonicalize().with_context(|| format!("cannot find {}", archive.display()))?;
        provider.load(place, &archive)?;
        progress.say(format_args!("every node has {}", archive.display()));
    }
    Ok(())
}

/// Becomes the command, so that its status and its signals are its own.
fn run(provider: Provider, place: &Place, command: &[OsString]) -> Result<()> {
    let mut arguments = provider.inside(place).args(command).into_arguments().into_iter();
    let program = arguments.next().unwrap_or_default();
    let error = Command::new(&program).args(arguments).envs(provider.environment(place)?).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

fn print_environment(provider: Provider, place: &Place) -> Result<()> {
    for (name, value) in provider.environment(place)? {
        println!("export {name}='{}'", value.display().to_string().replace('\'', r"'\''"));
    }
    Ok(())
}

fn print_leftovers(place: &Place) -> ExitCode {
    let left = leftovers(place);
    for leftover in &left {
        println!("{leftover}");
    }
    if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_again(path: &Path) -> Result<()> {
    let first = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let failed = again::failed(&first);
    ensure!(again::is_whole(&first), "a program of tests did not come to its end");
    let few = (1..=again::MOST).contains(&failed.len());
    ensure!(few, "{} tests failed: {}", failed.len(), failed.join(" "));
    let mut cargo = Command::new("cargo");
    let output = cargo.args(["test", "--workspace", "--", "--exact"]).args(&failed).output()?;
    let second = String::from_utf8_lossy(&output.stdout);
    print!("{second}");
    let left = again::still_failed(&failed, &second);
    ensure!(left.is_empty(), "failed twice: {}", left.join(" "));
    println!("FLAKY, to be mended: failed among others and passed alone: {}", failed.join(" "));
    std::fs::write(path, again::joined(&first, &second)).context("cannot write what the tests said")
}

fn requirements(place: &Place, output: &Path, whole: bool) -> Result<ExitCode> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let table = read(&place.checkout().join("docs/requirements.md"))?;
    let output = read(output)?;
    let report = Report::new(&String::from_utf8_lossy(&table), &String::from_utf8_lossy(&output), whole);
    println!("{report}");
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
