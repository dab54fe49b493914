//! Clients of each kind that note what they get, and whether their connection ended.

use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// What one client has seen.
#[derive(Default)]
struct Seen {
    numbers: Vec<u64>,
    ended: bool,
}

/// One client of alice's.
pub(super) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watcher {
    /// A WebSocket, an event stream and a Socket.IO session at the relay on `port`.
    pub(super) async fn of_each_kind(port: u16) -> Vec<Self> {
        let push = format!("ws://127.0.0.1:{port}/ws?user_id=alice");
        let session = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket&userId=alice");
        vec![
            Self::socket(&push, None).await,
            Self::stream(&format!("http://127.0.0.1:{port}/sse/alice")).await,
            Self::socket(&session, Some("40")).await,
        ]
    }

    async fn socket(url: &str, hello: Option<&str>) -> Self {
        let (mut socket, _) = connect_async(url).await.unwrap();
        if let Some(hello) = hello {
            socket.next().await.unwrap().unwrap();
            socket.send(Message::text(hello)).await.unwrap();
            socket.next().await.unwrap().unwrap();
        }
        Self::watch(async move |seen| {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    note(&seen, &text);
                }
            }
        })
    }

    async fn stream(url: &str) -> Self {
        let mut response = reqwest::get(url).await.unwrap();
        assert_eq!(response.status(), 200);
        Self::watch(async move |seen| {
            let mut text = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                text.push_str(std::str::from_utf8(&chunk).unwrap());
                while let Some((event, rest)) = text.split_once("\n\n") {
                    note(&seen, event);
                    text = rest.to_owned();
                }
            }
        })
    }

    fn watch<F>(read: impl FnOnce(Arc<Mutex<Seen>>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let seen = Arc::<Mutex<Seen>>::default();
        let reader = seen.clone();
        let task = tokio::spawn(async move {
            read(reader.clone()).await;
            reader.lock().unwrap().ended = true;
        });
        Self { seen, task }
    }

    /// The numbers that it got, in order.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.seen.lock().unwrap().numbers.clone()
    }

    /// Whether it got this number.
    pub(super) fn has(&self, number: u64) -> bool {
        self.seen.lock().unwrap().numbers.contains(&number)
    }

    /// Whether its connection ended.
    pub(super) fn has_ended(&self) -> bool {
        self.seen.lock().unwrap().ended
    }
}

/// Notes the number that stands in any frame around the object `{"n":NUMBER}`.
fn note(seen: &Mutex<Seen>, text: &str) {
    if let Some((_, rest)) = text.split_once("\"n\":") {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        seen.lock().unwrap().numbers.push(digits.parse().unwrap());
    }
}
