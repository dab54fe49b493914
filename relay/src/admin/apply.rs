//! Makes live settings take effect where they are not asked for each time.

use crate::app::App;
use crate::bus::Resized;
use crate::logs::LogControl;

/// Applies the settings in use, and reads keys and certificates again.
pub fn apply_settings(app: &App, logs: &LogControl) {
    let live = app.settings.live();
    let limits = &app.hub.shared().limits;
    limits.set(live.max_queue_bytes, live.max_queue_items, |profile| live.overflow.of(profile));
    limits.set_batch(live.message_batch_size);
    if app.history.resize(&live.history) == Resized::OtherClasses {
        tracing::warn!(history = %live.history, "Which classes HISTORY keeps changes with a new process");
    }
    logs.set(live.log_level, &live.debug.targets);
    app.gate.refresh();
    for key in [&app.publish_key, &app.admin_token].into_iter().flatten() {
        if let Err(error) = key.reload() {
            tracing::warn!(%error, "Key could not be read again; the old one stays");
        }
    }
}
