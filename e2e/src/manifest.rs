//! `charts/install.yaml`: the chart as a manifest for those who do not use Helm.
//!
//! It is the chart with its own values for all namespaces, and the namespace of the operator before
//! it. What only Helm needs is left out.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::binaries::Binaries;
use crate::install::{NAMESPACE, RELEASE, chart};
use crate::place::Place;

const HEAD: &str = "\
# The operator for all namespaces, made from the chart by `make generate`; do not edit.
#   kubectl apply --server-side -f install.yaml
";

/// Where the manifest is.
pub fn path() -> PathBuf {
    chart().with_file_name("install.yaml")
}

/// The manifest, rendered by the cached Helm.
///
/// # Errors
/// If Helm was never built, or does not take the chart.
pub fn render(place: &Place) -> Result<String> {
    let helm = Binaries::cached(place)?.path("helm")?;
    let mut command = Command::new(helm);
    command.args(["template", RELEASE]).arg(chart()).args(["--namespace", NAMESPACE, "--skip-tests"]);
    // Nobody but Helm would read the annotation that this makes.
    let output = command.args(["--set", "crds.keep=false"]).output().context("starting Helm")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let kept =
        lines.lines().filter(|line| !line.starts_with("# Source:") && !line.contains("helm.sh/chart:"));
    let body: String = kept.map(|line| format!("{}\n", plain(line))).collect();
    Ok(format!("{HEAD}{}{body}", namespace()))
}

fn plain(line: &str) -> String {
    line.replace("app.kubernetes.io/managed-by: Helm", "app.kubernetes.io/managed-by: kubectl")
}

/// The operator runs under the strictest Pod Security level.
fn namespace() -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n  labels:\n    \
         pod-security.kubernetes.io/enforce: restricted\n"
    )
}
