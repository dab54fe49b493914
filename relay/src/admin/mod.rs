//! The admin API (`relay_contract::admin`), on a port of its own: for probes, Prometheus and the
//! operator.

mod apply;
mod deadline;
mod drain;
pub mod probes;
mod reload;
mod signals;
mod status;
mod token;

use std::sync::Arc;

use axum::routing::{get, post, put};
use axum::{Extension, Router, middleware};
use relay_contract::admin::{CONFIG_PATH, DRAIN_PATH, RELOAD_PATH, STATUS_PATH};

use crate::app::App;
use crate::debug;
use crate::logs::LogControl;

pub use apply::apply_settings;

/// The routes of the admin port.
pub fn routes(app: Arc<App>, logs: LogControl) -> Router {
    let guarded = Router::new()
        .route(STATUS_PATH, get(status::handle))
        .route(DRAIN_PATH, put(drain::begin).delete(drain::cancel))
        .route(RELOAD_PATH, post(reload::reread))
        .route(CONFIG_PATH, put(reload::told))
        .layer(middleware::from_fn(deadline::keep))
        .merge(debug::routes())
        .layer(middleware::from_fn_with_state(app.clone(), token::check));
    Router::new()
        .route("/metrics", get(probes::metrics))
        .merge(probes::routes())
        .merge(guarded)
        .layer(Extension(logs))
        .with_state(app)
}
