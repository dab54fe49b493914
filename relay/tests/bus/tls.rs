//! TLS to Redis. No process-wide provider is installed here: the bus must see to that.

use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use relay::bus::{Config, Login, Namespace, PoolSize};
use relay_contract::admin::BusState;
use tempfile::NamedTempFile;

use crate::support::{Node, Redis, until};

/// A `redis-server` that speaks TLS only, with a certificate that nobody vouches for.
fn redis_with_a_certificate_of_its_own() -> Redis {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let files = "--tls-cert-file cert.pem --tls-key-file key.pem --tls-ca-cert-file cert.pem";
    let options = format!("--port 0 --tls-port PORT --tls-auth-clients no {files}");
    Redis::start_in(dir, &options.split(' ').collect::<Vec<_>>())
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_told() {
    let redis = redis_with_a_certificate_of_its_own();
    let url = redis.url().replace("redis://127.0.0.1", "rediss://localhost");
    let node = Node::start("a", &url, Some("s3cret"));
    until("a reason is told", || node.bus.status().reason.is_some()).await;
    let status = node.bus.status();
    let reason = status.reason.unwrap();
    assert_eq!(status.state, BusState::Connecting);
    assert!(reason.contains("certificate"), "{reason}");
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let redis = Redis::start(&[]);
    let node = Node::start("a", &redis.url().replace("redis:", "rediss:"), None);
    until("a reason is told", || node.bus.status().reason.is_some()).await;
    assert_eq!(node.bus.status().state, BusState::Connecting);
}

/// A `redis-server` that speaks TLS only, and the certificate of the authority that vouches for it.
fn redis_of_a_private_authority() -> (Redis, NamedTempFile) {
    let (authority, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&authority).unwrap();
    let issuer = Issuer::from_params(&params, &authority);
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cert.pem"), leaf.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), root.pem()).unwrap();
    let options =
        "--port 0 --tls-port PORT --tls-auth-clients no --tls-cert-file cert.pem --tls-key-file key.pem";
    let ca = format!("{options} --tls-ca-cert-file cert.pem");
    (Redis::start_in(dir, &ca.split(' ').collect::<Vec<_>>()), file)
}

#[tokio::test]
async fn a_private_authority_may_vouch_for_redis() {
    let (redis, authority) = redis_of_a_private_authority();
    let url = redis.url().replace("redis://127.0.0.1", "rediss://localhost");
    let node = Node::with(
        "a",
        Config::Redis {
            url: url.parse().unwrap(),
            url_file: None,
            password: None,
            namespace: Namespace::default(),
            authorities: Some(authority.path().to_owned()),
            sentinel: Login::default(),
            max_retries: 0,
            pool: PoolSize::default(),
        },
    );
    node.reaches(BusState::Ok).await;
}
