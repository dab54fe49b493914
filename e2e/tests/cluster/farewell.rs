//! A cluster that lets go of its clients before its end.

use anyhow::{Result, ensure};
use e2e::clients::{Session, WsClient};
use e2e::ground::{Ground, eventually};
use kube::api::DeleteParams;
use serde_json::json;

#[tokio::test]
async fn f14_a_cluster_lets_go_of_its_clients_before_it_goes() -> Result<()> {
    let ground = Ground::new("farewell").await?;
    let spec = json!({ "deletionPolicy": "Drain", "drain": { "timeoutSeconds": 60 } });
    ground.ready_relay("hello", &spec).await?;
    let service = ground.service("hello").await?;
    let session = Session::start::<WsClient>(service.address().to_owned(), "user0".to_owned());
    let connected = || async { Ok(session.journal().connected.then_some(())) };
    eventually("the client is connected", 30, connected).await?;
    ground.relays().delete("hello", &DeleteParams::default()).await?;
    let gone = || async { Ok(ground.relays().get_opt("hello").await?.is_none().then_some(())) };
    let ((), elapsed) = eventually("the RelayCluster is gone", 90, gone).await?;
    println!("gone after {:.1} s", elapsed.as_secs_f64());
    let end = || async { Ok(session.journal().ends.first().cloned()) };
    let (end, _) = eventually("the client was let go", 30, end).await?;
    ensure!(end.is_graceful(), "{end:?}");
    ground.remove().await
}
