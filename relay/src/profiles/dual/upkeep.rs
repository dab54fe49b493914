//! What is done for connections now and then (requirements 004-17 to 004-19 and 004-31 to
//! 004-33).

use std::sync::Arc;
use std::time::Duration;

use super::recovery::{self, Recovery};
use crate::app::App;
use crate::debug::Memory;
use crate::hub::{CloseCode, Farewell};

/// Memory in percent above which idle connections are looked for at once.
const HIGH_MEMORY: f64 = 85.0;
const IDLE: Farewell = Farewell::new(CloseCode::GoingAway, "Connection timeout");

/// Looks after connections, for ever.
pub async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut since_cleanup, mut since_check) = (0, 0);
    let mut recovery = Recovery::default();
    loop {
        ticks.tick().await;
        let limits = app.settings.live().dual;
        since_cleanup += 1;
        since_check += 1;
        let soon = if recovery.is_under_way() { recovery::WAIT } else { u32::MAX };
        if since_check >= limits.health_check_interval.min(soon) {
            since_check = 0;
            let (healthy, unhealthy) = recovery.check(&app);
            app.players.trends.note(app.minutes(), healthy, unhealthy);
            if is_memory_high(Memory::now()) {
                since_cleanup = u32::MAX;
            }
        }
        if since_cleanup >= limits.cleanup_interval {
            since_cleanup = 0;
            clean_up(&app, limits.connection_timeout);
        }
    }
}

/// Ends idle connections, of all profiles (requirement 000-23), and forgets players who are long gone.
fn clean_up(app: &App, timeout: u32) {
    let mut ended = 0;
    app.hub.visit(|connection| {
        ended += usize::from(connection.idle() >= timeout && connection.finish(&IDLE));
        true
    });
    app.players.sessions.forget(|player| !app.players.connections(player).is_empty());
    if ended > 0 {
        tracing::info!("Cleaned up {ended} old connections");
    }
}

fn is_memory_high(memory: Memory) -> bool {
    let percent = memory.percent();
    if percent > HIGH_MEMORY {
        tracing::warn!("High memory usage: {percent:.1}%");
    }
    percent > HIGH_MEMORY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_32_memory_above_85_percent_is_high() {
        let high = [85, 86].map(|resident| is_memory_high(Memory { resident, limit: 100 }));
        assert_eq!(high, [false, true]);
    }
}
