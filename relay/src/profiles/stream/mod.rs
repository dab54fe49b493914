//! The `stream` profile: anonymous sockets that send events, a bounded buffer, workers that
//! publish them in batches, and streams for dashboards (rows 001-01 to 001-24).
//!
//! An event reaches those who asked for events, on every node: `/stream/events`, and sockets with
//! `?subscribe=true`. Statistics, aggregates, rules and the store of past events are those of one node.

mod aggregate;
mod buffer;
mod condition;
mod dashboard;
mod event;
mod http;
mod pipeline;
mod rules;
mod rules_http;
mod scale;
mod shape;
mod socket;
mod stats;
mod store;
mod viewer;
mod worker;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};

use crate::app::App;

pub(super) use dashboard::direct;
pub use event::{BadEvent, Event};
pub use pipeline::{Options, Pipeline};
pub use scale::Workers;
pub(super) use socket::connect;
pub use worker::run;

/// Name of the profile.
pub const NAME: &str = "stream";

/// Its routes, but for `/ws`, which it [shares](super::socket).
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/ws/ingest", get(socket::ingest))
        .route("/ws/ingest/", get(socket::ingest))
        .route(dashboard::METRICS, get(dashboard::metrics))
        .route(dashboard::EVENTS, get(dashboard::events))
        .route("/api/stats", get(http::stats))
        .route("/api/aggregates/{window}", get(http::aggregates))
        .route("/api/events", get(http::replay))
        .route("/api/rules", get(rules_http::list).post(rules_http::add))
        .route("/api/rules/{id}", delete(rules_http::remove))
}
