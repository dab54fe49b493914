//! Workers outside, who have an account of their own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use relay::bus::{Channel, Entry};

use crate::support::{Guarded, Node, Redis, ids, until, until_answered};

/// A worker outside that listens for tasks; it ends with its test.
struct Worker(Child);

impl Worker {
    fn listen(server: &Redis, account: &[&str], channel: &str) -> Self {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &server.port().to_string(), "--no-auth-warning"]);
        command.args(account).args(["SUBSCRIBE", channel]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command with the account of a worker; in a Cluster where its key is.
fn says(server: &Redis, account: &[&str], words: &[&str]) -> String {
    server.cli(&[&["-c", "--no-auth-warning"], account, words].concat())
}

pub(super) async fn are_reached_and_heard_once(site: &Guarded) {
    let [a, b] = site.pair("workers", "").await;
    let account = site.worker("workers");
    let account = account.each_ref().map(String::as_str);
    let primaries = site.0.servers().iter().filter(|server| server.is_primary());
    for (number, server) in primaries.enumerate() {
        let worker = Worker::listen(server, &account, "relay:workers:workers:tasks:0");
        until_answered("a worker listens", async || a.bus.tell_workers("{}".to_owned()).await == Ok(1)).await;
        drop(worker);
        until_answered("no worker listens", async || a.bus.tell_workers("{}".to_owned()).await == Ok(0))
            .await;
        let event = format!(r#"{{"conversation_id":"c","event":"chunk","id":"{number}"}}"#);
        says(server, &account, &["PUBLISH", "relay:workers:workers:events:0", &event]);
        hears_to(&[&a, &b], number as u32).await;
    }
}

/// Waits until all nodes have heard events up to `last`, and checks that each came once.
async fn hears_to(nodes: &[&Node], last: u32) {
    for node in nodes {
        let heard = || node.got_on(&Channel::conversation("c"));
        until("the event came", || heard().contains(&last.to_string())).await;
        assert_eq!(heard(), ids(0..last + 1));
    }
}

pub(super) async fn leave_entries_that_are_read_once(site: &Guarded) {
    let [a, b] = site.pair("entries", "").await;
    let account = site.worker("entries");
    let account = account.each_ref().map(String::as_str);
    let server = &site.0.servers()[0];
    let body = |entry: Entry| String::from_utf8(entry.body.unwrap()).unwrap();
    for number in 0..3 {
        let number = number.to_string();
        let id =
            says(server, &account, &["XADD", "relay:entries:in", "MAXLEN", "~", "9", "*", "body", &number]);
        let (entries, reader) = tokio::select! {
            entries = a.bus.entries() => (entries, &a),
            entries = b.bus.entries() => (entries, &b),
        };
        let entries: Vec<Entry> = entries;
        assert_eq!(entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&id]);
        reader.bus.done(entries.clone()).await;
        assert_eq!(entries.into_iter().map(body).collect::<Vec<_>>(), [number]);
        assert_eq!(server.cli(&["-c", "XLEN", "relay:entries:in"]), "0");
    }
    for node in [&a, &b] {
        let more = tokio::time::timeout(Duration::from_millis(100), node.bus.entries()).await;
        assert!(more.is_err(), "entries came again");
    }
}
