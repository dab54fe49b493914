//! The two kinds of sockets that a connection can be made of.

use std::io;
use std::net::Shutdown;

use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};

/// A non-blocking stream socket.
///
/// `Unix` is one end of a pair whose other end is copied into an HTTP response body: the way of a
/// stream whose TCP connection belongs to the HTTP server already.
#[derive(Debug)]
pub enum Socket {
    /// A client's own connection.
    Tcp(TcpStream),
    /// One end of a pair.
    Unix(UnixStream),
}

impl Socket {
    /// Waits until the socket is ready for one of `interest`.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(socket) => socket.ready(interest).await,
            Self::Unix(socket) => socket.ready(interest).await,
        }
    }

    /// Reads what is there; `Ok(0)` is the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_read(buffer),
            Self::Unix(socket) => socket.try_read(buffer),
        }
    }

    /// Writes what fits.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_write(bytes),
            Self::Unix(socket) => socket.try_write(bytes),
        }
    }

    /// Writes what fits of several buffers with one system call.
    pub fn try_write_vectored(&self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_write_vectored(buffers),
            Self::Unix(socket) => socket.try_write_vectored(buffers),
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    pub fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => SockRef::from(socket).shutdown(Shutdown::Write),
            Self::Unix(socket) => SockRef::from(socket).shutdown(Shutdown::Write),
        }
    }
}
