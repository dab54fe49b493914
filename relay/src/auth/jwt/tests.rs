use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::testing::{Server, Signer, claims};
use super::*;

const SECRET: &str = "a secret that has more than thirty-two bytes";
const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn file(dir: &TempDir, content: &str) -> Option<PathBuf> {
    let path = dir.path().join("key");
    std::fs::write(&path, content).unwrap();
    Some(path)
}

fn settings() -> JwtSettings {
    JwtSettings { leeway: Duration::from_secs(5), ..JwtSettings::default() }
}

fn with_secret(settings: JwtSettings) -> Verifier {
    let dir = tempfile::tempdir().unwrap();
    Verifier::new(JwtSettings { secret_file: file(&dir, SECRET), ..settings }, None).unwrap()
}

fn with_public(signer: &Signer) -> Verifier {
    let dir = tempfile::tempdir().unwrap();
    Verifier::new(JwtSettings { public_key_file: file(&dir, &signer.public), ..settings() }, None).unwrap()
}

fn hs256(claims: &Value) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// What becomes of a token that `SECRET` signed, after the file of the secret was another and then has
/// this content.
async fn after(content: &str) -> Result<String, JwtError> {
    let dir = tempfile::tempdir().unwrap();
    let secret_file = file(&dir, "another secret of more than thirty-two bytes");
    let verifier = Verifier::new(JwtSettings { secret_file, ..settings() }, None).unwrap();
    file(&dir, content);
    verifier.refresh();
    verifier.verify(&hs256(&claims(A, "alice"))).await.map(|identity| identity.subject)
}

#[tokio::test]
async fn r004_14_a_secret_that_is_rotated_counts_without_a_new_process() {
    assert_eq!(after(SECRET).await, Ok("alice".to_owned()));
    assert_eq!(after("short").await, Err(JwtError::Signature));
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// What becomes of a token with these claims, by the default settings.
async fn checked(claims: Value) -> Result<String, JwtError> {
    let verified = with_secret(settings()).verify(&hs256(&claims)).await;
    verified.map(|identity| identity.subject)
}

#[tokio::test]
async fn r004_14_tokens_of_all_four_families_are_taken() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let signer = Signer::new(algorithm);
        let verified = with_public(&signer).verify(&signer.sign(None, &claims(A, "alice"))).await;
        assert_eq!(verified.unwrap().subject, "alice", "{algorithm:?}");
    }
    assert_eq!(checked(claims(A, "alice")).await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn times_are_checked_with_the_leeway_only() {
    assert_eq!(checked(json!({"sub": "a", "exp": now() - 60})).await, Err(JwtError::Expired));
    assert!(checked(json!({"sub": "a", "exp": now() - 2})).await.is_ok());
    assert_eq!(
        checked(json!({"sub": "a", "exp": now() + 60, "nbf": now() + 30})).await,
        Err(JwtError::Immature)
    );
}

#[tokio::test]
async fn a_token_that_never_ends_or_names_nobody_is_refused() {
    assert!(matches!(checked(json!({"sub": "a"})).await, Err(JwtError::Missing(_) | JwtError::Malformed)));
    assert!(matches!(checked(json!({"exp": now() + 60})).await, Err(JwtError::Missing(_))));
    assert!(matches!(checked(json!({"sub": "", "exp": now() + 60})).await, Err(JwtError::Missing(_))));
}

#[tokio::test]
async fn the_algorithm_none_is_refused() {
    let signed = hs256(&claims(A, "alice"));
    let body = signed.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"}
    for token in [
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.AAAA"),
    ] {
        assert_eq!(with_secret(settings()).verify(&token).await, Err(JwtError::Malformed));
    }
}

#[tokio::test]
async fn a_public_key_is_never_used_as_a_secret() {
    let signer = Signer::new(Algorithm::RS256);
    let secret = EncodingKey::from_secret(signer.public.as_bytes());
    let forged = encode(&Header::default(), &claims(A, "alice"), &secret).unwrap();
    assert_eq!(with_public(&signer).verify(&forged).await, Err(JwtError::Signature));
}

#[tokio::test]
async fn another_key_and_a_changed_body_are_refused() {
    let signer = Signer::new(Algorithm::ES256);
    let verifier = with_public(&signer);
    let other = Signer::new(Algorithm::ES256).sign(None, &claims(A, "alice"));
    assert_eq!(verifier.verify(&other).await, Err(JwtError::Signature));
    let (alice, bob) = (signer.sign(None, &claims(A, "alice")), signer.sign(None, &claims(A, "bob")));
    let (head, signature) = (bob.rsplit_once('.').unwrap().0, alice.rsplit_once('.').unwrap().1);
    assert_eq!(verifier.verify(&format!("{head}.{signature}")).await, Err(JwtError::Signature));
}

#[tokio::test]
async fn issuer_and_audience_must_be_ours() {
    let ours = JwtSettings { issuer: Some(A.to_owned()), audience: vec!["relay".to_owned()], ..settings() };
    let verifier = with_secret(ours);
    let good = json!({"iss": A, "aud": ["x", "relay"], "sub": "a", "exp": now() + 60});
    assert!(verifier.verify(&hs256(&good)).await.is_ok());
    for (claim, value, refused) in [
        ("iss", json!(B), JwtError::Issuer),
        ("iss", Value::Null, JwtError::Missing("iss".to_owned())),
        ("aud", json!("other"), JwtError::Audience),
        ("aud", Value::Null, JwtError::Missing("aud".to_owned())),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        if claims[claim].is_null() {
            claims.as_object_mut().unwrap().remove(claim);
        }
        assert_eq!(verifier.verify(&hs256(&claims)).await, Err(refused), "{claims}");
    }
}

#[tokio::test]
async fn a_token_for_somebody_is_refused_when_nobody_is_expected() {
    let claims = json!({"aud": "other", "sub": "a", "exp": now() + 60});
    assert_eq!(checked(claims).await, Err(JwtError::Audience));
}

#[tokio::test]
async fn huge_tokens_and_garbage_are_refused_unread() {
    let huge = hs256(&json!({"sub": "a", "exp": now() + 60, "x": "x".repeat(10_000)}));
    for token in [huge.as_str(), "", ".", "..", "a.b.c", "e30.e30.e30", "\0\0.\0.\0"] {
        assert_eq!(with_secret(settings()).verify(token).await, Err(JwtError::Malformed));
    }
}

#[test]
fn a_secret_that_can_be_guessed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let short = JwtSettings { secret_file: file(&dir, "hunter2"), ..settings() };
    let error = Verifier::new(short, None).unwrap_err();
    assert!(matches!(error, SourceError::ShortSecret { .. }) && !error.to_string().contains("hunter2"));
    assert!(matches!(Verifier::new(settings(), None), Err(SourceError::NoKeys)));
}

