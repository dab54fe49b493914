//! Probes and security settings that containers share.

use k8s_openapi::api::core::v1::{Capabilities, HTTPGetAction, Probe, SeccompProfile, SecurityContext};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// How often a probe asks and how long it waits, in seconds, and how many failures count.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Seconds between two questions.
    pub(super) period: i32,
    /// Seconds that an answer may take.
    pub(super) timeout: i32,
    /// Failures in a row that count as one.
    pub(super) failures: i32,
}

impl Pace {
    /// A probe at this pace, without a question yet.
    pub(super) fn probe(self) -> Probe {
        Probe {
            period_seconds: Some(self.period),
            timeout_seconds: Some(self.timeout),
            failure_threshold: Some(self.failures),
            ..Probe::default()
        }
    }
}

/// A probe over HTTP on the port `admin`.
pub(super) fn admin(path: &str, pace: Pace) -> Probe {
    let http_get = HTTPGetAction {
        path: Some(path.to_owned()),
        port: IntOrString::String("admin".to_owned()),
        scheme: Some("HTTP".to_owned()),
        ..HTTPGetAction::default()
    };
    Probe { http_get: Some(http_get), ..pace.probe() }
}

/// What the Pod Security level `restricted` asks of a container, and a read-only root.
pub(super) fn restricted_container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

/// The seccomp profile that the level `restricted` asks for.
pub(super) fn runtime_default() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }
}
