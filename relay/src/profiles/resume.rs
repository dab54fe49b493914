//! How a client goes on where it was, in the ways of the profiles: by `Last-Event-ID` on an event
//! stream, by `?resume=` on a WebSocket. What it is told is the same on both.
//!
//! A client keeps the last position that it was told, and gives it back when it comes again. On a
//! stream that is the `id` of events; on a socket the field `resume` of messages, which only those
//! get that ask for it: whoever does not sees what they always saw.

use bytes::Bytes;
use http::{HeaderMap, Uri, request};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::auth::parameter;
use crate::bus::{Message, Position};
use crate::hub::{Connection, Membership, Opening, Resumed, Wanted, Wire};
use crate::transport::sse::{Event, Shape, SseWire};
use crate::transport::ws::{self, WsWire};

/// Name of the event, and type of the message, that tells how a recovery went.
const RECOVERY: &str = "recovery";
/// The parameter of a socket's address, and the field of its messages.
const RESUME: &str = "resume";

/// Where the client of an event stream was: the header of WHATWG HTML section 9.2.4, or a parameter
/// of polyfills that can set none. None of one that is new; a text of another server is none, too.
pub(super) fn last_event_id(request: &request::Parts) -> Option<Position> {
    header(&request.headers).or_else(|| {
        let query = request.uri.query()?;
        let given = parameter(query, "lastEventId").or_else(|| parameter(query, "last_event_id"));
        given?.parse().ok()
    })
}

fn header(headers: &HeaderMap) -> Option<Position> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// Recovers what a stream missed, if its channel has a history, and lets it begin.
pub(super) async fn stream<S: Shape>(
    app: &App,
    connection: &Connection,
    wanted: Option<Wanted>,
    wire: &SseWire<S>,
) {
    let Some(wanted) = wanted else { return };
    let greet = |resumed: &Resumed| {
        let (id, data) = (standing(resumed), told(resumed).to_string());
        wire.event(event(id.as_deref(), &data))
    };
    // Boxed: the task of a connection that lives has no room for it.
    Box::pin(app.hub.resume(connection, vec![wanted], greet)).await;
}

fn told(resumed: &Resumed) -> Value {
    json!({ "recovered": resumed.recovered, "replayed": resumed.replayed })
}

fn event<'a>(id: Option<&'a str>, data: &'a str) -> Event<'a> {
    Event { id, name: Some(RECOVERY), data: Some(data), ..Event::default() }
}

/// What whoever misses messages up to a position is told: the same as who comes back and misses some.
fn gap(at: Position) -> Resumed {
    Resumed { standing: vec![Some(at)], ..Resumed::default() }
}

/// The event that tells a stream of a gap.
pub(super) fn gap_event(at: Position) -> String {
    event(Some(&at.to_string()), &told(&gap(at)).to_string()).to_text()
}

/// The message, whose field `kind` says what it is, that tells a socket of a gap.
pub(super) fn gap_message(at: Position, kind: &str) -> String {
    Value::Object(recovery(&gap(at), kind)).to_string()
}

fn standing(resumed: &Resumed) -> Option<String> {
    resumed.standing.first().copied().flatten().map(|position| position.to_string())
}

/// A socket that asks to be told where it stands.
#[derive(Debug)]
pub(super) struct Asked(Option<Position>);

impl Asked {
    /// What the address says. `None`: nothing about it.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let query = uri.query()?;
        let mut names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
        names
            .any(|name| name == RESUME)
            .then(|| Self(parameter(query, RESUME).and_then(|position| position.parse().ok())))
    }
}

/// A socket in the hub that is to be told how its recovery went, before its first message.
#[derive(Debug)]
pub(super) struct Pending(Vec<Wanted>);

/// Takes a socket into the hub; one that has asked is held until it is [told](tell).
pub(super) fn open(app: &App, opening: Opening, asked: Option<Asked>) -> (Membership, Option<Pending>) {
    let Some(Asked(since)) = asked else { return (app.hub.open(opening), None) };
    let wanted = opening.channels.iter().filter_map(|channel| app.hub.wanted(channel, since)).collect();
    (app.hub.open_held(opening), Some(Pending(wanted)))
}

