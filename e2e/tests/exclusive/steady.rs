//! A steady cluster costs no write.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::audit::{AuditLog, Request};
use e2e::clients::{Session, WsClient};
use e2e::cluster::Cluster;
use e2e::ground::{Ground, eventually};
use e2e::install::{NAMESPACE, RELEASE};
use serde_json::json;
use tokio::time::sleep;

use crate::restart_the_operator;

/// The status may be written once more when the first connections were counted.
const SETTLING: Duration = Duration::from_secs(40);
const STEADY: Duration = Duration::from_secs(120);

/// Requests of the operator. Its lease is renewed all the time and is not counted: it belongs to
/// the operator, not to a cluster.
fn of_the_operator(log: &mut AuditLog) -> Result<Vec<Request>> {
    let user = format!("system:serviceaccount:{NAMESPACE}:{RELEASE}");
    let all = log.new_requests()?.into_iter();
    Ok(all.filter(|it| it.user.username == user && it.object_ref.resource != "leases").collect())
}

fn writes(requests: &[Request]) -> Vec<String> {
    let writes = requests.iter().filter(|it| it.is_write());
    writes.map(|it| format!("{} {} {}", it.verb, it.object_ref.resource, it.object_ref.name)).collect()
}

#[tokio::test]
async fn f16_a_steady_cluster_costs_no_write_and_a_restarted_operator_makes_none() -> Result<()> {
    let Some(path) = Cluster::attach()?.audit_log() else {
        println!("skipped: this cluster's audit log cannot be read");
        return Ok(());
    };
    let ground = Ground::new("steady").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let service = ground.service("hello").await?;
    let client = Session::start::<WsClient>(service.address().to_owned(), "alice".to_owned());
    sleep(SETTLING).await;

    let mut log = AuditLog::from_now(&path)?;
    sleep(STEADY).await;
    let requests = of_the_operator(&mut log)?;
    println!("{} requests and {:?} in {STEADY:?}", requests.len(), writes(&requests));
    ensure!(writes(&requests).is_empty(), "{:?}", writes(&requests));

    restart_the_operator(&ground).await?;
    let mut requests = Vec::new();
    let looked =
        |all: &[Request]| all.iter().any(|it| it.verb == "get" && it.object_ref.resource == "relayclusters");
    while_looking(&mut log, &mut requests, looked).await.context("the new operator looks at the cluster")?;
    sleep(Duration::from_secs(30)).await;
    requests.extend(of_the_operator(&mut log)?);
    ensure!(writes(&requests).is_empty(), "after the restart: {:?}", writes(&requests));
    ensure!(client.journal().ends.is_empty(), "{:?}", client.journal().ends);
    ground.remove().await
}

async fn while_looking(
    log: &mut AuditLog,
    seen: &mut Vec<Request>,
    enough: impl Fn(&[Request]) -> bool,
) -> Result<()> {
    let cell = std::sync::Mutex::new((log, seen));
    eventually("its requests are in the audit log", 60, || async {
        let mut held = cell.lock().unwrap();
        let (log, seen) = &mut *held;
        let new = of_the_operator(log)?;
        seen.extend(new);
        Ok(enough(seen).then_some(()))
    })
    .await
    .map(drop)
}
