//! The way of a stream whose TCP connection belongs to the HTTP server: a pair of sockets, one
//! end for the hub, the other one copied into the answer's body.

use std::io;

use axum::body::Body;
use bytes::BytesMut;
use futures::stream;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::hub::Socket;

/// Bytes that one read of the body takes at most.
const CHUNK: usize = 4096;

/// A hub's socket, and the body that gives what is written to it. When the client is gone the
/// server drops the body, and the hub's end sees the end.
///
/// # Errors
/// If the system has no descriptors left.
pub fn pair() -> io::Result<(Socket, Body)> {
    let (ours, theirs) = UnixStream::pair()?;
    let chunks = stream::try_unfold(theirs, |mut stream| async {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let count = stream.read_buf(&mut chunk).await?;
        Ok::<_, io::Error>((count > 0).then(|| (chunk.freeze(), stream)))
    });
    Ok((Socket::Unix(ours), Body::from_stream(chunks)))
}
