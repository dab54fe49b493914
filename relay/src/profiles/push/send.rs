//! `POST /sse/send` (requirement 000-06): a push whose answers come back as an event stream.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::NAME;
use super::claims::{self, Claimed};
use super::publish::{Outcome, log_refusal, publish};
use super::request::Push;
use super::shape::Answer;
use crate::app::App;
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Hub, Membership, Opening, Socket, Transport};
use crate::profiles::limits::Caller;
use crate::profiles::{ApiError, json};
use crate::transport::sse::{self, Event, SseWire};

/// How long answers may take, all together.
const TIMEOUT: Duration = Duration::from_secs(30);

const DONE: Farewell = Farewell::new(CloseCode::Normal, "Done");

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Response, ApiError> {
    let push = json::read(&app, &caller, body).await.and_then(Push::parse).inspect_err(log_refusal)?;
    let (socket, body) = sse::pair().map_err(|_| ApiError::NoRoom)?;
    let correlation_id = push.correlation_id.clone();
    let user = push.target(&app.settings.live().public_accounts);
    let claimed = if push.is_chosen { Some(claim(&app, &user, &correlation_id).await?) } else { None };
    // Subscribed before the push is on its way: the first answer may be quick.
    let membership = app.hub.open(opening(socket, &user, &correlation_id));
    if claimed.as_ref().is_some_and(Claimed::is_lost) {
        return Err(ApiError::Answering);
    }
    if publish(&app, push, 0).await? == Outcome::NotConnected {
        fail(membership.connection(), "User not connected", &correlation_id);
    }
    app.tasks.spawn(async move {
        collect(membership, correlation_id, TIMEOUT).await;
        drop(claimed);
    });
    let mut response = Response::new(body);
    *response.headers_mut() = sse::answer_headers();
    Ok(response)
}

/// Two callers who chose the same id would get each other's answers.
async fn claim(app: &App, user: &str, correlation_id: &str) -> Result<Claimed, ApiError> {
    app.claims.claim(&claims::request(user, correlation_id)).await.ok_or(ApiError::Answering)
}

fn opening(socket: Socket, user: &str, correlation_id: &str) -> Opening {
    Opening {
        socket,
        identity: correlation_id.to_owned(),
        channels: vec![Channel::reply(user, correlation_id)],
        profile: NAME,
        transport: Transport::Sse,
        wire: &SseWire::<Answer>::BARE,
        greeting: bytes::Bytes::new(),
    }
}

/// Serves the stream until the final answer, the client's end, or the timeout.
async fn collect(membership: Membership, correlation_id: String, timeout: Duration) {
    let connection = membership.connection();
    if tokio::time::timeout(timeout, sse::run(connection)).await.is_err() {
        fail(connection, "Timeout waiting for response", &correlation_id);
        sse::run(connection).await;
    }
}

/// Ends a request whose answers another caller gets by right, on another node.
pub(super) fn end_refused(hub: &Hub, name: &str) {
    for connection in hub.members(&Channel::named(name.to_owned())) {
        fail(&connection, &ApiError::Answering.to_string(), &connection.identity);
    }
}

fn fail(connection: &Connection, error: &str, correlation_id: &str) {
    let data = json!({ "error": error, "correlation_id": correlation_id }).to_string();
    let event = Event { data: Some(&data), ..Event::default() };
    connection.send_bytes(SseWire::<Answer>::BARE.event(event));
    connection.finish(&DONE);
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::hub::testing;

    #[tokio::test]
    async fn r000_06_a_request_without_answers_ends_with_an_error() {
        let (socket, body) = sse::pair().unwrap();
        let membership = testing::hub().open(opening(socket, "alice", "c1"));
        tokio::spawn(collect(membership, "c1".to_owned(), Duration::from_millis(10)));
        let text = body.collect().await.unwrap().to_bytes();
        let expected = "data: {\"correlation_id\":\"c1\",\"error\":\"Timeout waiting for response\"}\n\n";
        assert_eq!(text, expected);
    }
}
