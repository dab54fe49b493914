//! What clients say (requirement 002-10).

use std::sync::Arc;

use async_trait::async_trait;
use http::request;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::fields::Fields;
use super::{NAME, conversation};
use crate::auth::{Gate, Shown};
use crate::bus::{Channel, Message};
use crate::config::Settings;
use crate::hub::{Farewell, Publisher};
use crate::metrics::RateLimit;
use crate::profiles::{access, identity, limits};
use crate::rate::{Bucket, Limits};
use crate::transport::socketio::{Admission, Application, Args, Event, Peer, Reason, Recovery, Refusal};

/// The business of the profile.
pub(super) struct Chat {
    pub(super) settings: Arc<Settings>,
    pub(super) publisher: Publisher,
    pub(super) gate: Arc<Gate>,
    pub(super) limits: Arc<Limits>,
    pub(super) recovery: Option<Arc<Recovery>>,
}

#[async_trait]
impl Application for Chat {
    fn profile(&self) -> &'static str {
        NAME
    }

    fn max_payload(&self) -> usize {
        self.settings.live().socketio.options.max_payload
    }

    fn max_channels(&self) -> usize {
        usize::try_from(self.settings.live().quotas.channels).unwrap_or(usize::MAX)
    }

    fn has(&self, namespace: &str) -> bool {
        namespace == "/"
    }

    /// A client that has to show a token is whom it speaks for; any other is who it says.
    async fn authenticate(&self, request: &request::Parts, auth: Option<&str>) -> Result<Admission, Refusal> {
        let live = self.settings.live();
        let shown = Shown { request, auth, origins: &live.origins };
        let identity = self.gate.admit(NAME, &shown).await;
        let identity = identity.map_err(|error| refusal(&access::farewell(&error)))?;
        let asked = user_of(auth).or_else(|| user_in(request.uri.query().unwrap_or_default()));
        if identity.as_ref().zip(asked.as_ref()).is_some_and(|(identity, asked)| identity.subject != *asked) {
            return Err(refusal(&access::FORBIDDEN));
        }
        let lasts = identity.as_ref().and_then(|identity| self.gate.time_left(identity));
        let user: Option<Arc<str>> = identity.map(|identity| identity.subject).or(asked).map(Into::into);
        if let Some(user) = &user
            && self.limits.take(RateLimit::Connections, &live.quotas, &**user).is_err()
        {
            return Err(refusal(&limits::TOO_OFTEN));
        }
        Ok(Admission { user, lasts })
    }

    fn takes(&self, left: &mut Bucket) -> bool {
        self.limits.take_own(RateLimit::Messages, &self.settings.live().quotas, left).is_ok()
    }

    fn recovery(&self) -> Option<&Arc<Recovery>> {
        self.recovery.as_ref()
    }

    fn entering(&self, peer: &Peer) {
        if let Some(user) = peer.user() {
            peer.take_messages_of(user);
        }
    }

    async fn connected(&self, peer: &Peer, _: Option<&str>) {
        let (namespace, user, recovered) = (peer.namespace(), peer.user(), peer.recovered());
        tracing::info!(sid = peer.sid(), namespace, user_id = user, recovered, "Socket connected");
    }

    async fn event(&self, peer: &Peer, event: Event) {
        let outcome = match event.name.as_str() {
            "chat:message" => self.message(peer, &event.args).await,
            "conversation:join" => self.join(peer, &event.args),
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

    async fn disconnected(&self, peer: &Peer, reason: Reason) {
        tracing::info!(sid = peer.sid(), namespace = peer.namespace(), %reason, "Socket disconnected");
    }
}

impl Chat {
    /// Hands a message to the worker. The client is never left to wait for an answer that nobody
    /// will give.
    async fn message(&self, peer: &Peer, args: &Args) -> Result<Value, String> {
        let quotas = self.settings.live().quotas;
        let name = peer.user().unwrap_or_else(|| peer.sid());
        self.limits.take(RateLimit::UserMessages, &quotas, name).map_err(|limited| limited.to_string())?;
        let mut message = object(args)?;
        message.text("content")?.ok_or("Missing required field: content")?;
        let (conversation, new) = conversation::id_or_new(&message, "conversationId")?;
        let (id, _) = conversation::id_or_new(&message, "messageId")?;
        self.enter(peer, &conversation)?;
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

    fn enter(&self, peer: &Peer, conversation: &str) -> Result<(), String> {
        if peer.join(&conversation::room(conversation)) {
            return Ok(());
        }
        self.limits.note(RateLimit::Channels);
        Err("Too many conversations".to_owned())
    }

    fn join(&self, peer: &Peer, args: &Args) -> Result<Value, String> {
        let conversation = conversation_of(args)?;
        self.enter(peer, &conversation)?;
        Ok(json!({ "status": "ok", "conversationId": conversation }))
    }

    async fn to_worker(&self, message: &Fields) -> Result<(), String> {
        let payload = serde_json::to_vec(message).map_err(|error| error.to_string())?;
        let worker = self.settings.live().socketio.chat_worker.clone();
        let message = Message::new(Channel::user(&worker), "chat:message", payload);
        let receipt = self.publisher.publish(message).await.map_err(|error| error.to_string())?;
        if receipt.delivered.total() == 0 && !receipt.published {
            return Err("No model is connected".to_owned());
        }
        Ok(())
    }
}

/// The goodbye of a WebSocket, as a Socket.IO client is told it.
fn refusal(farewell: &Farewell) -> Refusal {
    Refusal { message: farewell.reason.clone(), code: farewell.code }
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
