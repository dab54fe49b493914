//! Accepts TCP connections, for ever.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Shortest and longest rest after an error, such as no descriptors left.
const REST: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Calls `serve` with each connection until `stop`. After `keepalive` of silence TCP asks whether the
/// peer is there. `failed` hears of errors that are of nobody's making.
pub(super) async fn accept(
    listener: TcpListener,
    stop: &CancellationToken,
    failed: impl Fn(),
    keepalive: Option<Duration>,
    serve: impl Fn(TcpStream),
) {
    let mut rest = REST.0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                rest = REST.0;
                if let Some(keepalive) = keepalive {
                    let keepalive = TcpKeepalive::new().with_time(keepalive);
                    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                }
                // Small messages must not wait for each other; a failure shows at the first read.
                let _ = stream.set_nodelay(true);
                serve(stream);
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                failed();
                tracing::error!(%error, "Accepting connections failed");
                tokio::time::sleep(rest).await;
                rest = (rest * 2).min(REST.1);
            }
        }
    }
}

/// Errors of one connection that ended before it was accepted.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
