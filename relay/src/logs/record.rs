//! One event, as it is written down.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use tracing::Event;
use tracing::field::{Field, Visit};

use super::LogLevel;
use super::level::level_of;

/// What is known of an event.
pub(super) struct Record {
    pub(super) time: jiff::Timestamp,
    pub(super) level: LogLevel,
    /// Module that it comes from.
    pub(super) target: Cow<'static, str>,
    pub(super) message: String,
    /// Everything else, in the order of the code.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Record {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut record = Self {
            time: jiff::Timestamp::now(),
            level: level_of(event.metadata()),
            target: event.metadata().target().into(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut record);
        record
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            // Libraries that use `log` have their module in a field.
            ("log.target", Value::String(target)) => self.target = target.into(),
            (name, _) if name.starts_with("log.") => {}
            (name, value) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}
