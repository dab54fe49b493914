use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server of `localhost` that a private authority vouches for, and the authority's certificate.
async fn private() -> (Uri, NamedTempFile) {
    let (authority, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&authority).unwrap();
    let issuer = Issuer::from_params(&params, &authority);
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let chain = vec![leaf.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/keys", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await else {
                continue;
            };
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            let _ = stream.shutdown().await;
        }
    });
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), root.pem()).unwrap();
    (url.parse().unwrap(), file)
}

async fn get(url: &Uri, trust: &Trust) -> Result<Bytes, FetchError> {
    let call = Call { url, body: None, deadline: Duration::from_secs(5), max_body: 100 };
    call.send(trust).await.map(|(_, body)| body)
}

#[tokio::test]
async fn x21_a_private_authority_vouches_for_who_is_asked() {
    let (url, authority) = private().await;
    assert_eq!(get(&url, &Trust::new(Some(authority.path())).unwrap()).await.unwrap(), "hi");
}

#[tokio::test]
async fn x21_another_authority_in_the_file_vouches_from_then_on() {
    let (url, authority) = private().await;
    let (_, file) = private().await;
    let trust = Trust::new(Some(file.path())).unwrap();
    std::fs::copy(authority.path(), file.path()).unwrap();
    trust.refresh();
    assert_eq!(get(&url, &trust).await.unwrap(), "hi");
}

#[tokio::test]
async fn x21_whom_no_authority_vouches_for_is_not_asked() {
    let (url, _authority) = private().await;
    let (_, another) = private().await;
    for trust in [Trust::new(None), Trust::new(Some(another.path()))] {
        assert!(matches!(get(&url, &trust.unwrap()).await, Err(FetchError::Connection(_))));
    }
}

#[test]
fn a_file_without_authorities_is_told() {
    let file = NamedTempFile::new().unwrap();
    assert!(Trust::new(Some(file.path())).is_err());
    assert!(Trust::new(Some(Path::new("/nowhere"))).is_err());
}
