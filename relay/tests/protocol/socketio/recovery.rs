//! Connection state recovery with the unmodified client, on one node.

use serde_json::{Value, json};

use crate::support::{TestRelay, node};

/// Each way that a session of version 4 may go.
const WAYS: [&str; 3] = ["['polling']", "['websocket']", "['polling', 'websocket']"];

/// A client of alice in the conversation `c`, which notes the numbers that it is sent; `n` sends one to the
/// conversation, and `all` waits until everything that was sent before has come.
pub(super) const ALICE: &str = r#"
    const got = [];
    const socket = connect(4, { transports: TRANSPORTS, auth: { userId: "alice" } });
    socket.on("n", (n) => got.push(n));
    await next(socket, "connect");
    await ask(socket, "conversation:join", { conversationId: "c" });
    const send = (to, n) => post("/api/socketio/emit", { event: "n", ...to, data: n });
    const n = (n) => send({ conversationId: "c" }, n);
    const all = async () => {
        const last = next(socket, "last");
        await post("/api/socketio/emit", { event: "last", socket: socket.id });
        await last;
        return got;
    };
"#;

/// What `script` returns, after [`ALICE`] by this way.
pub(crate) async fn alice(address: impl std::fmt::Display, way: &str, script: &str) -> Value {
    node(address, &(ALICE.replace("TRANSPORTS", way) + script)).await
}

/// The same on a websocket to a relay that keeps rooms.
async fn kept(settings: &[(&str, &str)], script: &str) -> Value {
    let keep = [("HISTORY", "rooms=100/60")];
    let relay = TestRelay::with(&[&keep[..], settings].concat());
    alice(relay.address, "['websocket']", script).await
}

#[tokio::test]
async fn r002_13_a_client_that_comes_back_has_its_id_its_rooms_and_what_it_missed() {
    let relay = TestRelay::with(&[("HISTORY", "rooms=100/60")]);
    for way in WAYS {
        let script = r#"
            const former = socket.id;
            await n(1);
            const recovered = await away(socket, async () => { await n(2); await n(3); });
            await n(4);
            return [recovered, former === socket.id, await all()];"#;
        assert_eq!(alice(relay.address, way, script).await, json!([true, true, [1, 2, 3, 4]]), "{way}");
    }
}

#[tokio::test]
async fn r002_13_a_client_that_got_no_event_recovers_too() {
    let script = "return [await away(socket, () => n(1)), await all()];";
    assert_eq!(kept(&[], script).await, json!([true, [1]]));
}

#[tokio::test]
async fn r002_13_events_of_other_rooms_are_not_replayed() {
    let script = r#"
        await n(1);
        const recovered = await away(socket, async () => {
            await send({ conversationId: "other" }, 2);
            await send({ room: "conversation:" }, 3);
            await n(4);
        });
        return [recovered, await all()];"#;
    assert_eq!(kept(&[], script).await, json!([true, [1, 4]]));
}

#[tokio::test]
async fn r002_13_a_room_that_was_left_is_not_entered_again() {
    let script = r#"
        await ask(socket, "conversation:join", { conversationId: "d" });
        await ask(socket, "conversation:leave", { conversationId: "c" });
        const recovered = await away(socket, () => n(1));
        await n(2);
        await send({ conversationId: "d" }, 3);
        return [recovered, await all()];"#;
    assert_eq!(kept(&[], script).await, json!([true, [3]]));
}

#[tokio::test]
async fn r002_13_twenty_fast_reconnects_lose_and_double_nothing() {
    let relay = TestRelay::with(&[("HISTORY", "rooms=1000/60,users=1000/60")]);
    for way in ["['polling']", "['websocket']"] {
        let script = r#"
            const former = socket.id;
            let sending = true;
            const sender = (async () => {
                let count = 0;
                while (sending) {
                    await n(count);
                    await send({ user: "alice" }, 1e6 + count++);
                }
                return count;
            })();
            let recovered = 0;
            for (let times = 0; times < 20; times++) recovered += await away(socket);
            sending = false;
            const count = await sender;
            while (got.length < 2 * count) await pause(10);
            await all();
            const whole = (numbers, from) => numbers.every((n, at) => n === from + at) && numbers.length === count;
            const rooms = got.filter((n) => n < 1e6), user = got.filter((n) => n >= 1e6);
            return [recovered, former === socket.id, whole(rooms, 0), whole(user, 1e6)];"#;
        assert_eq!(alice(relay.address, way, script).await, json!([20, true, true, true]), "{way}");
    }
}

#[tokio::test]
async fn r002_13_messages_for_the_user_come_once_whichever_event_was_the_last() {
    let settings = [("HISTORY", "rooms=100/60,users=100/60")];
    let script = r#"
        const u = (n) => send({ user: "alice" }, n);
        await n(1); await u(2);
        const first = await away(socket, async () => { await u(3); await n(4); });
        await all(); await u(5);
        const second = await away(socket, async () => { await n(6); await u(7); });
        return [first, second, (await all()).sort()];"#;
    assert_eq!(kept(&settings, script).await, json!([true, true, [1, 2, 3, 4, 5, 6, 7]]));
}

