//! The files of the built-in page; what it does is tested in a browser.

use reqwest::{Client, StatusCode, header};

use crate::support::TestRelay;

async fn page(relay: &TestRelay) -> reqwest::Response {
    reqwest::get(relay.url("/")).await.unwrap()
}

#[tokio::test]
async fn a_page_may_load_nothing_from_elsewhere() {
    let policy = page(&TestRelay::start()).await.headers()[header::CONTENT_SECURITY_POLICY].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let relay = TestRelay::start();
    let tag = page(&relay).await.headers()[header::ETAG].clone();
    let again = Client::new().get(relay.url("/")).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_page_is_off_by_its_setting() {
    assert_eq!(page(&TestRelay::with(&[("PAGE", "false")])).await.status(), StatusCode::NOT_FOUND);
}
