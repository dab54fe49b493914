//! A real `socket.io-client` of alice that roams from relay to relay with its session.

use serde_json::Value;
use tokio::task::JoinHandle;

use super::roamer::Seen;
use crate::support::node;

/// Roams among `PORTS` until it gets the message that ends it.
const ROAM: &str = r#"
    const [numbers, told] = [[], []];
    const relays = [PORTS].map((port) => "http://127.0.0.1:" + port);
    const socket = connect(4, { transports: ["websocket"], auth: { userId: "alice" } });
    let roams = true;
    const end = new Promise((resolve) => socket.onAny((name, data) => {
        if (data?.n !== undefined) numbers.push(data.n);
        if (data?.end) resolve(roams = false);
    }));
    await next(socket, "connect");
    // If its relay ends its connection, it comes back when it would have gone on.
    socket.io.reconnection(false);
    for (let turn = 1; roams; turn++) {
        await Promise.race([pause(300 + 700 * Math.random()), end]);
        if (!roams) break;
        const nap = () => pause(300 * Math.random());
        told.push(await away(socket, nap, relays[turn % relays.length], true));
    }
    return { numbers, told };
"#;

/// The client, as long as it runs.
pub(super) struct Session(JoinHandle<Value>);

impl Session {
    /// One that begins at the first of `ports`.
    pub(super) fn start(ports: &[u16]) -> Self {
        let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let (address, script) = (format!("127.0.0.1:{}", ports[0]), ROAM.replace("PORTS", &list));
        Self(tokio::spawn(async move { node(address, &script).await }))
    }

    /// Whether the message that ends it has come.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// What it saw up to the message that ends it.
    pub(super) async fn seen(self) -> Seen {
        let seen = self.0.await.unwrap();
        let list = |name: &str| seen[name].as_array().unwrap().clone();
        Seen {
            numbers: list("numbers").iter().map(|number| number.as_u64().unwrap()).collect(),
            told: list("told").iter().map(|recovered| recovered.as_bool().unwrap()).collect(),
            ended: 0,
        }
    }
}
