//! A balancer that knows nothing: each request goes to the next server in turn.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A running balancer; ends when dropped.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    _accepts: JoinSet<()>,
}

impl Balancer {
    /// A balancer before `servers`, which skips those that take no connection.
    pub(crate) async fn before(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), servers)
    }

    /// One that has its clients from `listener`.
    pub(crate) fn on(listener: TcpListener, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let servers: Arc<[SocketAddr]> = servers.into_iter().collect();
        let turn = Arc::new(AtomicUsize::new(0));
        let address = listener.local_addr().unwrap();
        let mut accepts = JoinSet::new();
        accepts.spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(client, servers.clone(), turn.clone()));
            }
        });
        Self { address, _accepts: accepts }
    }
}

/// Carries one request, or one WebSocket.
async fn carry(mut client: TcpStream, servers: Arc<[SocketAddr]>, turn: Arc<AtomicUsize>) -> Option<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    for _ in 0..servers.len() {
        let server = servers[turn.fetch_add(1, Ordering::Relaxed) % servers.len()];
        let Ok(mut server) = TcpStream::connect(server).await else { continue };
        server.write_all(once(std::str::from_utf8(&bytes[..end]).ok()?).as_bytes()).await.ok()?;
        server.write_all(&bytes[end..]).await.ok()?;
        return copy_bidirectional(&mut client, &mut server).await.ok().map(|_| ());
    }
    None
}

/// The head, with an end to the connection after the answer: the next request has its own turn.
fn once(head: &str) -> String {
    if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
        return head.to_owned();
    }
    let kept = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    format!("{}\r\nConnection: close", kept.collect::<Vec<_>>().join("\r\n"))
}
