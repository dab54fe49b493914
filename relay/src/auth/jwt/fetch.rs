//! Fetches a key set: one GET, no redirects, bounded in time and size.
//!
//! The address comes from the settings alone, never from a token.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Time for all of it.
const DEADLINE: Duration = Duration::from_secs(3);
/// Bytes that a set may have.
const MAX_BODY: usize = 256 * 1024;

/// Why there is no key set.
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
    /// Anything but 200; redirects are not followed.
    #[error("the answer is {0}, not 200")]
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
}

/// The body at `url`.
pub(super) async fn fetch(url: &Uri) -> Result<Bytes, FetchError> {
    tokio::time::timeout(DEADLINE, dial(url)).await.unwrap_or(Err(FetchError::Slow))
}

async fn dial(url: &Uri) -> Result<Bytes, FetchError> {
    let host = url.host().ok_or(FetchError::Address)?.trim_matches(['[', ']']);
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    if !tls {
        return get(stream, url).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::Address)?;
    let stream = TlsConnector::from(Arc::new(client()?)).connect(name, stream).await?;
    get(stream, url).await
}

/// Checks certificates against Mozilla's roots.
fn client() -> Result<ClientConfig, FetchError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(std::io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Uri,
) -> Result<Bytes, FetchError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = path.parse().map_err(|_| FetchError::Address)?;
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = host.parse().map_err(|_| FetchError::Address)?;
    request.headers_mut().insert(header::HOST, host);
    let answer = async {
        let response = sender.send_request(request).await?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(FetchError::Status(status)),
        }
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        Ok(body.map_err(|_| FetchError::Body)?.to_bytes())
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        answered = &mut answer => answered,
        // The connection may end before its last bytes were taken from it.
        _ = connection => answer.await,
    }
}
