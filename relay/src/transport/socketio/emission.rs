//! An event on its way to a room, and how its members see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::packet::{Kind, Packet};
use super::{Args, Room};
use crate::bus::Message;
use crate::transport::engineio::{Data, Shape, Version};

/// An event for a room, as the payload of a message between nodes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Emission {
    namespace: String,
    event: String,
    args: Vec<Box<RawValue>>,
    /// In base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
}

impl Emission {
    /// The message that carries an event to all members of a room.
    pub fn message(room: &Room, event: &str, args: &Args) -> Message {
        let emission = Self {
            namespace: room.namespace().to_owned(),
            event: event.to_owned(),
            args: args.values().to_vec(),
            attachments: args.attachments().iter().map(|bytes| STANDARD.encode(bytes)).collect(),
        };
        Message::new(room.channel(), event.to_owned(), serde_json::to_vec(&emission).unwrap_or_default())
    }

    fn into_parts(self) -> (String, String, Args) {
        let attachments = self.attachments.iter().filter_map(|text| STANDARD.decode(text).ok());
        let attachments = attachments.map(Bytes::from).collect();
        (self.namespace, self.event, Args::of(self.args, attachments))
    }
}

/// Messages as Socket.IO clients see them: what went to a room as the event that it is, and what
/// went to a user by another profile as an event of the message's kind.
#[derive(Clone, Copy, Debug)]
pub struct RoomShape;

impl Shape for RoomShape {
    const NAME_V3: &'static str = "socketio/3";
    const NAME_V4: &'static str = "socketio/4";

    fn render(message: &Message, _: Version) -> Vec<Data> {
        if !Room::is_room(&message.channel) {
            let Ok(value) = serde_json::from_slice::<Box<RawValue>>(&message.payload) else {
                return Vec::new();
            };
            return event("/", &message.kind, None, &Args::of(vec![value], Vec::new()));
        }
        let Ok(emission) = serde_json::from_slice::<Emission>(&message.payload) else { return Vec::new() };
        let (namespace, name, args) = emission.into_parts();
        event(&namespace, &name, None, &args)
    }
}

/// The messages that an event becomes.
pub(super) fn event(namespace: &str, name: &str, id: Option<u64>, args: &Args) -> Vec<Data> {
    let kind = if args.attachments().is_empty() { Kind::Event } else { Kind::BinaryEvent };
    whole(kind, namespace, id, args, Some(name))
}

/// The messages that an acknowledgement becomes.
pub(super) fn ack(namespace: &str, id: u64, args: &Args) -> Vec<Data> {
    let kind = if args.attachments().is_empty() { Kind::Ack } else { Kind::BinaryAck };
    whole(kind, namespace, Some(id), args, None)
}

fn whole(kind: Kind, namespace: &str, id: Option<u64>, args: &Args, name: Option<&str>) -> Vec<Data> {
    let attachments = args.attachments();
    let packet =
        Packet { id, attachments: attachments.len(), ..Packet::new(kind, namespace, args.to_array(name)) };
    let mut messages = vec![Data::Text(packet.encode())];
    messages.extend(attachments.iter().cloned().map(Data::Binary));
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Channel;

    #[test]
    fn an_emission_with_attachments_survives_the_way_between_nodes() {
        let bytes = Bytes::from_static(&[1, 2, 3]);
        let args = Args::parse(r#"[{"_placeholder":true,"num":0}]"#, vec![bytes.clone()]).unwrap();
        let message = Emission::message(&Room::named("/chat", "r"), "file", &args);
        let expected = Data::Text(r#"51-/chat,["file",{"_placeholder":true,"num":0}]"#.to_owned());
        assert_eq!(RoomShape::render(&message, Version::V4), [expected, Data::Binary(bytes)]);
    }

    #[test]
    fn a_message_to_a_user_is_an_event_of_its_kind() {
        let mut message = Emission::message(&Room::named("/", "r"), "message", &Args::default());
        message.channel = Channel::user("alice");
        message.payload = r#"{"a":1}"#.into();
        let expected = Data::Text(r#"2["message",{"a":1}]"#.to_owned());
        assert_eq!(RoomShape::render(&message, Version::V4), [expected]);
    }
}
