//! Errors of the last hour, by the guide's types (requirements 004-11 and 004-30).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::sync::lock;

/// Errors that are kept; counts say "at least" beyond.
const KEPT: usize = 1000;
/// Errors that are shown.
const SHOWN: usize = 10;
const HOUR: i64 = 3600;

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A connection that could not be, or broke a rule.
    Connection,
    /// A session id that is none.
    Session,
    /// A key or an origin that is not allowed.
    Authentication,
    /// A message that is none.
    Validation,
    /// A message that could not be delivered.
    System,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    Low,
    Medium,
    High,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection_error",
            Self::Session => "session_error",
            Self::Authentication => "authentication_error",
            Self::Validation => "validation_error",
            Self::System => "system_error",
        }
    }

    fn severity(self) -> (Severity, &'static str) {
        match self {
            Self::Validation | Self::Session => (Severity::Low, "low"),
            Self::Connection | Self::Authentication => (Severity::Medium, "medium"),
            Self::System => (Severity::High, "high"),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Noted {
    #[serde(serialize_with = "as_name")]
    error_type: Kind,
    severity: Severity,
    message: String,
    player_id: String,
    #[serde(serialize_with = "as_text")]
    timestamp: Timestamp,
}

fn as_name<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

fn as_text<S: Serializer>(timestamp: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(timestamp)
}

/// The errors.
#[derive(Debug, Default)]
pub(super) struct Errors(Mutex<VecDeque<Noted>>);

impl Errors {
    /// Notes an error, and logs it. `player` may be empty.
    pub(super) fn note(&self, kind: Kind, player: &str, message: impl std::fmt::Display) {
        let (severity, _) = kind.severity();
        let message = message.to_string();
        match severity {
            Severity::High => tracing::error!(error_type = kind.name(), player_id = player, "{message}"),
            _ => tracing::warn!(error_type = kind.name(), player_id = player, "{message}"),
        }
        let mut noted = lock(&self.0);
        noted.truncate(KEPT - 1);
        noted.push_front(Noted {
            error_type: kind,
            severity,
            message,
            player_id: player.to_owned(),
            timestamp: Timestamp::now(),
        });
    }

    /// `GET /monitoring/errors`
    pub(super) fn report(&self) -> Value {
        let since = Timestamp::now().as_second() - HOUR;
        let noted = lock(&self.0);
        let recent: Vec<_> = noted.iter().take_while(|error| error.timestamp.as_second() > since).collect();
        let mut breakdown = BTreeMap::<String, u64>::new();
        for error in &recent {
            let (_, severity) = error.error_type.severity();
            *breakdown.entry(format!("{}_{severity}", error.error_type.name())).or_default() += 1;
        }
        json!({
            "total_errors_last_hour": recent.len(),
            "error_rate_per_minute": recent.len() as f64 / 60.0,
            "error_breakdown": breakdown,
            "recent_errors": recent.iter().take(SHOWN).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_11_errors_are_counted_by_type_and_severity() {
        let errors = Errors::default();
        for kind in [Kind::Validation, Kind::Validation, Kind::System] {
            errors.note(kind, "p", "why");
        }
        let report = errors.report();
        assert_eq!(report["error_breakdown"], json!({"validation_error_low": 2, "system_error_high": 1}));
        assert_eq!(report["recent_errors"][0]["error_type"], "system_error");
    }

    #[test]
    fn the_newest_errors_are_kept_and_few_are_shown() {
        let errors = Errors::default();
        for number in 0..KEPT + 5 {
            errors.note(Kind::Session, "p", number);
        }
        let report = errors.report();
        assert_eq!(
            (&report["total_errors_last_hour"], &report["recent_errors"][0]["message"]),
            (&json!(KEPT), &json!("1004"))
        );
        assert_eq!(report["recent_errors"].as_array().unwrap().len(), SHOWN);
    }
}
