//! A session of Engine.IO that polls, request by request.

use std::fmt::Write as _;

use serde_json::Value;

/// A session.
pub(crate) struct Polls {
    /// Address of its requests.
    pub(crate) url: String,
    pub(crate) sid: String,
}

impl Polls {
    /// Begins a session at `path` of `address`.
    pub(crate) async fn begin(address: &str, path: &str, version: u8) -> Self {
        let mut url = format!("http://{address}{path}?EIO={version}&transport=polling");
        let body = reqwest::get(&url).await.unwrap().text().await.unwrap();
        let terms = body.split_once("0{").map(|(_, terms)| format!("{{{terms}")).unwrap();
        // Version 2 has the packet of the namespace behind the terms.
        let terms = serde_json::Deserializer::from_str(&terms).into_iter::<Value>().next().unwrap().unwrap();
        let sid = terms["sid"].as_str().unwrap().to_owned();
        write!(url, "&sid={sid}").unwrap();
        Self { url, sid }
    }

    /// Status and body of a poll.
    pub(crate) async fn poll(&self) -> (u16, String) {
        let answer = reqwest::get(&self.url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Status and body of a post.
    pub(crate) async fn post(&self, body: &str) -> (u16, String) {
        let answer = reqwest::Client::new().post(&self.url).body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}
