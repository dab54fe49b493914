use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::bus::testing::PartBus;
use crate::bus::{BusError, Node, Secret};
use crate::hub::testing::hub;
use crate::peers::peer::tests::node;

/// A bus that tells of one node once it was asked so many times in vain.
struct Away {
    node: Node,
    left: AtomicUsize,
}

#[async_trait]
impl PartBus for Away {
    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_or_else(|_| Ok(vec![self.node.clone()]), |_| Err(BusError::Unavailable("away".to_owned())))
    }

    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        Ok(Some(Secret::new("s")))
    }
}

/// What the node `b` at `owner` answers, when the bus tells of it after it was asked in vain.
async fn forwarded(owner: SocketAddr, in_vain: usize) -> Result<StatusCode, Failure> {
    let node = Node { address: Some(owner.to_string()), ..node("b") };
    let bus = Arc::new(Away { node, left: AtomicUsize::new(in_vain) });
    let peers = Peers::new("a".to_owned(), bus, Arc::new(Metrics::new().unwrap()), TaskTracker::new());
    let request = Request::get("/socket.io/?sid=x.b").body(Body::empty()).unwrap();
    let terms = Terms { max_body: 1024, patience: Duration::from_secs(60) };
    Ok(peers.forward("b", request, terms, &hub()).await?.status())
}

/// A node that gives each request `answer` and ends the connection, and how many requests it had.
async fn owner(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = requests.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
            counted.fetch_add(1, Ordering::Relaxed);
            stream.write_all(answer).await.unwrap();
        }
    });
    (address, requests)
}

#[tokio::test]
async fn a_request_that_was_not_sent_is_sent_when_the_bus_tells_of_the_owner() {
    let (owner, requests) = owner(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(forwarded(owner, 2).await, Ok(StatusCode::NO_CONTENT));
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_request_that_the_owner_may_have_taken_is_not_sent_again() {
    let (owner, requests) = owner(b"").await;
    assert_eq!(forwarded(owner, 0).await, Err(Failure::Broken));
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_owner_at_whose_address_nobody_listens_is_given_up() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(forwarded(free, 0).await, Err(Failure::Refused));
}
