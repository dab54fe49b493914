//! What a connection can be made of: two kinds of sockets, or none as yet.

use std::io;
use std::net::Shutdown;
use std::sync::OnceLock;

use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};

/// A non-blocking stream socket.
///
/// `Unix` is one end of a pair whose other end is copied into an HTTP response body: the way of a
/// stream whose TCP connection belongs to the HTTP server already. `Later` is the way of a session
/// that begins by polling: what is sent waits in the queue until it is [taken](super::Connection::take)
/// or a socket is [attached](super::Connection::attach).
#[derive(Debug)]
pub enum Socket {
    /// A client's own connection.
    Tcp(TcpStream),
    /// One end of a pair.
    Unix(UnixStream),
    /// None as yet.
    Later(Box<OnceLock<Socket>>),
}

impl Socket {
    /// No socket as yet.
    pub fn later() -> Self {
        Self::Later(Box::default())
    }

    /// Makes `socket` the one that was to come. Only the first one counts.
    pub(super) fn attach(&self, socket: Self) {
        if let Self::Later(place) = self {
            let _ = place.set(socket);
        }
    }

    /// Whether there is a socket.
    pub(super) fn is_attached(&self) -> bool {
        !matches!(self, Self::Later(place) if place.get().is_none())
    }

    /// Waits until the socket is ready for one of `interest`.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(socket) => socket.ready(interest).await,
            Self::Unix(socket) => socket.ready(interest).await,
            Self::Later(place) => match place.get() {
                Some(Self::Tcp(socket)) => socket.ready(interest).await,
                Some(Self::Unix(socket)) => socket.ready(interest).await,
                Some(Self::Later(_)) | None => std::future::pending().await,
            },
        }
    }

    /// Reads what is there; `Ok(0)` is the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_read(buffer),
            Self::Unix(socket) => socket.try_read(buffer),
            Self::Later(place) => place.get().map_or_else(nothing, |socket| socket.try_read(buffer)),
        }
    }

    /// Writes what fits.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_write(bytes),
            Self::Unix(socket) => socket.try_write(bytes),
            Self::Later(place) => place.get().map_or_else(nothing, |socket| socket.try_write(bytes)),
        }
    }

    /// Writes what fits of several buffers with one system call.
    pub fn try_write_vectored(&self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_write_vectored(buffers),
            Self::Unix(socket) => socket.try_write_vectored(buffers),
            Self::Later(place) => {
                place.get().map_or_else(nothing, |socket| socket.try_write_vectored(buffers))
            }
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    pub fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => SockRef::from(socket).shutdown(Shutdown::Write),
            Self::Unix(socket) => SockRef::from(socket).shutdown(Shutdown::Write),
            Self::Later(place) => place.get().map_or(Ok(()), Self::shutdown_write),
        }
    }
}

/// There is no socket that could do it.
fn nothing() -> io::Result<usize> {
    Err(io::ErrorKind::WouldBlock.into())
}
