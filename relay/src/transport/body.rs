//! Bodies of requests, within bounds of size, time and the node's room.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::inflow::{Inflow, Room};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is over the limit, or says that it will be.
    #[error("the body is too large")]
    TooLarge,
    /// It took too long.
    #[error("the body took too long")]
    Slow,
    /// The node has no room for it.
    #[error("no room for the body")]
    NoRoom,
    /// It did not arrive whole, or was framed badly.
    #[error("the body could not be read")]
    Broken,
}

/// Reads a body of at most `limit` bytes within `time`, charged to the node while it comes.
///
/// # Errors
/// [`Unread`] tells why not.
pub async fn collect(body: Body, limit: usize, time: Duration, room: impl Room) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    tokio::time::timeout(time, read(body, limit, room)).await.map_err(|_| Unread::Slow)?
}

async fn read(mut body: Body, limit: usize, room: impl Room) -> Result<Bytes, Unread> {
    let mut inflow = Inflow::of(room);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        let held = bytes.len() + data.len();
        if held > limit {
            return Err(Unread::TooLarge);
        }
        if !inflow.hold(held) {
            return Err(Unread::NoRoom);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::hub::testing;

    /// A body in these pieces, of a length that nobody knows beforehand.
    fn pieces(pieces: &[&'static [u8]]) -> Body {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, std::io::Error>(*piece)).collect();
        Body::from_stream(stream::iter(pieces))
    }

    async fn collected(body: Body, limit: usize) -> Result<Bytes, Unread> {
        collect(body, limit, Duration::from_millis(50), &*testing::hub()).await
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_whole_up_to_the_limit() {
        assert_eq!(collected(pieces(&[b"ab", b"c"]), 3).await, Ok(Bytes::from_static(b"abc")));
        assert_eq!(collected(pieces(&[b"ab", b"c"]), 2).await, Err(Unread::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_takes_too_long_is_given_up() {
        let slow = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(collected(slow, 3).await, Err(Unread::Slow));
    }

    #[tokio::test]
    async fn x18_bodies_are_charged_to_the_node_while_they_come() {
        let hub = testing::hub();
        let half = vec![0; 600_000];
        let mut other = Inflow::of(&*hub);
        assert!(other.hold(half.len()));
        let refused = collect(half.clone().into(), 1 << 20, Duration::from_secs(5), &*hub).await;
        assert_eq!(refused, Err(Unread::NoRoom));
        drop(other);
        assert!(collect(half.into(), 1 << 20, Duration::from_secs(5), &*hub).await.is_ok());
        assert_eq!(hub.shared().inflow.used(), 0);
    }
}
