//! The five profiles.

use super::broken::Broken;
use super::texts::is_user;
use crate::api::ProfilesSpec;

pub(super) fn check(spec: &ProfilesSpec, broken: &mut Broken) {
    let socketio = &spec.socketio;
    broken.range("spec.profiles.stream.bufferSize", spec.stream.buffer_size, 1, 1_000_000);
    let (interval, timeout) = (socketio.ping_interval_seconds, socketio.ping_timeout_seconds);
    broken.range("spec.profiles.socketio.pingIntervalSeconds", interval, 1, 86_400);
    broken.range("spec.profiles.socketio.pingTimeoutSeconds", timeout, 1, 86_400);
    broken.range("spec.profiles.socketio.maxMessageBytes", socketio.max_message_bytes, 1_000, 1_000_000_000);
    broken.range("spec.profiles.socketio.recoverySeconds", socketio.recovery_seconds, 1, 86_400);
    broken.range("spec.profiles.dual.sessionSeconds", spec.dual.session_seconds, 1, 315_360_000);
    broken.unless(!socketio.transports.is_empty(), "spec.profiles.socketio.transports", || {
        "at least one transport".to_owned()
    });
    broken.unless(is_user(&socketio.chat_worker), "spec.profiles.socketio.chatWorker", || {
        "letters, digits and any of `._@-`".to_owned()
    });
}
