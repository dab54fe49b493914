//! How the WebSocket of a user begins, whichever profile they came by.

use bytes::Bytes;

use crate::bus::Channel;
use crate::hub::{Opening, Socket, Transport, Wire};

/// A WebSocket of `user` on the user's own channel, without a socket as yet: the place in the hub comes
/// before the client's 101, so that no message falls between the two.
pub(super) fn of_user(profile: &'static str, user: String, wire: &'static dyn Wire) -> Opening {
    Opening {
        socket: Socket::later(),
        channels: vec![Channel::user(&user)],
        identity: user,
        profile,
        transport: Transport::WebSocket,
        wire,
        greeting: Bytes::new(),
    }
}
