//! Accepts TCP connections, for ever.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::reserve::{Borrowed, Reserve};

/// Shortest and longest rest after an error that goes on.
const REST: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// What the system says when this process, or all of them, have no descriptors left (errno(3) of
/// Linux: `EMFILE`, `ENFILE`).
const EXHAUSTED: [i32; 2] = [24, 23];

/// Calls `serve` with each connection until `stop`. After `keepalive` of silence TCP asks whether the
/// peer is there. `failed` hears of errors that are of nobody's making.
///
/// When there are no descriptors left, connections are accepted with those of a reserve: `serve` is
/// given what was borrowed, and should not keep it long.
pub(super) async fn accept(
    listener: TcpListener,
    stop: &CancellationToken,
    failed: impl Fn(),
    keepalive: Option<Duration>,
    serve: impl Fn(TcpStream, Option<Borrowed>),
) {
    let reserve = Reserve::full();
    let (mut rest, mut exhausted) = (REST.0, false);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                if std::mem::take(&mut exhausted) {
                    tracing::info!("Connections are accepted again");
                    reserve.refill();
                }
                rest = REST.0;
                prepare(&stream, keepalive);
                serve(stream, None);
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                failed();
                if !std::mem::replace(&mut exhausted, true) {
                    tracing::error!(%error, "Accepting connections failed");
                }
                let borrowed =
                    if is_exhausted(&error) { with_reserve(&listener, &reserve).await } else { None };
                if let Some((stream, borrowed)) = borrowed {
                    rest = REST.0;
                    prepare(&stream, keepalive);
                    serve(stream, Some(borrowed));
                } else {
                    tokio::time::sleep(rest).await;
                    rest = (rest * 2).min(REST.1);
                }
            }
        }
    }
}

/// Accepts the connection that waits, with a descriptor of the reserve.
async fn with_reserve(listener: &TcpListener, reserve: &Reserve) -> Option<(TcpStream, Borrowed)> {
    let borrowed = reserve.borrow()?;
    let accepted = tokio::time::timeout(REST.0, listener.accept()).await.ok()?;
    accepted.ok().map(|(stream, _)| (stream, borrowed))
}

fn prepare(stream: &TcpStream, keepalive: Option<Duration>) {
    if let Some(keepalive) = keepalive {
        let keepalive = TcpKeepalive::new().with_time(keepalive);
        let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
    }
    // Small messages must not wait for each other; a failure shows at the first read.
    let _ = stream.set_nodelay(true);
}

fn is_exhausted(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|number| EXHAUSTED.contains(&number))
}

/// Errors of one connection that ended before it was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
