//! How this relay is doing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use relay_contract::admin::Status;

use super::signals::signals;
use crate::app::App;
use crate::metrics::{VERSION, drops};

pub(super) async fn handle(State(app): State<Arc<App>>) -> Json<Status> {
    Json(status(&app))
}

/// The status now.
pub(super) fn status(app: &App) -> Status {
    Status {
        version: VERSION.to_owned(),
        node: app.node.clone(),
        started_at: app.started_at,
        config: app.settings.status(),
        accepting: app.drain.is_accepting(),
        draining: app.drain.status(),
        connections: app.hub.counts(),
        queue_bytes: app.hub.shared().budget.used(),
        bus: app.bus.status(),
        drops: drops(&app.hub.shared().counts, &app.bus.counters()),
        signals: signals(app),
    }
}
