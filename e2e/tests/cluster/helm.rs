//! What `helm test` says of the installed operator.

use anyhow::{Result, ensure};
use e2e::install::{NAMESPACE, RELEASE};
use tokio::process::Command;

#[tokio::test]
async fn f15_helm_test_finds_the_operator_well() -> Result<()> {
    let mut helm = Command::new("helm");
    let output = helm.args(["test", RELEASE, "--namespace", NAMESPACE, "--timeout", "2m"]).output().await?;
    let said =
        [output.stdout, output.stderr].map(|words| String::from_utf8_lossy(&words).into_owned()).concat();
    ensure!(output.status.success() && said.contains("Succeeded"), "{said}");
    Ok(())
}
