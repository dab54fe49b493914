//! Sockets that listen.

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};

use super::relay::StartError;

/// Connections that wait to be accepted: many clients come back at once after a restart.
const BACKLOG: u32 = 4096;

/// Bytes that the system takes for a peer before it can send them. Beyond that they wait with us, where
/// they are counted and bounded (conflict X-18), and not in megabytes of the kernel's for each peer that
/// does not read.
const UNSENT: u32 = 128 * 1024;

/// Bytes that the system keeps for each connection (requirement 004-41). `None` leaves it to the
/// system, which adjusts them as a connection needs; a number stops that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketBuffers {
    /// Of what came and was not read.
    pub receive: Option<u32>,
    /// Of what was written and has not arrived.
    pub send: Option<u32>,
}

/// Listens on `address`. What is accepted has `buffers`: sockets have those of the one that listened
/// (socket(7)).
///
/// # Errors
/// [`StartError::Bind`] if the address is taken, or not ours.
pub(super) fn listen(address: SocketAddr, buffers: SocketBuffers) -> Result<TcpListener, StartError> {
    bind(address, buffers).map_err(|source| StartError::Bind { address, source })
}

fn bind(address: SocketAddr, buffers: SocketBuffers) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // The size of the receive window is agreed on as a connection begins: too late after that.
    buffers.receive.map_or(Ok(()), |bytes| socket.set_recv_buffer_size(bytes))?;
    buffers.send.map_or(Ok(()), |bytes| socket.set_send_buffer_size(bytes))?;
    SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpStream;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::server::accept::accept;

    /// A connection as the relay has it.
    async fn accepted(buffers: SocketBuffers, keepalive: Option<Duration>) -> TcpStream {
        let listener = listen("127.0.0.1:0".parse().unwrap(), buffers).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (given, mut taken) = tokio::sync::mpsc::channel(1);
        let stop = CancellationToken::new();
        let serve = |stream, _| {
            let _ = given.try_send(stream);
            stop.cancel();
        };
        accept(listener, &stop, || {}, keepalive, serve).await;
        taken.recv().await.unwrap()
    }

    #[tokio::test]
    async fn r004_41_accepted_connections_have_the_buffers_that_are_set() {
        let stream = accepted(SocketBuffers { receive: Some(40_000), send: Some(50_000) }, None).await;
        let socket = SockRef::from(&stream);
        // Linux keeps its own books in the other half (socket(7)).
        let sizes = (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap());
        assert_eq!(sizes, (80_000, 100_000));
    }

    #[tokio::test]
    async fn x18_the_kernel_keeps_little_for_a_peer_that_does_not_read() {
        let stream = accepted(SocketBuffers::default(), None).await;
        assert_eq!(SockRef::from(&stream).tcp_notsent_lowat().unwrap(), UNSENT);
    }

    #[tokio::test]
    async fn r004_41_tcp_asks_for_a_silent_peer_after_the_time_that_is_set() {
        let stream = accepted(SocketBuffers::default(), Some(Duration::from_secs(600))).await;
        let socket = SockRef::from(&stream);
        assert_eq!(
            (socket.keepalive().unwrap(), socket.tcp_keepalive_time().unwrap().as_secs()),
            (true, 600)
        );
    }
}
