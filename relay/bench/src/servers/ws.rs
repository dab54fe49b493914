//! `ws`, which most WebSocket servers in Node.js are made with.

use anyhow::Result;

use super::process::Server;
use super::{FILLER, Subject, npm};
use crate::crowd::{Hello, masked};
use crate::publisher::{Way, post};

/// `peers/ws.js`
#[derive(Clone, Copy, Debug)]
pub(super) struct Ws;

impl Subject for Ws {
    fn name(&self) -> &'static str {
        "ws"
    }

    fn start(&self) -> Result<Server> {
        npm::start("ws.js", &[])
    }

    fn user(&self, number: usize) -> Option<Hello> {
        Some(Hello::WebSocket(format!("/?user=u{number}")))
    }

    fn to_user(&self, number: usize, stamp: &str) -> Vec<u8> {
        post(&format!("/user/u{number}"), &format!(r#"{{"message":"{stamp} {FILLER}"}}"#))
    }

    fn subscriber(&self) -> Hello {
        Hello::WebSocket("/subscribe".to_owned())
    }

    fn way(&self) -> Way {
        Way::Frames("/publish".to_owned())
    }

    fn to_all(&self, stamp: &str) -> Vec<u8> {
        masked(format!(r#"{{"type":"tick","data":"{stamp} {FILLER}"}}"#).as_bytes())
    }
}
