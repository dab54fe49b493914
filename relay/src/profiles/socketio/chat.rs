//! What clients say (requirement 002-10).

use std::sync::Arc;

use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::Fields;
use super::{NAME, conversation};
use crate::bus::{Channel, Message};
use crate::config::Settings;
use crate::hub::Publisher;
use crate::profiles::identity;
use crate::transport::socketio::{Application, Args, Event, Peer, Refusal};

/// The business of the profile.
pub(super) struct Chat {
    pub(super) settings: Arc<Settings>,
    pub(super) publisher: Publisher,
}

#[async_trait]
impl Application for Chat {
    fn profile(&self) -> &'static str {
        NAME
    }

    fn max_payload(&self) -> usize {
        self.settings.live().socketio.options.max_payload
    }

    async fn admit(&self, peer: &Peer, _: Option<&str>) -> Result<(), Refusal> {
        if peer.namespace() == "/" { Ok(()) } else { Err(Refusal("Invalid namespace".to_owned())) }
    }

    async fn connected(&self, peer: &Peer, auth: Option<&str>) {
        let user = user_of(auth).or_else(|| user_in(peer.query()));
        if let Some(user) = &user {
            peer.take_messages_of(user);
        }
        tracing::info!(sid = peer.sid(), namespace = peer.namespace(), user_id = user, "Socket connected");
    }

    async fn event(&self, peer: &Peer, event: Event) {
        let outcome = match event.name.as_str() {
            "chat:message" => self.message(peer, &event.args).await,
            "conversation:join" => join(peer, &event.args),
            "conversation:leave" => leave(peer, &event.args),
            name => {
                tracing::debug!(sid = peer.sid(), event = name, "Event has no meaning");
                return;
            }
        };
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(sid = peer.sid(), event = event.name, error, "Event failed");
                let error = json!({ "status": "error", "error": error });
                peer.emit("chat:error", &Args::one(&error));
                error
            }
        };
        if let Some(id) = event.ack {
            peer.ack(id, &Args::one(&answer));
        }
    }

    async fn disconnected(&self, peer: &Peer) {
        tracing::info!(sid = peer.sid(), namespace = peer.namespace(), "Socket disconnected");
    }
}

impl Chat {
    /// Hands a message to the worker. The client is never left to wait for an answer that nobody
    /// will give.
    async fn message(&self, peer: &Peer, args: &Args) -> Result<Value, String> {
        let mut message = object(args)?;
        message.text("content")?.ok_or("Missing required field: content")?;
        let (conversation, new) = conversation::id_or_new(&message, "conversationId")?;
        let (id, _) = conversation::id_or_new(&message, "messageId")?;
        if !peer.join(&conversation::room(&conversation)) {
            return Err("Too many conversations".to_owned());
        }
        if new {
            peer.emit("conversation:created", &Args::one(&json!({ "conversationId": conversation })));
        }
        let ids = json!({ "messageId": id, "conversationId": conversation });
        peer.emit("chat:thinking", &Args::one(&ids));
        message.set("messageId", &id);
        message.set("conversationId", &conversation);
        message.set("sid", peer.sid());
        self.to_worker(&message).await?;
        tracing::info!(sid = peer.sid(), message_id = id, conversation_id = conversation, "Message routed");
        Ok(json!({ "status": "ok", "messageId": id, "conversationId": conversation }))
    }

    async fn to_worker(&self, message: &Fields) -> Result<(), String> {
        let payload = serde_json::to_vec(message).map_err(|error| error.to_string())?;
        let worker = self.settings.live().socketio.chat_worker.clone();
        let message = Message {
            id: Uuid::new_v4().to_string(),
            channel: Channel::user(&worker),
            seq: 0,
            timestamp: jiff::Timestamp::now().as_millisecond(),
            kind: "chat:message".to_owned(),
            payload: payload.into(),
        };
        let receipt = self.publisher.publish(message).await.map_err(|error| error.to_string())?;
        if receipt.delivered.total() == 0 && !receipt.published {
            return Err("No model is connected".to_owned());
        }
        Ok(())
    }
}

fn join(peer: &Peer, args: &Args) -> Result<Value, String> {
    let conversation = conversation_of(args)?;
    if !peer.join(&conversation::room(&conversation)) {
        return Err("Too many conversations".to_owned());
    }
    Ok(json!({ "status": "ok", "conversationId": conversation }))
}

fn leave(peer: &Peer, args: &Args) -> Result<Value, String> {
    let conversation = conversation_of(args)?;
    peer.leave(&conversation::room(&conversation));
    Ok(json!({ "status": "ok", "conversationId": conversation }))
}

fn conversation_of(args: &Args) -> Result<String, String> {
    let id = conversation::id(&object(args)?, "conversationId")?;
    id.ok_or_else(|| "Missing required field: conversationId".to_owned())
}

/// The first argument, which is an object.
fn object(args: &Args) -> Result<Fields, String> {
    let parsed = args.get(0).map(serde_json::from_str);
    parsed.and_then(Result::ok).ok_or_else(|| "The argument must be an object".to_owned())
}

/// The user that a client of version 2 says it is: it has a query in place of `auth`.
fn user_in(query: &str) -> Option<String> {
    let user = query.split('&').find_map(|pair| pair.strip_prefix("userId="))?;
    let user = percent_decode_str(user).decode_utf8().ok()?;
    identity::check("userId", &user).is_ok().then(|| user.into_owned())
}

/// The user that a client says it is.
fn user_of(auth: Option<&str>) -> Option<String> {
    let auth: Fields = serde_json::from_str(auth?).ok()?;
    let user = |name| auth.text(name).ok().flatten();
    let user = user("userId").or_else(|| user("user_id"))?;
    identity::check("userId", &user).is_ok().then_some(user)
}
