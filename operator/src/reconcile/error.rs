//! Why a visit to a cluster failed.

use std::time::Duration;

use super::apply::error::WriteError;
use super::gather::GatherError;
use crate::error::words;

/// The error of a visit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A read failed.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// A write failed.
    #[error(transparent)]
    Apply(#[from] WriteError),
    /// The status could not be written.
    #[error("writing the status: {}", words(.0))]
    Status(#[source] kube::Error),
    /// The finalizer could not be set or taken away.
    #[error("writing the finalizer: {}", words(.0))]
    Finalizer(#[source] kube::Error),
    /// Whether the namespace ends could not be asked.
    #[error("reading the namespace: {}", words(.0))]
    Namespace(#[source] kube::Error),
    /// All of it took too long.
    #[error("the visit took longer than {} s", .0.as_secs())]
    Timeout(Duration),
}

impl Error {
    /// A word for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Gather(_) => "gather",
            Self::Apply(error) => error.label(),
            Self::Status(_) if self.is_conflict() => "status_conflict",
            Self::Status(_) => "status",
            Self::Finalizer(_) if self.is_conflict() => "finalizer_conflict",
            Self::Finalizer(_) => "finalizer",
            Self::Namespace(_) => "namespace",
            Self::Timeout(_) => "timeout",
        }
    }

    /// Whether somebody else wrote in between: the next visit sees it, and there is nothing to tell.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Apply(error) => error.is_conflict(),
            Self::Status(kube::Error::Api(status)) | Self::Finalizer(kube::Error::Api(status)) => {
                status.code == 409 || status.code == 404
            }
            _ => false,
        }
    }
}
