use std::sync::Arc;

use super::super::testing::{Server, Signer};
use super::*;

const A: &str = "https://a.example";
const LONG: Duration = Duration::from_secs(3600);

fn issuer(server: &Server, fresh: Duration, min_interval: Duration) -> Issuer {
    Issuer::new(server.source(A), Trust::new(None).unwrap()).with_times(fresh, min_interval)
}

async fn key(issuer: &Issuer, kid: &str) -> Result<(), JwtError> {
    issuer.key(Some(kid), Algorithm::ES256).await.map(|_| ())
}

fn signer() -> Signer {
    Signer::new(Algorithm::ES256)
}

#[tokio::test]
async fn a_storm_of_unknown_kids_is_one_fetch() {
    let server = Server::start(&[signer().jwk("1")]).await;
    let issuer = Arc::new(issuer(&server, LONG, LONG));
    let mut storm = tokio::task::JoinSet::new();
    for kid in 0..200 {
        let issuer = issuer.clone();
        storm.spawn(async move { key(&issuer, &format!("made-up-{kid}")).await });
    }
    let answers = storm.join_all().await;
    assert!(answers.iter().all(|answer| *answer == Err(JwtError::UnknownKey)));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_and_the_old_one_forgotten() {
    let server = Server::start(&[signer().jwk("old")]).await;
    let issuer = issuer(&server, LONG, Duration::ZERO);
    key(&issuer, "old").await.unwrap();
    server.serve(&[signer().jwk("new")]);
    assert_eq!(key(&issuer, "new").await, Ok(()));
    assert_eq!(key(&issuer, "old").await, Err(JwtError::UnknownKey));
}

#[tokio::test]
async fn a_key_is_asked_for_again_when_it_is_old() {
    let server = Server::start(&[signer().jwk("1")]).await;
    let issuer = issuer(&server, Duration::ZERO, Duration::ZERO);
    key(&issuer, "1").await.unwrap();
    server.serve(&[signer().jwk("2")]);
    assert_eq!(key(&issuer, "1").await, Err(JwtError::UnknownKey));
}

#[tokio::test]
async fn known_keys_outlast_an_issuer_that_is_away() {
    let server = Server::start(&[signer().jwk("1")]).await;
    let issuer = issuer(&server, Duration::ZERO, Duration::ZERO);
    key(&issuer, "1").await.unwrap();
    server.say("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(key(&issuer, "1").await, Ok(()));
    assert_eq!(key(&issuer, "2").await, Err(JwtError::Unavailable));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up_in_time() {
    let server = Server::start(&[]).await;
    server.say("");
    let begin = Instant::now();
    assert_eq!(key(&issuer(&server, LONG, LONG), "1").await, Err(JwtError::Unavailable));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(&[signer().jwk("1")]).await;
    let server = Server::start(&[]).await;
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url);
    server.say(&answer);
    assert_eq!(key(&issuer(&server, LONG, LONG), "1").await, Err(JwtError::Unavailable));
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn what_is_no_key_set_or_too_large_is_refused() {
    let server = Server::start(&[]).await;
    let issuer = issuer(&server, LONG, Duration::ZERO);
    let filler = "x".repeat(300 * 1024);
    for body in
        ["", "[]", "{}", "{\"keys\":[]}", "{\"keys\":[1,{}]}", &format!("{{\"keys\":[],\"x\":\"{filler}\"}}")]
    {
        server.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        assert_eq!(key(&issuer, "1").await, Err(JwtError::Unavailable));
    }
}

#[test]
fn keys_that_are_secret_or_for_encryption_are_left_out() {
    let mut encrypts = signer().jwk("enc");
    encrypts["use"] = "enc".into();
    let secret = serde_json::json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"});
    let body = serde_json::json!({"keys": [encrypts, secret, signer().jwk("fine"), {"kty": "new"}]});
    let keys = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(keys.into_keys().collect::<Vec<_>>(), [Some("fine".to_owned())]);
}
