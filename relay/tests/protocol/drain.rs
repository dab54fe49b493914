//! SIGTERM on the real binary: no client sees its connection break.

use futures::future::join_all;

use crate::support::{Client, Events, Process};

const SOCKETS: usize = 50;
const STREAMS: usize = 20;

async fn sockets(relay: &Process) -> Vec<Client> {
    let urls = (0..SOCKETS).map(|n| format!("ws://127.0.0.1:{}/ws?user_id=user-{n}", relay.port));
    join_all(urls.map(async |url| Client::connect(&url).await)).await
}

async fn streams(relay: &Process) -> Vec<Events> {
    let urls = (0..STREAMS).map(|n| format!("http://127.0.0.1:{}/sse/player-{n}", relay.port));
    join_all(urls.map(async |url| Events::get(&url).await)).await
}

/// Stops a relay that has clients, and tells how each of them saw it.
async fn stop(settings: &[(&str, &str)]) -> (Vec<u16>, Vec<Vec<String>>, Option<i32>) {
    let relay = Process::start(settings).await;
    let (mut sockets, mut streams) = (sockets(&relay).await, streams(&relay).await);
    relay.terminate().await;
    let codes = join_all(sockets.iter_mut().map(Client::close_code));
    let ends = join_all(streams.iter_mut().map(Events::rest));
    let (codes, ends) = futures::join!(codes, ends);
    (codes, ends, relay.exit_code().await)
}

#[tokio::test]
async fn r000_03_every_socket_is_told_1012_in_its_turn() {
    let (codes, ..) = stop(&[("DRAIN_RATE", "100")]).await;
    assert_eq!(codes, [1012; SOCKETS]);
}

#[tokio::test]
async fn every_stream_ends_cleanly_with_the_time_of_return() {
    let (_, ends, _) = stop(&[("DRAIN_RATE", "100")]).await;
    assert!(ends.iter().all(|events| events.last().is_some_and(|event| event.starts_with("retry: "))));
}

#[tokio::test]
async fn the_process_ends_with_success() {
    assert_eq!(stop(&[("DRAIN_RATE", "100")]).await.2, Some(0));
}

#[tokio::test]
async fn r000_03_sockets_that_are_left_at_the_deadline_are_told_1001() {
    let (codes, ..) = stop(&[("DRAIN_RATE", "10"), ("DRAIN_TIMEOUT_SECONDS", "1")]).await;
    assert!(codes.contains(&1001) && codes.iter().all(|code| matches!(code, 1001 | 1012)), "{codes:?}");
}

#[tokio::test]
async fn a_process_without_clients_ends_at_once() {
    let relay = Process::start(&[]).await;
    relay.terminate().await;
    assert_eq!(relay.exit_code().await, Some(0));
}

#[tokio::test]
async fn r000_12_a_taken_port_is_told_as_address_already_in_use() {
    let relay = Process::start(&[]).await;
    let mut second = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
    second.env("PORT", relay.port.to_string()).env("ADMIN_LISTEN", "127.0.0.1:0");
    let output = second.output().await.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("Address already in use"), "{error}");
}
