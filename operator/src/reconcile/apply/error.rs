//! What can become of one write.

use crate::api::Reason;
use crate::error::{is_namespace_ending, words};

/// A write that did not have its effect.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The object does not serialise; a defect.
    #[error("{object}: as JSON: {source}")]
    Json {
        /// Kind and name.
        object: String,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The API server did not take it.
    #[error("{verb} {object}: {}", words(source))]
    Api {
        /// Kind and name.
        object: String,
        /// What was tried.
        verb: &'static str,
        /// What the client says.
        source: kube::Error,
    },
    /// It was taken, and the object is still not what it should be.
    #[error("{object}: still differs in {field} after it was replaced")]
    Persists {
        /// Kind and name.
        object: String,
        /// Where it differs.
        field: String,
    },
}

impl WriteError {
    /// The reason for a status, when trying the same again is of no use until somebody acts.
    #[must_use]
    pub fn permanent(&self) -> Option<Reason> {
        if self.is_namespace_ending() {
            return None;
        }
        let Self::Api { source: kube::Error::Api(status), .. } = self else { return None };
        match status.code {
            422 if is_immutable(&status.message) => Some(Reason::ImmutableField),
            400 | 422 => Some(Reason::Refused),
            403 if status.reason == "Forbidden" => Some(Reason::Refused),
            _ => None,
        }
    }

    /// Whether the API server called the object as it would be wrong.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self, Self::Api { source: kube::Error::Api(status), .. } if status.code == 422)
    }

    /// Whether somebody else wrote in between, which the next reconcile sees.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api { source: kube::Error::Api(status), .. } if status.code == 409 || status.code == 404)
    }

    /// Whether nothing can be made any more, because the namespace is being deleted.
    #[must_use]
    pub fn is_namespace_ending(&self) -> bool {
        matches!(self, Self::Api { source, .. } if is_namespace_ending(source))
    }

    /// A word for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Json { .. } => "apply_json",
            Self::Api { .. } if self.is_conflict() => "apply_conflict",
            Self::Api { .. } => "apply_api",
            Self::Persists { .. } => "apply_persists",
        }
    }
}

/// The two ways in which the API server says that a field cannot be changed: that of a single
/// field, and that of a StatefulSet.
fn is_immutable(message: &str) -> bool {
    message.contains("field is immutable") || message.contains("updates to statefulset spec")
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
