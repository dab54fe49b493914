//! Issuers for tests: keys, tokens and an address that serves key sets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::JwksSource;

/// A key pair of an issuer.
pub(super) struct Signer {
    pub(super) algorithm: Algorithm,
    pub(super) key: EncodingKey,
    /// The public half, in PEM.
    pub(super) public: String,
}

impl Signer {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let kind = match algorithm {
            Algorithm::EdDSA => &PKCS_ED25519,
            Algorithm::RS256 => &PKCS_RSA_SHA256,
            _ => &PKCS_ECDSA_P256_SHA256,
        };
        let pair = KeyPair::generate_for(kind).unwrap();
        let pem = pair.serialize_pem();
        let key = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
            Algorithm::RS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
            _ => EncodingKey::from_ec_pem(pem.as_bytes()),
        };
        Self { algorithm, key: key.unwrap(), public: pair.public_key_pem() }
    }

    /// A token with these claims.
    pub(super) fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.key).unwrap()
    }

    /// Its entry in a set.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    }
}

/// Claims that are good for a minute.
pub(super) fn claims(issuer: &str, subject: &str) -> Value {
    json!({"iss": issuer, "sub": subject, "exp": jiff::Timestamp::now().as_second() + 60})
}

/// An address that serves a key set.
pub(super) struct Server {
    pub(super) url: String,
    /// The whole answer.
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    pub(super) async fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (says, counts) = (answer.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counts.fetch_add(1, Ordering::SeqCst);
                let answer = says.lock().unwrap().clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    if answer.is_empty() {
                        // Slow: it never answers.
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        let server = Self { url, answer, asked };
        server.serve(keys);
        server
    }

    /// Serves these keys from now on.
    pub(super) fn serve(&self, keys: &[Value]) {
        let body = json!({ "keys": keys }).to_string();
        self.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    /// Gives this answer from now on; none, if it is empty.
    pub(super) fn say(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn source(&self, issuer: &str) -> JwksSource {
        format!("{issuer} {}", self.url).parse().unwrap()
    }
}
