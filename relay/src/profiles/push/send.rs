//! `POST /sse/send` (requirement 000-06): a push whose answers come back as an event stream.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::json;

use super::NAME;
use super::publish::{Outcome, log_refusal, publish};
use super::request::Push;
use super::shape::Answer;
use crate::app::App;
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Membership, Opening, Transport};
use crate::profiles::{ApiError, json};
use crate::transport::sse::{self, Event, SseWire};

/// How long answers may take, all together.
const TIMEOUT: Duration = Duration::from_secs(30);

const DONE: Farewell = Farewell::new(CloseCode::Normal, "Done");

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let push = json::read(&app, &headers, body).await.and_then(Push::parse).inspect_err(log_refusal)?;
    let (socket, body) = sse::pair().map_err(|_| ApiError::NoRoom)?;
    let correlation_id = push.correlation_id.clone();
    // Subscribed before the push is on its way: the first answer may be quick.
    let membership = app.hub.open(Opening {
        socket,
        identity: correlation_id.clone(),
        channels: vec![Channel::reply(&correlation_id)],
        profile: NAME,
        transport: Transport::Sse,
        wire: &SseWire::<Answer>::BARE,
        greeting: bytes::Bytes::new(),
    });
    if publish(&app, push).await? == Outcome::NotConnected {
        fail(membership.connection(), "User not connected", &correlation_id);
    }
    app.tasks.spawn(collect(membership, correlation_id));
    let mut response = Response::new(body);
    *response.headers_mut() = sse::answer_headers();
    Ok(response)
}

/// Serves the stream until the final answer, the client's end, or the timeout.
async fn collect(membership: Membership, correlation_id: String) {
    let connection = membership.connection();
    if tokio::time::timeout(TIMEOUT, sse::run(connection)).await.is_err() {
        fail(connection, "Timeout waiting for response", &correlation_id);
        sse::run(connection).await;
    }
}

fn fail(connection: &Connection, error: &str, correlation_id: &str) {
    let data = json!({ "error": error, "correlation_id": correlation_id }).to_string();
    let event = Event { data: Some(&data), ..Event::default() };
    connection.send_bytes(SseWire::<Answer>::BARE.event(event));
    connection.finish(&DONE);
}
