//! What the troubleshooting guides tell a person to look for shows by itself: real clients misbehave,
//! and `kubectl describe` has the pod, the figure and what to change. The cluster asks for tokens.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, End, PATIENCE, Session, WsClient};
use e2e::ground::{Ground, TEST_MANAGER, condition, eventually};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::api::{ListParams, Patch, PatchParams};
use relay_operator::api::Signal;
use reqwest::header::ORIGIN;
use serde_json::{Value, json};
use tokio::process::Command;

const SECONDS: u64 = 60;
const SIGNING_KEY: &str = "of-the-issuer-and-longer-than-32-bytes";

/// A cluster whose players show tokens, and whose buffer of events is full at once.
async fn guarded() -> Result<Ground> {
    let ground = Ground::new("signals").await?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "issuer" },
        "stringData": { "hmac": SIGNING_KEY },
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Secret>().patch("issuer", &apply, &Patch::Apply(secret)).await?;
    let spec = json!({
        "auth": {
            "method": "JWT", "profiles": { "push": "None", "stream": "None" },
            "jwt": { "secretRef": { "name": "issuer", "key": "hmac" } },
        },
        "profiles": { "stream": { "bufferSize": 1 } },
    });
    ground.ready_relay("hello", &spec).await?;
    Ok(ground)
}

fn token(user: &str) -> Result<String> {
    let claims = json!({ "sub": user, "exp": 4_000_000_000_u64 });
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SIGNING_KEY.as_bytes()))?)
}

fn http() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().timeout(PATIENCE).build()?)
}

/// The answers to the same request, so many times.
async fn answers(request: reqwest::RequestBuilder, times: u64) -> Result<Vec<u16>> {
    let mut answers = Vec::new();
    for _ in 0..times {
        let request = request.try_clone().context("a request without a body")?;
        answers.push(request.send().await?.status().as_u16());
    }
    Ok(answers)
}

/// Waits until the signal is told of this pod, with a figure past its threshold, in the status, in an
/// event, and where a person reads both.
async fn is_told(ground: &Ground, signal: Signal, pod: &str) -> Result<()> {
    let reason = signal.as_str();
    let told = || async {
        let signals = ground.status("hello").await?.signals;
        Ok(signals.into_iter().find(|it| it.reason == reason).map(|it| it.message))
    };
    let (message, _) = eventually(&format!("{reason} is in the status"), SECONDS, told).await?;
    println!("{reason}: {message}");
    let figure = message.strip_prefix(&format!("{pod}: ")).with_context(|| message.clone())?;
    let figure: String = figure.chars().take_while(char::is_ascii_digit).collect();
    ensure!(figure.parse::<u64>()? >= signal.threshold(), "{message}");
    let event = || async {
        let events = ground.api::<Event>().list(&ListParams::default()).await?;
        let same = |event: &Event| {
            event.reason.as_deref() == Some(reason) && event.type_.as_deref() == Some("Warning")
        };
        Ok(events.items.iter().find(|it| same(it)).and_then(|it| it.message.clone()))
    };
    let (note, _) = eventually(&format!("there is an event {reason}"), SECONDS, event).await?;
    ensure!(note == message, "{note}");
    let described = describe(ground).await?;
    ensure!(described.matches(&message).count() >= 2, "{described}");
    Ok(())
}

