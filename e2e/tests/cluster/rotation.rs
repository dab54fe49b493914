//! A user's Redis behind TLS gets another password and a certificate of another authority: relays read both
//! again, and neither a relay nor a connection ends.

use anyhow::{Result, bail, ensure};
use e2e::clients::{Publisher, Session, WsClient};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::redis::lives;
use crate::user_redis::{NAME, end, run_with};

/// A kubelet looks at the files of a pod once a minute, that of the local cluster every 10 s.
const KUBELET_SECONDS: u64 = 150;

/// What the configuration has beside the password.
const TLS_ONLY: &str = "port 0\ntls-port 6379\ntls-auth-clients no\ntls-cert-file /etc/redis/cert.pem\n\
    tls-key-file /etc/redis/key.pem\ntls-ca-cert-file /etc/redis/cert.pem\nsave \"\"\n";

/// Runs Redis with this password and a certificate of a new authority, and has both in the Secret that the
/// spec refers to.
async fn run(ground: &Ground, password: &str) -> Result<()> {
    let (authority, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = parameters.self_signed(&authority)?;
    let issuer = Issuer::from_params(&parameters, &authority);
    let certificate = CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&key, &issuer)?;
    let files = json!({
        "redis.conf": format!("{TLS_ONLY}requirepass {password}\n"),
        "cert.pem": certificate.pem(), "key.pem": key.serialize_pem(),
    });
    // A Secret of its own: a node may remember what was in one of the same name.
    run_with(ground, password, &files).await?;
    let url = format!("rediss://{NAME}:6379");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": NAME },
        "stringData": { "url": url, "password": password, "ca.crt": root.pem() },
    });
    ground.api::<Secret>().patch(NAME, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(secret)).await?;
    Ok(())
}

fn spec() -> Value {
    json!({ "redis": { "mode": "External", "external": {
        "urlSecretRef": { "name": NAME },
        "passwordSecretRef": { "name": NAME, "key": "password" },
        "caSecretRef": { "name": NAME, "key": "ca.crt" },
    }}})
}

#[tokio::test]
async fn f11_another_password_and_authority_of_a_users_redis_replace_no_relay_and_end_no_connection()
-> Result<()> {
    let ground = Ground::new("rotation").await?;
    run(&ground, "the-first-password").await?;
    ground.ready_relay("hello", &spec()).await?;
    let pods = ground.ready_pods("hello").await?;
    let [one, two] = pods.as_slice() else { bail!("two pods, not {pods:?}") };
    let (here, there) = (ground.pod(one).await?, ground.pod(two).await?);
    let session = Session::start::<WsClient>(here.address().to_owned(), "alice".to_owned());
    let connected = || async { Ok(session.journal().connected.then_some(())) };
    eventually("alice is connected", 30, connected).await?;
    let before = lives(&ground).await?;

    end(&ground).await?;
    run(&ground, "the-second-password").await?;
    let publisher = Publisher::new(there.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;
    let crosses = || async {
        publisher.push("alice", json!({ "message": "back" })).await?;
        Ok(session.journal().messages.iter().any(|it| it.to_string().contains("back")).then_some(()))
    };
    let (_, elapsed) = eventually("a message crosses", KUBELET_SECONDS, crosses).await?;
    println!("a message crosses {:.0} s after Redis was started anew", elapsed.as_secs_f64());
    ground.wait_for("hello", "Ready", "True", 60).await?;
    ensure!(lives(&ground).await? == before, "relay pods were replaced or restarted");
    let journal = session.journal();
    ensure!(journal.ends.is_empty() && journal.nodes.len() == 1, "{journal:?}");
    end(&ground).await?;
    ground.remove().await
}
