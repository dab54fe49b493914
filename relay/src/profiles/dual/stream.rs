//! `GET /sse/{player_id}` (requirement 004-02), on the TCP connection itself or inside an answer
//! of the HTTP server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, header, request};

use super::errors::Kind;
use super::player::{is_stream, place_of, player_of, session_of};
use super::shape::{KeptEvent, PlayerEvent};
use super::{NAME, persist};
use crate::app::App;
use crate::auth::{ClientAddress, Identity};
use crate::bus::{Channel, Position};
use crate::drain::RESTART;
use crate::hub::{Membership, Opening, Socket, Transport, Wanted, Wire};
use crate::profiles::places::Place;
use crate::profiles::{ApiError, Direct, access, direct, limits, resume};
use crate::server::throttle;
use crate::transport::sse::{self, Framing, SseWire};

/// A player who may have a stream.
struct Admitted {
    player: String,
    session: Option<String>,
    place: Place,
    client_ip: IpAddr,
    begin: Instant,
    /// Where the client was.
    since: Option<Position>,
}

/// A stream in the hub.
struct Opened {
    membership: Membership,
    place: Place,
    /// What it is to recover before its first message.
    wanted: Option<Wanted>,
    framing: Framing,
}

/// The stream that a request asks for. `None`: it asks for none, or is to be refused, which is
/// what [`handle`] does.
pub(in crate::profiles) fn stream(app: &Arc<App>, request: &request::Parts) -> Option<Direct> {
    // Whose tokens have to be checked first is let in by the HTTP server.
    if !app.gate.is_open(NAME) || !is_stream(&request.uri) {
        return None;
    }
    // So is whose session has to be looked up.
    if session_of(&request.uri).ok()?.is_some()
        && persist::is_to_be_recalled(app, &player_of(&request.uri).ok()?)
    {
        return None;
    }
    // Over the limit, the HTTP server is to say so.
    throttle::note(app, request.uri.path(), &request.headers, &request.extensions).ok()?;
    let admitted = admit(app, request).now_or_never()?.ok()?;
    let opened_by = app.clone();
    let origin = request.headers.get(header::ORIGIN).cloned();
    Some(Direct::new(app, request, move |socket, framing, head| {
        // Boxed, and gone by the time the stream lives: its task has no room for what it began with.
        let entering = enter(opened_by.clone(), admitted, origin, socket, framing, head).boxed();
        async move {
            let Some(opened) = entering.await else { return };
            live(&opened_by, opened).await;
        }
        .boxed()
    }))
}

/// Opens the stream, if the cluster has a place for it. Otherwise the page at `origin` is told so.
async fn enter(
    app: Arc<App>,
    admitted: Admitted,
    origin: Option<HeaderValue>,
    socket: Socket,
    framing: Framing,
    head: Bytes,
) -> Option<Opened> {
    if admitted.place.ask().await {
        return Some(open(&app, admitted, socket, framing, &head));
    }
    note(&app, &admitted.player, &ApiError::TooManyConnections);
    let asked = HeaderMap::from_iter(origin.map(|origin| (header::ORIGIN, origin)));
    direct::refuse(socket, &app, &asked, ApiError::TooManyConnections).await;
    None
}

/// The same inside an answer of the HTTP server: for a request that is not its connection's first.
pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    if !app.drain.is_accepting() {
        return Ok(ended());
    }
    let refused = |error: &ApiError| note(&app, &player_of(&parts.uri).unwrap_or_default(), error);
    let identity = authenticate(&app, &parts).await.inspect_err(refused)?;
    let admitted = admit(&app, &parts).await.inspect_err(refused)?;
    if !admitted.place.ask().await {
        return Err(ApiError::TooManyConnections).inspect_err(refused);
    }
    let (socket, body) = sse::pair().map_err(|_| ApiError::NoRoom)?;
    let opened = open(&app, admitted, socket, Framing::Bare, &[]);
    access::bound(&app, identity.as_ref(), opened.membership.connection());
    let held = app.clone();
    app.tasks.spawn(async move { live(&held, opened).await });
    let mut response = Response::new(body);
    *response.headers_mut() = sse::answer_headers();
    Ok(response)
}

