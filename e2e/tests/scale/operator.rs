//! The release build of the operator as a process, with the rights of its chart, and what it takes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use e2e::apiserver::ApiServer;
use e2e::audit::{AuditLog, Request};
use e2e::binaries::Binaries;
use e2e::ground::eventually;
use e2e::install::{NAMESPACE, RELEASE, chart};
use e2e::place::Place;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Who the operator is for the API server.
pub(crate) const USER: &str = "system:serviceaccount:relay-system:relay-operator";
/// Where it tells its metrics.
const LISTEN: &str = "127.0.0.1:18080";

/// Installs the chart: definition, account and rights. Its pods are simulated and do nothing.
pub(crate) fn install(server: &ApiServer) -> Result<()> {
    let helm = Binaries::cached(&Place::find()?)?.path("helm")?;
    let mut command = Command::new(helm);
    command.args(["install", RELEASE]).arg(chart()).args(["--namespace", NAMESPACE, "--create-namespace"]);
    command.args(["--set", "replicas=0"]).env("KUBECONFIG", server.kubeconfig());
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident, with the pages of the program itself.
    pub(crate) resident: u64,
    /// Resident and not backed by a file.
    pub(crate) own: u64,
    /// The most that was resident at one time.
    pub(crate) peak: u64,
}

/// A running operator.
pub(crate) struct Operator {
    process: Child,
}

impl Operator {
    /// Starts one, and waits until it serves.
    pub(crate) async fn start(server: &ApiServer) -> Result<Self> {
        let log = File::options().create(true).append(true).open(server.directory().join("operator.log"))?;
        let process = Command::new(program()?)
            .env("KUBECONFIG", kubeconfig(server).await?)
            .env("POD_NAMESPACE", NAMESPACE)
            .env("POD_NAME", "measured")
            .env("LISTEN", LISTEN)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let operator = Self { process };
        eventually("the operator serves", 30, || async { Ok(metrics().await.ok()) }).await?;
        Ok(operator)
    }

    /// What it takes now.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context(name.to_owned())?;
            let number = line.trim_start_matches(':').split_whitespace().next();
            Ok(number.context("no number")?.parse()?)
        };
        Ok(Memory { resident: field("VmRSS")?, own: field("RssAnon")?, peak: field("VmHWM")? })
    }

    /// Processor time that it took so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/schedstat", self.process.id()))?;
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id()))?;
        let mut nanoseconds = 0_u64;
        for thread in threads {
            let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
        }
        ensure!(!stat.is_empty(), "no schedstat");
        Ok(nanoseconds as f64 / 1e9)
    }

    /// Ends it as Kubernetes does.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.process.id())?), Signal::SIGTERM)?;
        ensure!(self.process.wait()?.success(), "the operator did not end well");
        Ok(())
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // After an orderly stop there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The release build, beside the tests in the folder of builds, or another one to compare with.
fn program() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("OPERATOR") {
        return Ok(program.into());
    }
    let test = std::env::current_exe()?;
    let target = test.ancestors().nth(3).context("no folder of builds")?;
    let program = target.join("release/relay-operator");
    ensure!(program.is_file(), "{} is missing: run `make scale`", program.display());
    Ok(program)
}

/// The administrator's kubeconfig with the token of the operator's account in it.
async fn kubeconfig(server: &ApiServer) -> Result<PathBuf> {
    let accounts = Api::<ServiceAccount>::namespaced(server.client().await?, NAMESPACE);
    let asked: TokenRequest =
        serde_json::from_value(json!({ "spec": { "audiences": [], "expirationSeconds": 7200 } }))?;
    let token = accounts.create_token_request(RELEASE, &PostParams::default(), &asked).await?;
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(server.kubeconfig())?)?;
    let user = config.pointer_mut("/users/0/user").context("no user")?;
    *user = json!({ "token": token.status.context("no token")?.token });
    let path = server.directory().join("operator.conf");
    std::fs::write(&path, config.to_string())?;
    Ok(path)
}

async fn metrics() -> Result<String> {
    Ok(reqwest::get(format!("http://{LISTEN}/metrics")).await?.text().await?)
}

/// Visits that ended well since its start.
pub(crate) async fn visits() -> Result<u64> {
    let text = metrics().await?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("relay_operator_reconciles_total{outcome=\"ok\"} "));
    Ok(line.map(str::parse::<f64>).transpose()?.unwrap_or_default() as u64)
}

/// What the operator asked of the API server, its lease apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Writes by kind and verb.
    pub(crate) writes: BTreeMap<String, usize>,
    /// Reads of single objects and lists.
    pub(crate) reads: usize,
}

impl Asked {
    /// All that came since the last call.
    pub(crate) fn since(log: &mut AuditLog) -> Result<Self> {
        let mut asked = Self::default();
        for request in log.new_requests()? {
            asked.count(&request);
        }
        Ok(asked)
    }

    fn count(&mut self, request: &Request) {
        let object = &request.object_ref;
        if object.api_group == "coordination.k8s.io" || request.verb == "watch" {
            return;
        }
        if request.is_write() {
            let kind = [object.resource.as_str(), object.subresource.as_str()].join("/");
            *self.writes.entry(format!("{} {}", request.verb, kind.trim_end_matches('/'))).or_default() += 1;
        } else {
            self.reads += 1;
        }
    }

    /// All writes.
    pub(crate) fn total(&self) -> usize {
        self.writes.values().sum()
    }
}
