//! nchan: publishing and subscribing inside of nginx.

use std::process::Command;

use anyhow::{Context, Result};

use super::process::{Place, Server};
use super::{FILLER, Subject};
use crate::crowd::Hello;
use crate::publisher::{Way, post};

/// The configuration, with gaps.
const CONFIGURATION: &str = include_str!("../../peers/nchan.conf");

/// nchan on one transport.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nchan {
    name: &'static str,
    hello: fn(String) -> Hello,
}

impl Nchan {
    /// By WebSocket.
    pub(super) const WEBSOCKET: Self = Self { name: "nchan websocket", hello: Hello::WebSocket };
    /// By EventSource.
    pub(super) const EVENT_STREAM: Self = Self { name: "nchan sse", hello: Hello::EventStream };
}

impl Subject for Nchan {
    fn name(&self) -> &'static str {
        self.name
    }

    /// As many workers as the relay has threads: one for each processor.
    fn start(&self) -> Result<Server> {
        let place = Place::new()?;
        let workers = std::thread::available_parallelism()?;
        let configuration = CONFIGURATION
            .replace("@folder@", &place.path("").to_string_lossy())
            .replace("@port@", &place.port.to_string())
            .replace("@workers@", &workers.to_string());
        let file = place.path("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut command = Command::new("nginx");
        command.arg("-e").arg(place.path("error.log")).arg("-p").arg(place.path("")).arg("-c").arg(file);
        Server::start(place, &mut command).context("nchan (Debian: nginx, libnginx-mod-nchan)")
    }

    fn user(&self, number: usize) -> Option<Hello> {
        Some((self.hello)(format!("/sub/u{number}")))
    }

    fn to_user(&self, number: usize, stamp: &str) -> Vec<u8> {
        post(&format!("/pub/u{number}"), &format!(r#"{{"message":"{stamp} {FILLER}"}}"#))
    }

    fn subscriber(&self) -> Hello {
        (self.hello)("/sub/all".to_owned())
    }

    fn way(&self) -> Way {
        Way::Post
    }

    fn to_all(&self, stamp: &str) -> Vec<u8> {
        post("/pub/all", &format!(r#"{{"message":"{stamp} {FILLER}"}}"#))
    }
}