/// Who the player is. A stranger must not get as far as to enter a session, which would end the
/// player's connections.
async fn authenticate(app: &App, request: &request::Parts) -> Result<Option<Identity>, ApiError> {
    let player = player_of(&request.uri)?;
    let identity = access::of_request(app, NAME, request).await?;
    access::name(identity.as_ref(), Some(player)).ok_or(ApiError::Forbidden)?;
    Ok(identity)
}

/// A stream that ends at once, and tells when to come back: a browser would take any other status
/// than 200 as final (WHATWG HTML section 9.2.3).
fn ended() -> Response {
    let mut response = Response::new(SseWire::<PlayerEvent>::BARE.goodbye(&RESTART).into());
    *response.headers_mut() = sse::answer_headers();
    response
}

async fn admit(app: &App, request: &request::Parts) -> Result<Admitted, ApiError> {
    let begin = Instant::now();
    let player = player_of(&request.uri)?;
    let session = session_of(&request.uri)?;
    let live = app.settings.live();
    if !live.origins.allow_request(&request.headers) {
        return Err(ApiError::Origin);
    }
    limits::attempt(app, &player)?;
    app.players.sessions.see(&player);
    // The connections of a replaced session hold their places for a moment longer.
    let replaced = match &session {
        Some(session) => app.players.enter(app, &player, session).await,
        None => 0,
    };
    // The cluster is asked by who can wait for its answer.
    let place = app.places.here(&place_of(&player), live.dual.max_connections, replaced);
    let place = place.ok_or(ApiError::TooManyConnections)?;
    let client_ip = ClientAddress::of(&request.extensions).ip;
    let since = resume::last_event_id(request);
    Ok(Admitted { player, session, place, client_ip, begin, since })
}

/// Notes why a stream is refused, by the guide's types of errors.
fn note(app: &App, player: &str, error: &ApiError) {
    let kind = match error {
        ApiError::Origin | ApiError::Denied(_) | ApiError::Unauthenticated(_) | ApiError::Forbidden => {
            Kind::Authentication
        }
        ApiError::Invalid { field, .. } if field == "session_id" => Kind::Session,
        _ => Kind::Connection,
    };
    let text = match kind {
        Kind::Session => format!("session validation failed: {error}"),
        _ => error.to_string(),
    };
    app.players.errors.note(kind, player, text);
}

fn open(app: &App, admitted: Admitted, socket: Socket, framing: Framing, head: &[u8]) -> Opened {
    let channel = Channel::user(&admitted.player);
    let wanted = app.hub.wanted(&channel, admitted.since);
    let plain = SseWire::<PlayerEvent>::of(framing);
    let opening = Opening {
        socket,
        channels: vec![channel],
        identity: admitted.player,
        profile: NAME,
        transport: Transport::Sse,
        wire: if wanted.is_some() { SseWire::<KeptEvent>::of(framing) } else { plain },
        greeting: Bytes::from([head, &plain.opening()].concat()),
    };
    let membership = if wanted.is_some() { app.hub.open_held(opening) } else { app.hub.open(opening) };
    super::established(app, membership.connection(), admitted.client_ip, admitted.begin);
    app.players.recheck(membership.connection(), admitted.session.as_deref());
    Opened { membership, place: admitted.place, wanted, framing }
}

async fn live(app: &App, Opened { membership, place, wanted, framing }: Opened) {
    let connection = membership.connection().clone();
    resume::stream(app, &connection, wanted, SseWire::<KeptEvent>::of(framing)).await;
    sse::run(&connection).await;
    drop(membership);
    drop(place);
    super::ended(app, &connection);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Connection;

    /// Bytes of the future that a function makes.
    fn size<'a, F>(_: fn(&'a App, Opened) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_stream_keeps_little() {
        let (task, connection) = (size(live), size_of::<Connection>());
        assert!(task <= 560 && connection <= 344, "{task} and {connection} bytes");
    }
}
