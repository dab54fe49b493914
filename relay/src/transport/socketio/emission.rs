//! An event on its way to a room, and how its members see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::offset::{self, Offset};
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
        let parts = parts(message);
        parts.map_or_else(Vec::new, |(namespace, name, args)| event(&namespace, &name, None, &args))
    }
}

/// The same where sessions can be recovered: events end with their [offsets](Offset). Clients of
/// version 2 know of none, and see what they see without.
#[derive(Clone, Copy, Debug)]
pub struct OffsetShape;

impl Shape for OffsetShape {
    const NAME_V3: &'static str = RoomShape::NAME_V3;
    const NAME_V4: &'static str = "socketio/4+offset";

    fn render(message: &Message, version: Version) -> Vec<Data> {
        if version == Version::V3 {
            return RoomShape::render(message, version);
        }
        let Some((namespace, name, mut args)) = parts(message) else { return Vec::new() };
        match Offset::of(message) {
            Some(offset) => offset.end(&mut args),
            None => offset::end_without(&mut args),
        }
        event(&namespace, &name, None, &args)
    }

    fn recovers(version: Version) -> bool {
        version == Version::V4
    }
}

/// Namespace, name and arguments of the event that a message is; none, if it is no event.
fn parts(message: &Message) -> Option<(String, String, Args)> {
    if Room::is_room(&message.channel) {
        return serde_json::from_slice(&message.payload).ok().map(Emission::into_parts);
    }
    let value = serde_json::from_slice::<Box<RawValue>>(&message.payload).ok()?;
    Some(("/".to_owned(), message.kind.clone(), Args::of(vec![value], Vec::new())))
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

    /// What clients of `version` get of an event with these arguments, at a position if there is one.
    fn offset_event(args: &str, position: Option<&str>, version: Version) -> Vec<Data> {
        let args = Args::parse(args, vec![Bytes::from_static(b"x"); args.matches("_placeholder").count()]);
        let mut message = Emission::message(&Room::named("/", "r"), "e", &args.unwrap());
        message.position = position.map(|position| position.parse().unwrap());
        OffsetShape::render(&message, version)
    }

    const POSITION: Option<&str> = Some("00000000deadbeef-7");

    #[test]
    fn an_event_ends_with_its_offset() {
        let expected = Data::Text(r#"2["e",1,"r00000000deadbeef-7"]"#.to_owned());
        assert_eq!(offset_event("[1]", POSITION, Version::V4), [expected]);
    }

    #[test]
    fn an_event_with_attachments_ends_with_its_offset() {
        let [Data::Text(text), Data::Binary(_)] =
            &offset_event(r#"[{"_placeholder":true,"num":0}]"#, POSITION, Version::V4)[..]
        else {
            panic!("a text and an attachment")
        };
        assert_eq!(text, r#"51-["e",{"_placeholder":true,"num":0},"r00000000deadbeef-7"]"#);
    }

    #[test]
    fn an_event_that_no_history_keeps_does_not_pass_for_an_offset() {
        let expected = Data::Text(r#"2["e","text",null]"#.to_owned());
        assert_eq!(offset_event(r#"["text"]"#, None, Version::V4), [expected]);
    }

    #[test]
    fn r002_06_clients_of_version_2_never_see_an_offset() {
        for position in [POSITION, None] {
            let expected = Data::Text(r#"2["e","text"]"#.to_owned());
            assert_eq!(offset_event(r#"["text"]"#, position, Version::V3), [expected]);
        }
    }

    #[test]
    fn a_message_to_a_user_ends_with_the_offset_of_the_users_history() {
        let mut message = Message::new(Channel::user("alice"), "message", r#""hi""#);
        message.position = POSITION.map(|position| position.parse().unwrap());
        let expected = Data::Text(r#"2["message","hi","u00000000deadbeef-7"]"#.to_owned());
        assert_eq!(OffsetShape::render(&message, Version::V4), [expected]);
    }
}
