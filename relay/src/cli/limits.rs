//! What this machine allows, looked at before clients find out (requirement 000-23).

use relay::config::connections_for;

/// Warns of more connections than files may be open: each is one.
pub(super) fn check_open_files(max_connections: u64) {
    let Some((files, enough_for)) = connections_for() else { return };
    if max_connections > enough_for {
        tracing::warn!(
            max_connections,
            nofile = files,
            "MAX_TOTAL_CONNECTIONS is more than the limit of open files allows; raise nofile (ulimit -n) to serve them"
        );
    }
}
