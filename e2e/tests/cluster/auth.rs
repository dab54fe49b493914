//! Each profile asks for something else: a token of an issuer, a connection token, or what a service says.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, End, PATIENCE, Publisher, WsClient};
use e2e::cluster::{Cluster, Provider};
use e2e::ground::{Ground, TEST_MANAGER};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use jsonwebtoken::{EncodingKey, Header, encode};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::served::{Served, response};

const SIGNING_KEY: &str = "of-the-issuer-and-longer-than-32-bytes";

fn token(user: &str) -> Result<String> {
    let claims = json!({ "sub": user, "exp": 4_000_000_000_u64 });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(SIGNING_KEY.as_bytes()))?)
}

/// The user's service: a ticket `of-NAME` is NAME's, the ticket `broken` breaks it, and all others are none.
async fn verdict(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    let query = question["query"].as_str().unwrap_or_default();
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket=")).unwrap_or_default();
    match (question["profile"].as_str(), ticket.strip_prefix("of-")) {
        (Some("push"), Some(user)) => response(StatusCode::OK, &json!({ "user_id": user })),
        _ if ticket == "broken" => response(StatusCode::INTERNAL_SERVER_ERROR, &Value::Null),
        _ => response(StatusCode::UNAUTHORIZED, &Value::Null),
    }
}

/// A relay whose sockets of users ask the service, whose players show connection tokens, and all of whose
/// other clients show tokens of the issuer.
async fn guarded(ground: &Ground, service: &Served) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "keys" },
        "stringData": { "hmac": SIGNING_KEY, "ca.crt": service.certificate },
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Secret>().patch("keys", &apply, &Patch::Apply(secret)).await?;
    let spec = json!({
        "replicas": 1, "redis": { "mode": "None" },
        "auth": {
            "method": "JWT", "profiles": { "push": "Webhook", "dual": "Token" },
            "jwt": { "secretRef": { "name": "keys", "key": "hmac" } },
            "webhook": { "url": format!("https://{}/verdict", service.host) },
            "caSecretRef": { "name": "keys", "key": "ca.crt" },
        },
    });
    ground.ready_relay("hello", &spec).await.map(drop)
}

/// How a socket is refused.
async fn refusal(url: &str) -> Result<End> {
    WsClient::open(url).await?.next().await.err().with_context(|| format!("{url} is let in"))
}

async fn a_service_is_asked_about_users(address: &str, publisher: &Publisher) -> Result<()> {
    let socket = |query: &str| format!("ws://{address}/ws?user_id=alice{query}");
    let mut alice = WsClient::open(&socket("&ticket=of-alice")).await?;
    publisher.push("alice", json!({ "message": "welcome" })).await?;
    let message = alice.message().await?;
    ensure!(message.to_string().contains("welcome"), "{message}");
    for (query, code) in
        [("", 4001), ("&ticket=forged", 4001), ("&ticket=of-bob", 4003), ("&ticket=broken", 1013)]
    {
        let end = refusal(&socket(query)).await?;
        ensure!(end == End::Close(code), "{query}: {end:?} in place of {code}");
    }
    Ok(())
}

async fn connection_token(http: &reqwest::Client, address: &str, user: &str) -> Result<String> {
    let url = format!("http://{address}/api/v1/auth/ws-connection-token/");
    ensure!(http.get(&url).send().await?.status() == 401, "anybody gets a connection token");
    let answer = http.get(&url).bearer_auth(token(user)?).send().await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    answer["connection_token"].as_str().map(str::to_owned).context("no connection token")
}

async fn players_show_connection_tokens(http: &reqwest::Client, address: &str) -> Result<()> {
    let stream = |player: &str, token: &str| {
        http.get(format!("http://{address}/sse/{player}?connection_token={token}")).send()
    };
    let (first, second) =
        (connection_token(http, address, "carol").await?, connection_token(http, address, "carol").await?);
    let answers = [
        stream("carol", "").await?.status().as_u16(),
        stream("carol", &first).await?.status().as_u16(),
        stream("carol", &first).await?.status().as_u16(),
        stream("dave", &second).await?.status().as_u16(),
        http.get(format!("http://{address}/sse/carol"))
            .bearer_auth(token("carol")?)
            .send()
            .await?
            .status()
            .as_u16(),
    ];
    ensure!(answers == [401, 200, 401, 403, 401], "{answers:?}");
    Ok(())
}

/// What a Socket.IO client that polls is told when it connects with this `auth`.
async fn greeting(http: &reqwest::Client, address: &str, auth: &Value) -> Result<String> {
    let url = format!("http://{address}/socket.io/?EIO=4&transport=polling");
    let opened = http.get(&url).send().await?.text().await?;
    let opened: Value = serde_json::from_str(opened.strip_prefix('0').context("no handshake")?)?;
    let url = format!("{url}&sid={}", opened["sid"].as_str().context("no sid")?);
    http.post(&url).body(format!("40{auth}")).send().await?.error_for_status()?;
    Ok(http.get(&url).send().await?.text().await?)
}

async fn others_show_tokens_of_the_issuer(http: &reqwest::Client, address: &str) -> Result<()> {
    let good = greeting(http, address, &json!({ "token": token("erin")? })).await?;
    ensure!(good.starts_with("40"), "{good}");
    let bad = greeting(http, address, &json!({ "token": "forged" })).await?;
    ensure!(bad.starts_with("44") && bad.contains("4001"), "{bad}");
    let events = format!("ws://{address}/ws/ingest");
    WsClient::open(&format!("{events}?token={}", token("frank")?)).await?.ping().await?;
    let end = refusal(&events).await?;
    ensure!(end == End::Close(4001), "{end:?}");
    Ok(())
}

#[tokio::test]
async fn x21_each_profile_lets_in_who_shows_what_the_spec_asks_of_it_and_nobody_else() -> Result<()> {
    if Cluster::attach()?.provider() != Provider::Local {
        println!("skipped: pods of this cluster do not reach this process");
        return Ok(());
    }
    let ground = Ground::new("auth").await?;
    let service = Served::start(&ground, "tickets", verdict).await?;
    guarded(&ground, &service).await?;
    let reach = ground.service("hello").await?;
    let address = reach.address();
    let publisher = Publisher::new(address, Some(ground.secret("hello-keys", "publishKey").await?))?;
    let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
    a_service_is_asked_about_users(address, &publisher).await?;
    players_show_connection_tokens(&http, address).await?;
    others_show_tokens_of_the_issuer(&http, address).await?;
    ground.remove().await
}
