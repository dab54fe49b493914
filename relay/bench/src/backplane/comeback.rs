//! A relay is killed, messages go on, and all of its clients come back to the other one at once.
//!
//! Every client must get what it missed, and be told that this is all.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::crowd::{Crowd, Hello, Stamps};
use crate::measure::{Measure, Samples};
use crate::plan::Plan;
use crate::publisher::{Publisher, Way, post};
use crate::scene::{QUIET, stamps_since};
use crate::servers::{Relay, Subject, Wire};

/// Messages that each client gets before the crash, and that it misses.
const BEFORE: usize = 2;
const MISSED: usize = 3;
/// Messages of one POST.
const BATCH: usize = 500;
/// Time before the crash in which sessions are noted.
const REST: Duration = Duration::from_secs(1);
/// Time after the last missed message in which one could come twice.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// How clients go by one transport.
struct Transport {
    row: &'static str,
    hello: fn(usize) -> Hello,
    /// The same for a client that was there before, by all that it was sent then.
    again: fn(usize, &str) -> Option<Return>,
    /// The requests that publish one message to each of so many clients.
    messages: fn(usize, &dyn Fn() -> String) -> Vec<Vec<u8>>,
}

/// How a client comes back.
struct Return {
    hello: Hello,
    /// What it is sent only if it missed nothing.
    proof: String,
}

const TRANSPORTS: [Transport; 3] = [
    Transport {
        row: "back by websocket",
        hello: |user| Hello::WebSocket(format!("/ws?user_id=u{user}&resume=")),
        again: |user, said| {
            let path = format!("/ws?user_id=u{user}&resume={}", position(said)?);
            Some(Return { hello: Hello::WebSocket(path), proof: "\"recovered\":true".to_owned() })
        },
        messages: pushes,
    },
    Transport {
        row: "back by sse",
        hello: |user| Hello::EventStream(format!("/sse/u{user}")),
        again: |user, said| {
            let path = format!("/sse/u{user}?last_event_id={}", position(said)?);
            Some(Return { hello: Hello::EventStream(path), proof: "\"recovered\":true".to_owned() })
        },
        messages: pushes,
    },
    Transport {
        row: "back by socket.io",
        hello: |user| Hello::SocketIo(json!({ "userId": format!("u{user}") }).to_string()),
        again: |user, said| {
            let (pid, offset) = (pid(said)?, format!("r{}", position(said)?));
            let auth = json!({ "userId": format!("u{user}"), "pid": pid, "offset": offset });
            // Who does not recover gets a new one.
            Some(Return { hello: Hello::SocketIo(auth.to_string()), proof: format!("\"pid\":\"{pid}\"") })
        },
        messages: |_, stamps| vec![Relay::new(Wire::SocketIo).to_all(&stamps())],
    },
];

/// Measures each transport.
pub(super) fn run(plan: &Plan, samples: &mut Samples) -> Result<()> {
    TRANSPORTS
        .iter()
        .try_for_each(|transport| come_back(transport, plan.idle, samples).context(transport.row))
}

fn come_back(transport: &Transport, clients: usize, samples: &mut Samples) -> Result<()> {
    let mut cluster = Cluster::start(true)?;
    let [first, second] = &mut cluster.relays;
    let began = Instant::now();
    let mut crowd = Crowd::remembering(began)?;
    crowd.dial(first.address, (0..clients).map(transport.hello))?;
    publish(transport, first.address, began, clients, BEFORE)?;
    let heard = crowd.listen(clients * BEFORE, QUIET)?.len();
    ensure!(heard == clients * BEFORE, "{heard} of {} messages came before the crash", clients * BEFORE);
    let returns = crowd
        .transcripts()
        .enumerate()
        .map(|(user, said)| (transport.again)(user, &String::from_utf8_lossy(said)))
        .collect::<Option<Vec<_>>>()
        .context("a client was not told where it stands")?;
    std::thread::sleep(REST);
    first.crash()?;
    drop(crowd);
    publish(transport, second.address, began, clients, MISSED)?;
    let mut crowd = Crowd::remembering(began)?;
    let back = Instant::now();
    crowd.dial_at_once(clients, second.address, returns.iter().map(|client| client.hello.clone()))?;
    crowd.listen(clients * MISSED, QUIET)?;
    samples.add(transport.row, Measure::BackAfter, back.elapsed().as_secs_f64());
    crowd.listen(1, AFTERWARDS)?;
    judge(transport.row, &crowd, &returns, samples);
    Ok(())
}

/// Counts who was told what, and what came never or twice.
fn judge(row: &'static str, crowd: &Crowd, returns: &[Return], samples: &mut Samples) {
    let (mut not_recovered, mut lost, mut twice) = (0, 0, 0);
    for (said, client) in crowd.transcripts().zip(returns) {
        let (mut all, mut different) = (0, HashSet::new());
        Stamps::default().scan(said, |stamp| {
            all += 1;
            different.insert(stamp);
        });
        not_recovered += usize::from(memchr::memmem::find(said, client.proof.as_bytes()).is_none());
        lost += MISSED.saturating_sub(different.len());
        twice += all - different.len();
    }
    samples.add(row, Measure::NotRecovered, not_recovered as f64);
    samples.add(row, Measure::Lost, lost as f64);
    samples.add(row, Measure::Twice, twice as f64);
}

/// Publishes `each` messages to every client.
fn publish(
    transport: &Transport,
    address: SocketAddr,
    began: Instant,
    clients: usize,
    each: usize,
) -> Result<()> {
    let mut publisher = Publisher::connect(address, &Way::Post)?;
    let stamps = stamps_since(began);
    for _ in 0..each {
        let requests = (transport.messages)(clients, &stamps);
        requests.iter().try_for_each(|request| publisher.publish(request))?;
    }
    Ok(())
}

/// A message for each user, many to a POST.
fn pushes(clients: usize, stamps: &dyn Fn() -> String) -> Vec<Vec<u8>> {
    let users: Vec<_> = (0..clients).collect();
    let one = |user: &usize| json!({ "user_id": format!("u{user}"), "data": { "message": stamps() } });
    let batch = |some: &[usize]| some.iter().map(one).collect::<Value>().to_string();
    users.chunks(BATCH).map(|some| post("/sse/push/batch", &batch(some))).collect()
}

/// The last position in what a client was sent: 16 hexadecimal digits, a dash, and a number.
fn position(said: &str) -> Option<&str> {
    let before = |dash: usize| said.get(dash.checked_sub(16)?..dash);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    said.rmatch_indices('-').find_map(|(dash, _)| {
        let after = said.get(dash + 1..)?;
        let length = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_one = length > 0 && before(dash).is_some_and(digits);
        is_one.then(|| said.get(dash - 16..dash + 1 + length)).flatten()
    })
}

/// What a Socket.IO server calls the session that a client may come back to.
fn pid(said: &str) -> Option<&str> {
    let (_, from) = said.split_once("\"pid\":\"")?;
    Some(from.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_position_is_found_among_other_ids() {
        let said = "id: 00000000deadbeef-1\nid: 00000000deadbeef-27\n6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        assert_eq!(position(said), Some("00000000deadbeef-27"));
        assert_eq!(position("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), None);
    }

    #[test]
    fn a_session_is_known_by_its_pid() {
        assert_eq!(pid(r#"40{"sid":"a","pid":"p1"}"#), Some("p1"));
    }
}