#[tokio::test]
async fn the_same_kid_of_two_issuers_is_two_keys() {
    let (a, b) = (Signer::new(Algorithm::ES256), Signer::new(Algorithm::ES256));
    let (of_a, of_b) = (Server::start(&[a.jwk("1")]).await, Server::start(&[b.jwk("1")]).await);
    let jwks = vec![of_a.source(A), of_b.source(B)];
    let verifier = Verifier::new(JwtSettings { jwks, ..settings() }, None).unwrap();
    for (signer, issuer, fine) in [(&a, A, true), (&b, B, true), (&a, B, false), (&b, A, false)] {
        let verified = verifier.verify(&signer.sign(Some("1"), &claims(issuer, "alice"))).await;
        assert_eq!(verified.is_ok(), fine, "{issuer}");
    }
    assert_eq!((of_a.asked(), of_b.asked()), (1, 1));
}

#[tokio::test]
async fn an_issuer_that_nobody_named_is_never_asked() {
    let signer = Signer::new(Algorithm::ES256);
    let (ours, theirs) = (Server::start(&[signer.jwk("1")]).await, Server::start(&[signer.jwk("1")]).await);
    let verifier = Verifier::new(JwtSettings { jwks: vec![ours.source(A)], ..settings() }, None).unwrap();
    let token = signer.sign(Some("1"), &claims(&theirs.url, "alice"));
    assert_eq!(verifier.verify(&token).await, Err(JwtError::Issuer));
    assert_eq!((ours.asked(), theirs.asked()), (0, 0));
}

proptest! {
    #[test]
    fn fuzz_nothing_but_a_signed_token_is_believed(
        header in prop_oneof![".{0,20}", Just(r#"{"alg":"none"}"#.to_owned()), Just(r#"{"alg":"HS256"}"#.to_owned())],
        claims in prop_oneof![".{0,20}", Just(format!(r#"{{"sub":"a","exp":{}}}"#, i64::MAX))],
        signature in prop::collection::vec(any::<u8>(), 0..40),
        text in ".{0,60}",
    ) {
        let parts = [header.as_bytes(), claims.as_bytes(), &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        let verifier = with_secret(settings());
        for token in [parts.join("."), text] {
            prop_assert!(futures::executor::block_on(verifier.verify(&token)).is_err(), "{}", token);
        }
    }
}
