//! Asks somebody else over HTTP: one request, no redirects, bounded in time and size.
//!
//! The address comes from the settings alone, never from a token or a request.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::watched::{Unreadable, Watched};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address has no host.
    #[error("the address has no host")]
    Address,
    /// The connection failed.
    #[error("connection: {0}")]
    Connection(#[from] std::io::Error),
    /// The answer is no HTTP.
    #[error("HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// Another status than was hoped for; redirects are not followed.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// Too large, or it ended early.
    #[error("the body is too large or incomplete")]
    Body,
    /// Too slow.
    #[error("no answer in time")]
    Slow,
    /// The body has no key for us.
    #[error("the body is no key set with a usable key")]
    NoKeySet,
    /// The body names nobody.
    #[error("the body has no user_id that is a name")]
    NoIdentity,
}

/// A file that names no authority.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthority {
    /// It has no certificates, or a broken one.
    #[error("{0}: no certificates in PEM")]
    Empty(PathBuf),
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// Whom certificates of others must come from. Clones share it.
#[derive(Clone)]
pub(super) struct Trust(Arc<Source>);

/// Where that is said.
enum Source {
    /// In a file.
    File(Watched<ClientConfig, NoAuthority>),
    /// By Mozilla.
    Public(Arc<ClientConfig>),
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// The authorities in `file`, or Mozilla's without one.
    pub(super) fn new(file: Option<&Path>) -> Result<Self, NoAuthority> {
        let source = match file {
            Some(file) => Source::File(Watched::open(file, in_file)?),
            None => {
                let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
                let config = trusting(roots).ok_or_else(|| NoAuthority::Empty(PathBuf::new()))?;
                Source::Public(Arc::new(config))
            }
        };
        Ok(Self(Arc::new(source)))
    }

    /// Reads the file again if it has changed.
    pub(super) fn refresh(&self) {
        if let Source::File(file) = &*self.0 {
            file.refresh();
        }
    }

    fn config(&self) -> Arc<ClientConfig> {
        match &*self.0 {
            Source::File(file) => file.now(),
            Source::Public(config) => config.clone(),
        }
    }
}

fn trusting(roots: RootCertStore) -> Option<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(rustls::DEFAULT_VERSIONS);
    Some(versions.ok()?.with_root_certificates(roots).with_no_client_auth())
}

/// The authorities in the content of a file; none of them may be broken.
fn in_file(path: &Path, content: &[u8]) -> Result<ClientConfig, NoAuthority> {
    let roots = || {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(content) {
            roots.add(certificate.ok()?).ok()?;
        }
        (!roots.is_empty()).then_some(roots)
    };
    roots().and_then(trusting).ok_or_else(|| NoAuthority::Empty(path.to_owned()))
}

/// What is asked.
pub(super) struct Call<'a> {
    /// Whom.
    pub(super) url: &'a Uri,
    /// JSON to post; without it the call is a GET.
    pub(super) body: Option<Bytes>,
    /// Time for all of it.
    pub(super) deadline: Duration,
    /// Bytes that the answer may have.
    pub(super) max_body: usize,
}

impl Call<'_> {
    /// The status and the body of the answer.
    pub(super) async fn send(self, trust: &Trust) -> Result<(StatusCode, Bytes), FetchError> {
        tokio::time::timeout(self.deadline, self.dial(trust)).await.unwrap_or(Err(FetchError::Slow))
    }

    async fn dial(&self, trust: &Trust) -> Result<(StatusCode, Bytes), FetchError> {
        let host = self.url.host().ok_or(FetchError::Address)?.trim_matches(['[', ']']);
        let tls = self.url.scheme_str() == Some("https");
        let port = self.url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await?;
        if !tls {
            return self.converse(stream).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::Address)?;
        let stream = TlsConnector::from(trust.config()).connect(name, stream).await?;
        self.converse(stream).await
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = self.request()?;
        let answer = async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), self.max_body).collect().await;
            Ok((status, body.map_err(|_| FetchError::Body)?.to_bytes()))
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answered = &mut answer => answered,
            // The connection may end before its last bytes were taken from it.
            _ = connection => answer.await,
        }
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, FetchError> {
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::builder().uri(path).header(header::HOST, host);
        if self.body.is_some() {
            request = request.method("POST").header(header::CONTENT_TYPE, "application/json");
        }
        let body = Full::new(self.body.clone().unwrap_or_default());
        request.body(body).map_err(|_| FetchError::Address)
    }
}

/// Whether nobody between here and `url` can listen or answer in its place: it has TLS, or is on
/// this machine. Addresses with credentials are refused, too: they would end up in logs.
pub(super) fn is_safe(url: &Uri) -> bool {
    let safe = match url.scheme_str() {
        Some("https") => url.host().is_some(),
        Some("http") => url.host().is_some_and(is_loopback),
        _ => false,
    };
    safe && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