#[tokio::test]
async fn r002_13_what_no_history_keeps_does_not_break_the_offset() {
    let script = r#"
        await n(1);
        const events = [next(socket, "text"), next(socket, "chat:thinking")];
        await post("/api/socketio/emit", { event: "text", user: "alice", data: "no offset" });
        socket.emit("chat:message", { content: "to nobody" });
        const [[text]] = await Promise.all(events);
        return [await away(socket, () => n(2)), text, await all()];"#;
    assert_eq!(kept(&[], script).await, json!([true, "no offset", [1, 2]]));
}

#[tokio::test]
async fn r002_13_a_connection_that_its_client_has_given_up_is_closed_when_it_comes_back() {
    let relay = TestRelay::with(&[("HISTORY", "rooms=100/60")]);
    let script = r#"
        await n(1); await all();
        const twin = connect(4, { transports: TRANSPORTS, auth: { userId: "alice" }, autoConnect: false });
        [twin._pid, twin._lastOffset] = [socket._pid, socket._lastOffset];
        socket.io.reconnection(false);
        const [gone, back] = [next(socket, "disconnect"), next(twin, "connect")];
        const former = socket.id;
        twin.connect();
        await back;
        const [reason] = await gone;
        return [twin.recovered, twin.id === former, reason];"#;
    let script = script.replace("TRANSPORTS", "['websocket']");
    let outcome = alice(relay.address, "['websocket']", &script).await;
    assert_eq!(outcome, json!([true, true, "transport close"]));
    relay.has_connections(0).await;
}

#[tokio::test]
async fn r002_13_a_client_that_is_away_for_too_long_begins_anew() {
    let settings = [("SOCKETIO_MAX_DISCONNECTION_DURATION", "1000")];
    let script = r#"
        const former = socket.id;
        await n(1);
        const recovered = await away(socket, async () => { await n(2); await pause(1500); });
        await n(3);
        return [recovered, former === socket.id, await all()];"#;
    assert_eq!(kept(&settings, script).await, json!([false, false, [1]]));
}

#[tokio::test]
async fn r002_13_a_client_that_missed_more_than_is_kept_begins_anew() {
    let relay = TestRelay::with(&[("HISTORY", "rooms=5/60")]);
    let script = r#"
        await n(1); await all();
        const recovered = await away(socket, async () => { for (let i = 2; i < 9; i++) await n(i); });
        return [recovered, await all()];"#;
    assert_eq!(alice(relay.address, "['websocket']", script).await, json!([false, [1]]));
}

#[tokio::test]
async fn r002_13_a_client_that_shows_what_is_not_its_own_begins_anew() {
    let script = r#"
        await n(1); await all();
        const pid = socket._pid;
        socket._pid = "abc";
        const foreign = await away(socket);
        socket._pid = pid;
        socket.auth = { userId: "bob" };
        const other = await away(socket, () => n(2));
        return [foreign, other, await all()];"#;
    assert_eq!(kept(&[], script).await, json!([false, false, [1]]));
}

#[tokio::test]
async fn r002_13_a_client_that_left_begins_anew() {
    let script = r#"
        const former = socket.id;
        socket.disconnect();
        const back = next(socket, "connect");
        socket.connect();
        await back;
        return [socket.recovered, former === socket.id];"#;
    assert_eq!(kept(&[], script).await, json!([false, false]));
}

#[tokio::test]
async fn r002_06_clients_of_version_2_never_see_secrets_or_offsets() {
    let relay = TestRelay::with(&[("HISTORY", "rooms=100/60,users=100/60")]);
    let script = r#"
        const socket = await connected(2, { query: { userId: "alice" } });
        const events = [next(socket, "x"), next(socket, "y")];
        await post("/api/socketio/emit", { event: "x", data: "text" });
        await post("/api/socketio/emit", { event: "y", user: "alice", data: "text" });
        return Promise.all(events);"#;
    assert_eq!(node(relay.address, script).await, json!([["text"], ["text"]]));
}

#[tokio::test]
async fn r002_13_nothing_of_it_is_seen_where_no_rooms_are_kept() {
    let relay = TestRelay::with(&[("HISTORY", "users=100/60")]);
    let script = r#"
        const event = next(socket, "x");
        await post("/api/socketio/emit", { event: "x", data: "text" });
        return [await event, socket._pid ?? null, await away(socket) ?? false];"#;
    let outcome = alice(relay.address, "['websocket']", script).await;
    assert_eq!(outcome, json!([["text"], null, false]));
}

#[tokio::test]
async fn x21_a_session_is_not_recovered_without_a_good_token() {
    let (relay, _file) = crate::auth::relay(&[("HISTORY", "rooms=100/60")]);
    let good = crate::auth::token("alice", 60);
    let bob = crate::auth::token("bob", 60);
    let script = format!(
        r#"
        const socket = connect(4, {{ transports: ["websocket"], auth: {{ token: "{good}" }} }});
        await next(socket, "connect");
        const recovered = await away(socket);
        const secret = socket._pid;
        socket.io.reconnection(false);
        socket.auth = {{}};
        const gone = next(socket, "disconnect");
        socket.io.engine.close();
        await gone;
        const refused = next(socket, "connect_error");
        socket.connect();
        const [error] = await refused;
        const other = connect(4, {{ transports: ["websocket"], auth: {{ token: "{bob}" }}, autoConnect: false }});
        other._pid = secret;
        other.connect();
        await next(other, "connect");
        return [recovered, error.data.code, other.recovered];"#
    );
    assert_eq!(node(relay.address, &script).await, json!([true, 4001, false]));
}
