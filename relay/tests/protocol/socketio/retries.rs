//! Requests of a real client that do not reach the relay of its session at once.

use std::net::SocketAddr;

use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::cluster::Redis;
use crate::support::{Balancer, TestRelay, node, until};

/// An address that takes no connection yet: as many wait there as may.
struct Shut {
    listener: TcpListener,
    _waits: TcpStream,
}

impl Shut {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(0).unwrap();
        let _waits = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        Self { listener, _waits }
    }

    fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// From now on it leads to `relay`.
    fn open(self, relay: &TestRelay) -> Balancer {
        Balancer::on(self.listener, [relay.address])
    }
}

async fn figures(relay: &TestRelay) -> String {
    reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap()
}

/// The client begins at the owner of its session and goes on by the other relay, which cannot dial the owner
/// at first.
#[tokio::test]
async fn r002_15_a_session_lives_on_where_its_relay_could_not_be_dialed_for_a_moment() {
    let redis = Redis::start();
    let way = Shut::new().await;
    let owner = redis.relay_with("owner", &[("ADVERTISE", &way.address())]).await;
    let other = redis.relay("other").await;
    let script = r#"
        const socket = await connected(4, { transports: ["polling"] });
        const id = socket.id;
        const lost = [];
        socket.on("disconnect", (reason) => lost.push(reason));
        socket.io.engine.transport.opts.port = PORT;
        const join = async (conversationId) => (await ask(socket, "conversation:join", { conversationId }))[0].status;
        return [await join("c"), await join("d"), socket.id === id, lost];"#;
    let script = script.replace("PORT", &other.address.port().to_string());
    let opened = async {
        let retried = r#"relay_forward_retries_total{reason="connect"}"#;
        until("a dial in vain", async || figures(&other).await.contains(retried)).await;
        let _way = way.open(&owner);
        std::future::pending().await
    };
    let told = tokio::select! {
        told = node(owner.address, &script) => told,
        () = opened => unreachable!(),
    };
    assert_eq!(told, json!(["ok", "ok", true, []]));
}
