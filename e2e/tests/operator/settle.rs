//! When an operator has nothing left to do.

use anyhow::Result;
use e2e::ground::{eventually, holds};

use crate::process::Process;

/// No write for so long means that the operator has nothing left to do.
const QUIET_SECONDS: u64 = 2;

/// Waits until the operator has looked at everything and stopped writing.
pub(crate) async fn settles(process: &Process) -> Result<()> {
    let began = || async { Ok((process.fate.reads() >= 10).then_some(())) };
    eventually("the operator has read the cluster", 30, began).await?;
    let mut before = process.fate.writes();
    loop {
        let same = || async { Ok((process.fate.writes() != before).then(|| "it writes".to_owned())) };
        if holds("the operator is quiet", QUIET_SECONDS, same).await.is_ok() {
            return Ok(());
        }
        before = process.fate.writes();
    }
}
