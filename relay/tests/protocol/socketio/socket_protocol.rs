//! Socket.IO 5, case by case as the document of the protocol has it (requirement 002-13).

use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Example, Received};

async fn server() -> Example {
    Example::start("socketio_echo", &[]).await
}

/// A session in no namespace.
async fn session(server: &Example) -> Client {
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.address);
    let mut client = Client::connect(&url).await;
    assert!(matches!(client.next().await, Received::Text(terms) if terms.starts_with("0{")));
    client
}

async fn send(client: &mut Client, packet: &str) {
    client.send(Message::text(packet)).await;
}

async fn receive(client: &mut Client) -> String {
    match client.next().await {
        Received::Text(text) => text,
        other => panic!("{other:?} instead of a packet"),
    }
}

/// A session in `/`.
async fn connected(server: &Example) -> Client {
    let mut client = session(server).await;
    send(&mut client, "40").await;
    assert!(receive(&mut client).await.starts_with("40{\"sid\":\""));
    assert_eq!(receive(&mut client).await, r#"42["auth",{}]"#);
    client
}

#[tokio::test]
async fn r002_13_a_namespace_is_joined_with_and_without_a_payload() {
    let server = server().await;
    for (join, joined, auth) in [
        ("40", "40{\"sid\":\"", r#"42["auth",{}]"#),
        (r#"40{"token":"123"}"#, "40{\"sid\":\"", r#"42["auth",{"token":"123"}]"#),
        ("40/custom,", "40/custom,{\"sid\":\"", r#"42/custom,["auth",{}]"#),
        (r#"40/custom,{"token":"abc"}"#, "40/custom,{\"sid\":\"", r#"42/custom,["auth",{"token":"abc"}]"#),
    ] {
        let mut client = session(&server).await;
        send(&mut client, join).await;
        assert!(receive(&mut client).await.starts_with(joined), "{join}");
        assert_eq!(receive(&mut client).await, auth, "{join}");
    }
}

#[tokio::test]
async fn r002_13_an_unknown_namespace_is_refused_and_the_session_lives_on() {
    let server = server().await;
    let mut client = session(&server).await;
    send(&mut client, "40/random").await;
    assert_eq!(receive(&mut client).await, r#"44/random,{"message":"Invalid namespace"}"#);
    send(&mut client, "40").await;
    assert!(receive(&mut client).await.starts_with("40{"));
}

#[tokio::test]
async fn r002_13_a_packet_without_a_sense_closes_the_session() {
    let server = server().await;
    for packet in
        ["4abc", "42{}", r#"42abc["message-with-ack",1]"#, "42[", "47", r#"451["message"]"#, "42[1]"]
    {
        let mut client = connected(&server).await;
        send(&mut client, packet).await;
        assert!(matches!(client.next().await, Received::Close(..)), "{packet}");
    }
}

#[tokio::test]
async fn r002_13_an_event_before_the_namespace_is_joined_closes_the_session() {
    let server = server().await;
    let mut client = session(&server).await;
    send(&mut client, r#"42["message",1]"#).await;
    assert!(matches!(client.next().await, Received::Close(..)));
}

#[tokio::test]
async fn r002_13_a_session_that_joins_no_namespace_in_time_is_closed() {
    let server = Example::start("socketio_echo", &[("CONNECT_TIMEOUT", "100")]).await;
    let mut client = session(&server).await;
    assert_eq!(client.close_code().await, 1008);
}

#[tokio::test]
async fn r002_13_a_session_that_joined_in_time_may_be_silent() {
    let settings = [("CONNECT_TIMEOUT", "1000"), ("PING_INTERVAL", "1500")];
    let server = Example::start("socketio_echo", &settings).await;
    let mut client = connected(&server).await;
    assert_eq!(receive(&mut client).await, "2");
}

#[tokio::test]
async fn r002_13_a_client_leaves_one_namespace_and_stays_in_the_other() {
    let server = server().await;
    for (leave, other) in [("41/custom", ""), ("41", "/custom,")] {
        let mut client = connected(&server).await;
        send(&mut client, "40/custom").await;
        receive(&mut client).await;
        receive(&mut client).await;
        send(&mut client, leave).await;
        send(&mut client, &format!(r#"42{other}["message","still here"]"#)).await;
        assert_eq!(receive(&mut client).await, format!(r#"42{other}["message-back","still here"]"#));
    }
}

#[tokio::test]
async fn r002_13_a_client_without_a_namespace_keeps_its_session() {
    let server = Example::start("socketio_echo", &[("PING_INTERVAL", "100")]).await;
    let mut client = connected(&server).await;
    send(&mut client, "41").await;
    assert_eq!(receive(&mut client).await, "2");
}

#[tokio::test]
async fn r002_13_events_and_acknowledgements_keep_their_arguments() {
    let server = server().await;
    let mut client = connected(&server).await;
    for (sent, back) in [
        (r#"42["message",1,"2",{"3":[true]}]"#, r#"42["message-back",1,"2",{"3":[true]}]"#),
        (r#"42456["message-with-ack",1,"2",{"3":[false]}]"#, r#"43456[1,"2",{"3":[false]}]"#),
        (r#"42["message"]"#, r#"42["message-back"]"#),
        (r#"420["message-with-ack"]"#, "430[]"),
    ] {
        send(&mut client, sent).await;
        assert_eq!(receive(&mut client).await, back);
    }
}

#[tokio::test]
async fn r002_13_attachments_follow_their_packet_both_ways() {
    let server = server().await;
    let mut client = connected(&server).await;
    let two = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
    for (sent, back) in [
        (format!(r#"452-["message",{two}]"#), format!(r#"452-["message-back",{two}]"#)),
        (format!(r#"452-789["message-with-ack",{two}]"#), format!("462-789[{two}]")),
    ] {
        send(&mut client, &sent).await;
        client.send(Message::binary(vec![1, 2, 3])).await;
        client.send(Message::binary(vec![4, 5, 6])).await;
        assert_eq!(receive(&mut client).await, back);
        assert_eq!(client.next_binary().await, [1, 2, 3]);
        assert_eq!(client.next_binary().await, [4, 5, 6]);
    }
}

#[tokio::test]
async fn r002_06_version_2_is_in_the_main_namespace_unasked() {
    let server = server().await;
    let url = format!("ws://{}/socket.io/?EIO=3&transport=websocket", server.address);
    let mut client = Client::connect(&url).await;
    receive(&mut client).await;
    assert_eq!(receive(&mut client).await, "40");
    receive(&mut client).await;
    for (join, answer) in [("40/custom", "40/custom"), ("40/nope", r#"44/nope,"Invalid namespace""#)] {
        send(&mut client, join).await;
        let told = receive(&mut client).await;
        assert!(told.starts_with(answer), "{told}");
        if join == "40/custom" {
            receive(&mut client).await;
        }
    }
}
