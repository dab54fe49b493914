//! What a relay says when it starts: one record in the log, and on a terminal one block for the
//! person in front of it.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _, stderr};

use relay::bus;
use relay::config::Boot;
use relay::metrics::VERSION;
use relay::profiles::PATHS;
use relay::server::Relay;

/// What there is to say.
struct Overview {
    node: String,
    /// Where clients are served.
    clients: Vec<String>,
    /// Where the operator's port is.
    admin: String,
    bus: String,
    page: bool,
    /// Whether publishing asks for a key.
    guarded: bool,
    /// Name, whether its clients are believed, and paths of each profile.
    profiles: Vec<(&'static str, bool, &'static str)>,
    max_connections: u64,
}

/// Tells what runs where. The block goes to standard error, so that the log stays what it is.
pub(super) fn announce(relay: &Relay, boot: &Boot) -> std::io::Result<()> {
    let overview = Overview::of(relay, boot)?;
    overview.log();
    if stderr().is_terminal() {
        stderr().write_all(overview.block().as_bytes())?;
    }
    Ok(())
}

impl Overview {
    fn of(relay: &Relay, boot: &Boot) -> std::io::Result<Self> {
        let app = relay.app();
        let clients = [relay.client_address()?].into_iter().chain(boot.also_listen.iter().copied());
        let profile = |(name, paths)| (name, app.gate.is_open(name), paths);
        Ok(Self {
            node: app.node.clone(),
            clients: clients.map(|address| format!("http://{address}")).collect(),
            admin: format!("http://{}", relay.admin_address()?),
            bus: bus_name(&boot.bus),
            page: boot.page,
            guarded: boot.publish_key_file.is_some(),
            profiles: PATHS.into_iter().filter(|(name, _)| app.profiles.has(name)).map(profile).collect(),
            max_connections: app.settings.live().max_total_connections,
        })
    }

    fn log(&self) {
        let (first, also) = self.clients.split_first().map_or(("", &[][..]), |(first, also)| (first, also));
        let auth = self.profiles.iter().map(|(name, open, _)| format!("{name}={}", asked(*open)));
        let profiles = self.profiles.iter().map(|(name, ..)| *name);
        tracing::info!(
            version = VERSION,
            node = self.node,
            clients = first,
            also = also.join(" "),
            admin = self.admin,
            bus = self.bus,
            profiles = profiles.collect::<Vec<_>>().join(","),
            auth = auth.collect::<Vec<_>>().join(","),
            page = self.page,
            max_connections = self.max_connections,
            "Relay started"
        );
        if !self.guarded {
            tracing::warn!("Publishing is open to anyone who can connect: PUBLISH_KEY_FILE is not set");
        }
    }

    fn block(&self) -> String {
        let mut block = format!("\nrelay {VERSION} as {}\n\n", self.node);
        let mut line = |name: &str, what: &str| {
            let _ = writeln!(block, "  {name:<10}{what}");
        };
        let page = if self.page { "   a page to try it with is at /" } else { "" };
        line("clients", &format!("{}{page}", self.clients.join("  ")));
        line("operator", &format!("{}   /readyz, /metrics, /admin/v1/status", self.admin));
        line("bus", &self.bus);
        line("publish", if self.guarded { "with a key" } else { "open to anyone who can connect" });
        for (name, open, paths) in &self.profiles {
            line(name, paths);
            if !open {
                line("", "(asks for a token)");
            }
        }
        block + "\n  Settings: relay settings. Ctrl-C drains and ends.\n\n"
    }
}

fn bus_name(bus: &bus::Config) -> String {
    match bus {
        bus::Config::Memory => "memory, this process alone".to_owned(),
        bus::Config::Redis { url, namespace, .. } => format!("{url}, namespace {namespace}"),
    }
}

/// What a profile asks of its clients, in a word.
fn asked(open: bool) -> &'static str {
    if open { "none" } else { "token" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_names_addresses_profiles_and_what_is_open() {
        let overview = Overview {
            node: "n".to_owned(),
            clients: vec!["http://127.0.0.1:8080".to_owned()],
            admin: "http://127.0.0.1:9090".to_owned(),
            bus: "memory".to_owned(),
            page: true,
            guarded: false,
            profiles: PATHS.map(|(name, paths)| (name, name != "dual", paths)).to_vec(),
            max_connections: 1,
        };
        let block = overview.block();
        for part in ["127.0.0.1:8080", "127.0.0.1:9090", "memory", "push ", "socketio ", "open to anyone"] {
            assert!(block.contains(part), "{part}: {block}");
        }
        assert_eq!(block.matches("asks for a token").count(), 1);
    }
}
