use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::Origins;
use super::*;

/// A service that answers each question in the same way, after a while.
struct Service {
    url: String,
    asked: Arc<AtomicUsize>,
    /// The most questions that it had at a time.
    most: Arc<AtomicUsize>,
}

impl Service {
    async fn start(status: &'static str, body: &'static str, after: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/auth", listener.local_addr().unwrap());
        let (asked, most, now) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let (asks, mosts) = (asked.clone(), most.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                asks.fetch_add(1, Ordering::SeqCst);
                mosts.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let now = now.clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    tokio::time::sleep(after).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    let length = body.len();
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { url, asked, most }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn webhook(&self, change: impl FnOnce(&mut WebhookSettings)) -> Webhook {
        let mut settings = WebhookSettings {
            url: self.url.parse().unwrap(),
            timeout: Duration::from_secs(5),
            concurrency: 32,
            keep: Duration::from_secs(60),
        };
        change(&mut settings);
        Webhook::new(settings, None).unwrap()
    }
}

const ALICE: &str = r#"{"user_id":"alice","expires_in":60}"#;

fn request(uri: &str, headers: &[(&str, &str)]) -> http::request::Parts {
    let mut request = http::Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

async fn ask(webhook: &Webhook, uri: &str) -> Result<Option<String>, FetchError> {
    let (request, origins) = (request(uri, &[]), Origins::Any);
    let asked = webhook.ask("push", &Shown { request: &request, auth: None, origins: &origins }).await;
    asked.map(|identity| identity.map(|identity| identity.subject))
}

fn asks(profile: &str, parts: &http::request::Parts, auth: Option<&str>, origins: &str) -> String {
    let origins = origins.parse().unwrap();
    let question = question(profile, &Shown { request: parts, auth, origins: &origins }).unwrap();
    String::from_utf8(question.to_vec()).unwrap()
}

#[tokio::test]
async fn x21_whom_the_service_knows_is_let_in() {
    let service = Service::start("200 OK", ALICE, Duration::ZERO).await;
    assert_eq!(ask(&service.webhook(|_| {}), "/ws?token=t").await.unwrap().as_deref(), Some("alice"));
}

#[tokio::test]
async fn x21_whom_the_service_refuses_is_not() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let service = Service::start(status, ALICE, Duration::ZERO).await;
        assert_eq!(ask(&service.webhook(|_| {}), "/ws").await.unwrap(), None, "{status}");
    }
}

#[tokio::test]
async fn x21_anything_but_a_verdict_lets_nobody_in() {
    for (status, body) in [
        ("200 OK", ""),
        ("200 OK", "{}"),
        ("200 OK", r#"{"user_id":""}"#),
        ("200 OK", "{\"user_id\":\"a\\nb\"}"),
        ("200 OK", r#"{"user_id":1}"#),
        ("204 No Content", ""),
        ("302 Found", ALICE),
        ("500 Oops", ALICE),
    ] {
        let service = Service::start(status, body, Duration::ZERO).await;
        assert!(ask(&service.webhook(|_| {}), "/ws").await.is_err(), "{status} {body}");
    }
}

#[tokio::test]
async fn x21_a_service_that_is_slow_or_away_lets_nobody_in_in_time() {
    let service = Service::start("200 OK", ALICE, Duration::from_secs(60)).await;
    let begin = Instant::now();
    let slow = service.webhook(|settings| settings.timeout = Duration::from_millis(50));
    assert!(matches!(ask(&slow, "/ws").await, Err(FetchError::Slow)));
    let away = service.webhook(|settings| settings.url = "http://127.0.0.1:1/".parse().unwrap());
    assert!(matches!(ask(&away, "/ws").await, Err(FetchError::Connection(_))));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn x21_questions_at_a_time_are_bounded() {
    let service = Service::start("200 OK", ALICE, Duration::from_millis(20)).await;
    let webhook = Arc::new(service.webhook(|settings| settings.concurrency = 3));
    let mut storm = tokio::task::JoinSet::new();
    for number in 0..20 {
        let webhook = webhook.clone();
        storm.spawn(async move { ask(&webhook, &format!("/ws?token={number}")).await.is_ok() });
    }
    assert!(storm.join_all().await.into_iter().all(|fine| fine));
    assert!(service.most.load(Ordering::SeqCst) <= 3);
}

#[tokio::test]
async fn x21_a_verdict_is_good_for_the_same_question_only() {
    let service = Service::start("200 OK", ALICE, Duration::ZERO).await;
    let webhook = service.webhook(|_| {});
    for uri in ["/ws?token=a", "/ws?token=a", "/ws?token=b", "/ws?token=a"] {
        ask(&webhook, uri).await.unwrap();
    }
    assert_eq!(service.asked(), 2);
}

#[tokio::test]
async fn x21_a_verdict_is_good_no_longer_than_its_settings_and_its_client_allow() {
    let ended = r#"{"user_id":"alice","expires_in":0}"#;
    for (body, keep, asked) in [(ALICE, 60, 1), (ALICE, 0, 2), (ended, 60, 2)] {
        let service = Service::start("200 OK", body, Duration::ZERO).await;
        let webhook = service.webhook(|settings| settings.keep = Duration::from_secs(keep));
        ask(&webhook, "/ws").await.unwrap();
        ask(&webhook, "/ws").await.unwrap();
        assert_eq!(service.asked(), asked, "{body} {keep}");
    }
}

#[tokio::test]
async fn x21_a_failure_is_not_remembered() {
    let service = Service::start("500 Oops", "", Duration::ZERO).await;
    let webhook = service.webhook(|_| {});
    assert!(ask(&webhook, "/ws").await.is_err() && ask(&webhook, "/ws").await.is_err());
    assert_eq!(service.asked(), 2);
}

#[test]
fn cookies_are_shown_to_the_service_from_listed_pages_only() {
    let cookie = ("cookie", "session=s");
    let page = request("/ws", &[cookie, ("origin", "https://app.example"), ("upgrade", "websocket")]);
    assert!(asks("push", &page, None, "https://app.example").contains("session=s"));
    assert!(!asks("push", &page, None, "https://other.example").contains("session=s"));
    assert!(!asks("push", &page, None, "*").contains("session=s"));
}

#[test]
fn a_question_that_is_too_long_is_not_asked() {
    let (parts, origins) = (request("/ws", &[]), Origins::Any);
    let auth = format!("{{\"token\":\"{}\"}}", "x".repeat(MAX_QUESTION));
    assert!(question("push", &Shown { request: &parts, auth: Some(&auth), origins: &origins }).is_none());
}

/// What clients can differ in.
type Client = (String, String, Vec<(usize, String)>, Option<String>);

fn client() -> impl Strategy<Value = Client> {
    // Few letters, the separators of many formats among them, so that parts run into each other.
    let text = "[a\"_:,/=&{}-]{0,6}";
    (
        prop::sample::select(vec!["push", "push_", "dual"]).prop_map(str::to_owned),
        "[a&=_-]{0,6}",
        prop::collection::vec((0..HEADERS.len(), text), 0..3),
        prop::option::of(text),
    )
}

fn asked(client: &Client) -> String {
    let (profile, query, headers, auth) = client;
    let headers: Vec<_> = headers.iter().map(|(at, value)| (HEADERS[*at].as_str(), value.as_str())).collect();
    let parts = request(&format!("/ws?{query}"), &headers);
    let auth = auth.as_ref().map(|auth| serde_json::json!({ "token": auth }).to_string());
    asks(profile, &parts, auth.as_deref(), "https://app.example")
}

/// The same client in an order that means the same: headers of one name keep theirs.
fn canonical((profile, query, headers, auth): &Client) -> Client {
    let cookies = may_show(&headers_of(headers));
    let mut headers = headers.clone();
    headers.retain(|(at, _)| cookies || HEADERS[*at] != header::COOKIE);
    headers.sort_by_key(|(at, _)| *at);
    (profile.clone(), query.clone(), headers, auth.clone())
}

fn headers_of(headers: &[(usize, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (at, value) in headers {
        map.append(HEADERS[*at].clone(), value.parse().unwrap());
    }
    map
}

fn may_show(headers: &HeaderMap) -> bool {
    may_use_cookies(headers, &"https://app.example".parse().unwrap())
}

proptest! {
    #[test]
    fn clients_that_differ_never_share_a_verdict(one in client(), other in client()) {
        prop_assert_eq!(asked(&one) == asked(&other), canonical(&one) == canonical(&other));
    }
}
