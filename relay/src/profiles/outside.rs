//! What workers outside leave in Redis, on its way to clients (requirement 003-22).
//!
//! The body of an entry is that of one of three publish APIs, told apart by its target: an event of
//! a conversation with `conversation_id`, a push with `user_id`, or an emission. What is none of
//! them is counted and dropped: it holds nothing up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;

use super::{ApiError, json, push, socketio, tokens};
use crate::app::App;
use crate::bus::{BusError, Channel, Entry, Message};
use crate::metrics::WorkerEntry;

/// Time between two tries to publish what the bus has no room for.
const RETRY: Duration = Duration::from_millis(200);

/// Bytes of a body at most, whatever the setting is: what becomes of it fits into a frame of the bus.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// An entry that is to be published.
struct Given<'a> {
    /// Under which it goes once.
    key: &'a str,
    message: Arc<Message>,
}

/// Publishes entries as they come, without end. Those of one channel keep their order.
pub async fn run(app: Arc<App>) {
    loop {
        let entries = app.bus.entries().await;
        let mut channels: BTreeMap<Channel, Vec<Given<'_>>> = BTreeMap::new();
        for entry in &entries {
            match read(&app, entry) {
                Ok(message) => {
                    let given = Given { key: &entry.id, message: Arc::new(message) };
                    channels.entry(given.message.channel.clone()).or_default().push(given);
                }
                Err((outcome, why)) => refuse(&app, entry, outcome, &why),
            }
        }
        join_all(channels.into_values().map(|given| publish_all(&app, given))).await;
        app.bus.settled().await;
        app.bus.done(entries).await;
    }
}

/// Counts what cannot be published, and says why: nobody else will see it.
fn refuse(app: &App, entry: &Entry, outcome: WorkerEntry, why: &str) {
    app.metrics.workers.count(outcome);
    tracing::warn!(entry = entry.id, why, "An entry of a worker is no event");
}

async fn publish_all(app: &App, given: Vec<Given<'_>>) {
    for given in given {
        let outcome = loop {
            match publish(app, &given).await {
                Ok(outcome) => break outcome,
                // It stays the worker's until it is done: there is nobody to refuse it to.
                Err(BusError::Unavailable(_)) => tokio::time::sleep(RETRY).await,
            }
        };
        app.metrics.workers.count(outcome);
    }
}

/// An error means that nobody has it.
async fn publish(app: &App, Given { key, message }: &Given<'_>) -> Result<WorkerEntry, BusError> {
    let receipt = app.publisher.publish_again(message.clone(), key).await?;
    if receipt.duplicate {
        return Ok(WorkerEntry::Duplicate);
    }
    if message.channel.is_conversation() && receipt.delivered.total() > 0 {
        app.metrics.conversations.message(&message.kind);
    }
    Ok(WorkerEntry::Published)
}

/// The message that an entry asks for, or what is wrong with it.
fn read(app: &App, entry: &Entry) -> Result<Message, (WorkerEntry, String)> {
    let body = entry.body.as_ref().ok_or((WorkerEntry::NoBody, "no field body".to_owned()))?;
    let live = app.settings.live();
    if body.len() > live.max_message_size.min(MAX_BODY) {
        return Err((WorkerEntry::TooLarge, format!("{} bytes", body.len())));
    }
    message(body, &live.public_accounts).map_err(|error| (WorkerEntry::Invalid, error.to_string()))
}

fn message(body: &[u8], accounts: &[String]) -> Result<Message, ApiError> {
    let value = serde_json::from_slice(body);
    let value = value.map_err(|error| ApiError::invalid("", format!("not JSON: {error}")))?;
    let mut object = json::object("", value)?;
    if object.contains_key("conversation_id") {
        let conversation = json::name_of(&mut object, "conversation_id")?;
        tokens::event(&conversation, object)
    } else if object.contains_key("user_id") {
        push::message(Value::Object(object), accounts)
    } else {
        socketio::emission(object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_any_body_is_a_message_or_refused(value in fuzz::json(), bytes: Vec<u8>) {
            let _ = message(&bytes, &[]);
            if let Err(error) = message(value.to_string().as_bytes(), &[]) {
                prop_assert!(matches!(error, ApiError::Invalid { .. }), "{}", error);
            }
        }
    }

    fn channel(body: &str) -> Channel {
        message(body.as_bytes(), &[]).unwrap().channel
    }

    #[test]
    fn r003_22_an_event_goes_to_its_conversation() {
        let body = r#"{"conversation_id": "42", "event": "chunk", "content": "Hi"}"#;
        assert_eq!(channel(body), Channel::conversation("42"));
    }

    #[test]
    fn r003_22_a_push_goes_to_its_user() {
        assert_eq!(channel(r#"{"user_id": "alice", "data": {}}"#), Channel::user("alice"));
    }

    #[test]
    fn r003_22_an_emission_goes_to_its_room_or_user() {
        assert_eq!(channel(r#"{"user": "alice", "event": "n", "data": 1}"#), Channel::user("alice"));
        assert_eq!(channel(r#"{"room": "r", "event": "n"}"#), Channel::room("1:/r"));
    }

    #[test]
    fn what_has_no_event_is_refused() {
        for body in ["", "[]", "{}", r#"{"conversation_id": "42"}"#, r#"{"user_id": "alice"}"#] {
            assert!(message(body.as_bytes(), &[]).is_err(), "{body}");
        }
    }
}