/// Tells a socket that asked how its recovery went, in a message whose field `kind` says so, and lets it
/// begin.
pub(super) async fn tell(
    app: &App,
    connection: &Connection,
    pending: Option<Pending>,
    kind: &'static str,
    frame: impl FnOnce(&str) -> Bytes + Send,
) {
    let Some(Pending(wanted)) = pending else { return };
    let greet = |resumed: &Resumed| frame(&Value::Object(recovery(resumed, kind)).to_string());
    Box::pin(app.hub.resume(connection, wanted, greet)).await;
}

fn recovery(resumed: &Resumed, kind: &str) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert(kind.to_owned(), RECOVERY.into());
    told.insert("recovered".to_owned(), resumed.recovered.into());
    told.insert("replayed".to_owned(), resumed.replayed.into());
    told.extend(standing(resumed).map(|position| (RESUME.to_owned(), position.into())));
    told
}

/// A shape of sockets that has one more form, in which messages tell where they stand.
pub(super) trait Resumable: ws::Shape {
    /// Name of that form.
    const RESUMABLE: &'static str;
    /// The field of its messages that says what they are.
    const KIND: &'static str = "type";
}

/// That form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<S>(std::marker::PhantomData<fn() -> S>);

impl<S: Resumable> ws::Shape for Told<S> {
    const NAME: &'static str = S::RESUMABLE;

    fn render(message: &Message) -> Bytes {
        let text = S::render(message);
        match message.position {
            Some(position) => with_position(&text, position).unwrap_or(text),
            None => text,
        }
    }

    fn missed(at: Position) -> Option<String> {
        Some(gap_message(at, S::KIND))
    }
}

/// How a socket is written to that has asked or not.
pub(super) fn wire<S: Resumable>(asked: Option<&Asked>) -> &'static dyn Wire {
    if asked.is_some() { &WsWire::<Told<S>>::WIRE } else { &WsWire::<S>::WIRE }
}

/// A JSON object with the position as its last field, which counts should there be another one of
/// that name. `None`: it is no object.
pub(super) fn with_position(json: &[u8], position: Position) -> Option<Bytes> {
    let open = json.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let comma = if open.trim_ascii().is_empty() { "" } else { "," };
    let field = format!("{comma}\"{RESUME}\":\"{position}\"}}");
    Some([b"{", open, field.as_bytes()].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Epoch;

    const POSITION: Position = Position { epoch: Epoch::new(0xdead_beef), seq: 17 };
    const TEXT: &str = "00000000deadbeef-17";

    fn request(uri: &str, header: Option<&str>) -> request::Parts {
        let mut request = http::Request::get(uri);
        if let Some(id) = header {
            request = request.header("last-event-id", id);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_stream_goes_on_from_its_header_or_the_parameters_of_polyfills() {
        for uri in ["/s?lastEventId=", "/s?a=b&last_event_id="] {
            assert_eq!(last_event_id(&request(&format!("{uri}{TEXT}"), None)), Some(POSITION), "{uri}");
        }
        assert_eq!(last_event_id(&request("/s", Some(TEXT))), Some(POSITION));
    }

    #[test]
    fn an_id_of_another_server_is_no_position() {
        assert_eq!(last_event_id(&request("/s", Some("17"))), None);
    }

    #[test]
    fn a_socket_asks_with_a_position_or_without_one() {
        let asked = |uri: String| Asked::of(&uri.parse().unwrap()).map(|Asked(since)| since);
        let uris =
            [format!("/ws?resume={TEXT}"), "/ws?resume=".into(), "/ws?resume".into(), "/ws?a=b".into()];
        assert_eq!(uris.map(asked), [Some(Some(POSITION)), Some(None), Some(None), None]);
    }

    #[test]
    fn a_position_is_the_last_field_of_an_object() {
        for (json, expected) in [
            ("{}", format!(r#"{{"resume":"{TEXT}"}}"#)),
            (r#" {"a":{}} "#, format!(r#"{{"a":{{}},"resume":"{TEXT}"}}"#)),
        ] {
            assert_eq!(with_position(json.as_bytes(), POSITION).unwrap(), expected);
        }
        assert_eq!(with_position(b"[1]", POSITION), None);
    }
}
