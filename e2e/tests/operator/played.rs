//! Relays that a test plays: pods as their kubelet would report them, and what answers at their
//! addresses, all of which are this machine's own.

use std::net::Ipv4Addr;

use anyhow::Result;
use e2e::ground::TEST_MANAGER;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use relay_contract::admin::Signals;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::world::{NAMESPACE, World};

/// How a relay answers every request on its admin port.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// As one that is well and has so many connections.
    Connections(u64),
    /// As one that shows everything that a person should look at, more of it each time.
    Troubled,
    /// With this status line and this body.
    With(&'static str, &'static str),
    /// Never.
    Never,
}

/// What answers. It is gone when this is dropped.
pub(crate) struct Played {
    /// The admin port of all of them.
    pub(crate) port: u16,
    _serving: JoinSet<()>,
}

impl Played {
    /// A relay for each answer: the first at 127.0.0.1, the next at 127.0.0.2.
    pub(crate) async fn relays(answers: &[Answer]) -> Result<Self> {
        let mut serving = JoinSet::new();
        let mut port = 0;
        for (number, answer) in answers.iter().enumerate() {
            let listener = TcpListener::bind((address(number)?, port)).await?;
            port = listener.local_addr()?.port();
            serving.spawn(serve(listener, *answer));
        }
        Ok(Self { port, _serving: serving })
    }
}

/// Where the relay with this number is, from 0 on.
pub(crate) fn address(number: usize) -> Result<Ipv4Addr> {
    Ok(Ipv4Addr::new(127, 0, 0, u8::try_from(number + 1)?))
}

async fn serve(listener: TcpListener, answer: Answer) {
    // Kept, so that nobody's connection ends because there will be no answer.
    let mut open = Vec::new();
    let mut answered = 0;
    while let Ok((mut socket, _)) = listener.accept().await {
        answered += 1;
        let (line, body) = match answer {
            Answer::Connections(connections) => ("200 OK", status(connections, &Signals::default())),
            Answer::Troubled => ("200 OK", status(40, &signals(answered * 1_000))),
            Answer::With(line, body) => (line, body.to_owned()),
            Answer::Never => {
                open.push(socket);
                continue;
            }
        };
        // Whoever does not read its answer asks again.
        drop(respond(&mut socket, line, &body).await);
    }
}

/// All counters at this figure, and all shares high.
fn signals(figure: u64) -> Signals {
    Signals {
        duplicate_users: figure,
        buffer_drops: figure,
        slow_processing: figure,
        token_failures: figure,
        session_switches: figure,
        origin_refusals: figure,
        slow_connections: figure,
        redis_reconnects: figure,
        polling_sessions: 30,
        socketio_sessions: 40,
        memory_percent: 93,
    }
}

fn status(connections: u64, signals: &Signals) -> String {
    json!({
        "version": "1", "node": "a", "startedAt": 1, "accepting": true,
        "connections": { "total": connections, "websocket": connections },
        "bus": { "kind": "redis", "state": "ok" },
        "signals": signals,
    })
    .to_string()
}

async fn respond(socket: &mut TcpStream, line: &str, body: &str) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _ = socket.read(&mut request).await?;
    let head = format!(
        "HTTP/1.1 {line}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await
}

/// A relay's pod that is ready at this address, as its kubelet would report it.
pub(crate) async fn ready_pod(world: &World, name: &str, address: Ipv4Addr) -> Result<()> {
    let pods = Api::<Pod>::namespaced(world.client.clone(), NAMESPACE);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/managed-by": "relay-operator", "app.kubernetes.io/component": "relay",
                "relaycluster.dev/cluster": "hello", "relaycluster.dev/serving": "true",
            },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "a", "controller": true }],
        },
        "spec": { "containers": [{ "name": "relay", "image": "localhost/none:1" }] },
    });
    pods.patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(pod)).await?;
    let status = json!({ "status": {
        "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
        "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" }],
    }});
    pods.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await?;
    Ok(())
}
