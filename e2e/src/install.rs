//! The operator's chart, installed and removed with Helm as a user does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::cluster::Images;
use crate::place::Place;

/// Namespace of the operator.
pub const NAMESPACE: &str = "relay-system";
/// Name of the release, and of the operator's Deployment.
pub const RELEASE: &str = "relay-operator";

/// Folder of the chart of the checkout that this was built from.
pub fn chart() -> PathBuf {
    chart_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// Folder of the chart in another checkout.
pub fn chart_of(place: &Place) -> PathBuf {
    chart_in(place.checkout())
}

fn chart_in(checkout: &Path) -> PathBuf {
    checkout.join("charts/relay-operator")
}

/// Installs this chart, or upgrades to it, and waits until the operator is ready.
///
/// # Errors
/// If Helm fails: it has said why on standard error.
pub async fn install(chart: &Path, images: &Images) -> Result<()> {
    let (repository, tag) = images.operator.rsplit_once(':').context("the operator's image has no tag")?;
    let values = [
        format!("image.repository={repository}"),
        format!("image.tag={tag}"),
        format!("defaults.relayImage={}", images.relay),
        format!("defaults.redisImage={}", images.redis),
        "log.level=DEBUG".to_owned(),
    ];
    label_namespace().await?;
    let mut helm = Command::new("helm");
    helm.args(["upgrade", "--install", RELEASE]).arg(chart).args(["--namespace", NAMESPACE]);
    helm.args(["--wait", "--timeout", "2m"]).arg("--set").arg(values.join(","));
    succeed(&mut helm).await
}

/// Uninstalls the chart and waits until its objects are gone.
///
/// # Errors
/// If Helm fails.
pub async fn uninstall() -> Result<()> {
    succeed(Command::new("helm").args(["uninstall", RELEASE, "--namespace", NAMESPACE, "--wait"])).await
}

/// The operator itself runs under the strictest Pod Security level, too.
async fn label_namespace() -> Result<()> {
    let manifest = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n  labels:\n    \
         pod-security.kubernetes.io/enforce: restricted\n"
    );
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), manifest)?;
    succeed(Command::new("kubectl").args(["apply", "--server-side", "-f"]).arg(file.path())).await
}

async fn succeed(command: &mut Command) -> Result<()> {
    let output = command.output().await.with_context(|| format!("{command:?}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}\n{words}", output.status);
    Ok(())
}
