//! What the guides tell a person to look for, in one place.

use relay_contract::admin::Signals;

use crate::app::App;
use crate::debug::Memory;
use crate::hub::DropReason;

/// The signals as they are now.
pub(super) fn signals(app: &App) -> Signals {
    let (counts, figures) = (&app.hub.shared().counts, &app.metrics.signals);
    let queues = [DropReason::QueueFull, DropReason::NodeBudget].map(|reason| counts.total_dropped(reason));
    let engineio = app.socketio.figures();
    Signals {
        duplicate_users: figures.duplicate_users.get(),
        buffer_drops: app.metrics.events.buffer_drops() + queues.iter().sum::<u64>(),
        slow_processing: figures.slow_processing.get(),
        token_failures: app.gate.refusals(),
        session_switches: figures.session_switches.get(),
        origin_refusals: figures.origin_refusals.get(),
        slow_connections: app.metrics.players.slow.get(),
        redis_reconnects: app.bus.counters().reconnects,
        polling_sessions: engineio.polling(),
        socketio_sessions: engineio.polling() + engineio.websocket(),
        memory_percent: Memory::now().whole_percent(),
    }
}