async fn describe(ground: &Ground) -> Result<String> {
    let arguments = ["--namespace", &ground.namespace, "describe", "relaycluster", "hello"];
    let output = Command::new("kubectl").args(arguments).stderr(Stdio::inherit()).output().await?;
    ensure!(output.status.success(), "{}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// A user who is connected connects again and again.
async fn crowd_one_name(address: &str) -> Result<()> {
    let first = Session::start::<WsClient>(address.to_owned(), "alice".to_owned());
    let connected = || async { Ok(first.journal().connected.then_some(())) };
    eventually("alice is connected", SECONDS, connected).await?;
    for _ in 0..Signal::DuplicateUsers.threshold() + 10 {
        let end = WsClient::connect(address, "alice").await?.next().await.expect_err("an end, no message");
        ensure!(end == End::Close(1008), "{end:?}");
    }
    Ok(())
}

/// Players come without a token, and with one that nobody signed.
async fn show_no_good_token(address: &str) -> Result<()> {
    let stream = http()?.get(format!("http://{address}/sse/bob"));
    let good = stream.try_clone().context("no body")?.bearer_auth(token("bob")?);
    ensure!(good.send().await?.status() == 200, "the token of the issuer was refused");
    let enough = Signal::TokenFailures.threshold() / 2 + 5;
    let forged = format!("{}x", token("bob")?);
    let bare = answers(stream.try_clone().context("no body")?, enough).await?;
    let forged = answers(stream.bearer_auth(forged), enough).await?;
    ensure!(bare.iter().chain(&forged).all(|it| *it == 401), "{bare:?} {forged:?}");
    Ok(())
}

/// A page that is not on the list asks for connection tokens.
async fn come_from_elsewhere(address: &str) -> Result<()> {
    let request = http()?.get(tokens(address)).header(ORIGIN, "https://elsewhere.example");
    let answers = answers(request, Signal::OriginRefusals.threshold() + 10).await?;
    ensure!(answers.iter().all(|it| *it == 403), "{answers:?}");
    Ok(())
}

/// A client sends more events than the buffer has room for.
async fn flood(address: &str) -> Result<()> {
    let mut client = WsClient::open(&format!("ws://{address}/ws")).await?;
    for number in 0..Signal::BufferDrops.threshold() * 20 {
        client.send(&json!({ "type": "tick", "data": { "number": number } }).to_string()).await?;
    }
    client.ping().await
}

/// A player comes with another session each time.
async fn forget_the_session(address: &str) -> Result<()> {
    let token = token("dave")?;
    for number in 0..Signal::SessionSwitches.threshold() + 10 {
        let url = format!("ws://{address}/ws/dave?session_id={number}&token={token}");
        WsClient::open(&url).await?.ping().await?;
    }
    Ok(())
}

/// Socket.IO clients come through a proxy that lets no WebSocket pass: they poll.
async fn only_poll(address: &str) -> Result<()> {
    let open = http()?.get(format!("http://{address}/socket.io/?EIO=4&transport=polling"));
    let answers = answers(open.bearer_auth(token("erin")?), 20).await?;
    ensure!(answers.iter().all(|it| *it == 200), "{answers:?}");
    Ok(())
}

fn tokens(address: &str) -> String {
    format!("http://{address}/api/v1/auth/ws-connection-token")
}

/// Whoever shows a token of the issuer gets a connection token, which opens one connection.
async fn a_connection_token_is_good_once(address: &str) -> Result<()> {
    let answer = http()?.get(tokens(address)).bearer_auth(token("carol")?).send().await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    let token = answer.get("connection_token").and_then(Value::as_str).context("no token")?;
    let url = format!("ws://{address}/ws/chat/room?connection_token={token}");
    let greeting = WsClient::open(&url).await?.message().await?;
    ensure!(greeting.to_string().contains("connected"), "{greeting}");
    let again = WsClient::open(&url).await?.next().await;
    ensure!(again == Err(End::Close(4001)), "{again:?}");
    Ok(())
}

#[tokio::test]
async fn f08_f20_what_real_clients_do_wrong_is_told_with_pod_figure_and_remedy() -> Result<()> {
    let ground = guarded().await?;
    let pod = ground.ready_pods("hello").await?.into_iter().next().context("no pod")?;
    let reach = ground.pod(&pod).await?;
    let address = reach.address();
    a_connection_token_is_good_once(address).await?;
    let first = || async { Ok(ground.status("hello").await?.connections) };
    eventually("the relays were asked", SECONDS, first).await?;

    tokio::try_join!(
        crowd_one_name(address),
        show_no_good_token(address),
        come_from_elsewhere(address),
        flood(address),
        forget_the_session(address),
        only_poll(address),
    )?;
    is_told(&ground, Signal::DuplicateUsers, &pod).await?;
    is_told(&ground, Signal::TokenFailures, &pod).await?;
    is_told(&ground, Signal::OriginRefusals, &pod).await?;
    is_told(&ground, Signal::BufferDrops, &pod).await?;
    is_told(&ground, Signal::SessionSwitches, &pod).await?;
    is_told(&ground, Signal::PollingFallbacks, &pod).await?;
    let relay = ground.relays().get("hello").await?;
    let degraded = condition(&relay, "Degraded").context("no Degraded")?;
    ensure!(degraded.status == "True" && degraded.reason == "BufferDrops", "{degraded:?}");
    ensure!(condition(&relay, "Available").is_some_and(|it| it.status == "True"), "clients are served");
    ground.remove().await
}
