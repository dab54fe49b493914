//! `/debug/*`: what the stream guide looks at when something is wrong (requirements 001-06 to
//! 001-10). On the admin port behind its token; on the clients' port under a [guard].

mod guard;
mod memory;
mod profile;
mod tasks;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};

use crate::app::App;

pub use guard::{Doors, Insight};
pub(crate) use memory::Memory;
pub use profile::Profiler;
pub use tasks::NamedTasks;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/debug/buffer", get(buffer))
        .route("/debug/workers", get(workers))
        .route("/debug/memory", get(memory::handle))
        .route("/debug/profile", get(profile::handle))
        .route("/debug/tasks", get(tasks::handle))
        .route("/debug/pause", post(pause))
        .route("/debug/resume", post(resume))
}

/// The routes for the clients' port.
pub fn guarded(app: Arc<App>) -> Router<Arc<App>> {
    routes().layer(middleware::from_fn_with_state(app, guard::check))
}

async fn buffer(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.events.debug_buffer())
}

async fn workers(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.events.debug_workers())
}

/// Requirement 001-21: no events are taken until [`resume`]; a restart forgets it.
async fn pause(State(app): State<Arc<App>>) -> Json<Value> {
    set_paused(&app, true)
}

async fn resume(State(app): State<Arc<App>>) -> Json<Value> {
    set_paused(&app, false)
}

fn set_paused(app: &App, paused: bool) -> Json<Value> {
    app.events.pause(paused);
    Json(json!({ "paused": paused }))
}
