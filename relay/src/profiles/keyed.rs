//! Messages of a request with an [`Idempotency-Key`](super::idempotency): each has a key of its own.
//!
//! Where a history is kept that key is checked by the very script that appends the message. So if the
//! node dies over the request, whoever does it again publishes what was not, and nothing twice.

use std::sync::Arc;

use crate::app::App;
use crate::bus::{BusError, Message};
use crate::hub::Receipt;

tokio::task_local! {
    /// The name of the request that is done, if it has a key.
    static REQUEST: String;
}

/// Does a request that has this `name`, whichever node does it, and no other request has.
pub(super) async fn scope<T>(name: String, request: impl Future<Output = T>) -> T {
    REQUEST.scope(name, request).await
}

/// Publishes message `nth` of a request, counted from 0 in the same way each time that it is done.
///
/// # Errors
/// As [`Publisher::publish`](crate::hub::Publisher::publish).
pub(super) async fn publish(app: &App, message: Message, nth: usize) -> Result<Receipt, BusError> {
    match REQUEST.try_with(|name| format!("{name}:{nth}")) {
        Ok(key) if app.bus.keeps(&message.channel) => {
            app.publisher.publish_again(Arc::new(message), &key).await
        }
        _ => app.publisher.publish(message).await,
    }
}
