//! Pods as the status and the rollout see them.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::names::{COMPONENT, RELAY, REVISION, SERVING};
use crate::api::Reason;

/// One pod of a cluster, reduced to what is decided by.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayPod {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
    /// Revision that it runs; empty for Redis.
    pub revision: String,
    /// Whether it is a pod of the managed Redis.
    pub redis: bool,
    /// Whether the kubelet calls it ready.
    pub ready: bool,
    /// Since when, if it is.
    pub ready_since: Option<Timestamp>,
    /// Since when it has been ready, or has not; at first since it was made.
    pub since: Option<Timestamp>,
    /// Whether it is about to end.
    pub terminating: bool,
    /// Whether clients are sent to it.
    pub serving: bool,
    /// Whether a container of it runs or ran.
    pub started: bool,
    /// What keeps it from starting, if something does.
    pub trouble: Option<Trouble>,
    /// Why no node takes it, in the scheduler's words.
    pub unscheduled: Option<String>,
    /// How often its containers were started again.
    pub restarts: i32,
}

/// What keeps a container from starting or staying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The reason for a condition.
    pub reason: Reason,
    /// The kubelet's word, the image and its message.
    pub message: String,
}

impl RelayPod {
    /// Reads a pod; pods that have ended for good are none.
    #[must_use]
    pub fn parse(pod: &Pod) -> Option<Self> {
        let status = pod.status.as_ref();
        let phase = status.and_then(|status| status.phase.as_deref());
        if matches!(phase, Some("Succeeded" | "Failed")) {
            return None;
        }
        let readiness = condition(pod, "Ready");
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let since = readiness.as_ref().and_then(|(_, _, since)| *since).or(created);
        let ready = readiness.filter(|(status, ..)| status == "True");
        let scheduled = condition(pod, "PodScheduled").filter(|(status, ..)| status == "False");
        let label = |key: &str| pod.labels().get(key).cloned().unwrap_or_default();
        Some(Self {
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
            revision: label(REVISION),
            redis: label(COMPONENT) != RELAY,
            ready: ready.is_some(),
            ready_since: ready.and_then(|(_, _, since)| since),
            since,
            terminating: pod.metadata.deletion_timestamp.is_some(),
            serving: label(SERVING) == "true",
            started: containers(pod).any(|container| container.started == Some(true)),
            trouble: containers(pod).find_map(trouble),
            unscheduled: scheduled.map(|(_, message, _)| message),
            restarts: containers(pod).map(|container| container.restart_count).sum(),
        })
    }
}

fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.iter().filter_map(|status| status.container_statuses.as_ref()).flatten()
}

/// Status, message and time of a pod's condition.
fn condition(pod: &Pod, type_: &str) -> Option<(String, String, Option<Timestamp>)> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let found = conditions.iter().find(|condition| condition.type_ == type_)?;
    let since = found.last_transition_time.as_ref().map(|time| time.0);
    Some((found.status.clone(), found.message.clone().unwrap_or_default(), since))
}

/// Reasons for waiting that the kubelet gives: those of `pkg/kubelet/images` and of
/// `pkg/kubelet/container` in Kubernetes.
fn trouble(container: &ContainerStatus) -> Option<Trouble> {
    let ContainerState { waiting: Some(waiting), .. } = container.state.as_ref()? else { return None };
    let word = waiting.reason.as_deref()?;
    let reason = match word {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable" => Reason::ImagePullFailed,
        "CrashLoopBackOff" | "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Reason::CrashLooping
        }
        _ => return None,
    };
    let (word, message) = cause(word, waiting.message.as_deref().unwrap_or_default());
    Some(Trouble { reason, message: format!("image {}: {word}: {}", container.image, brief(message)) })
}

/// The kubelet says by turns what is wrong with an image, and that it waits because of that; a message
/// that follows it would change for ever.
fn cause<'a>(word: &'a str, message: &'a str) -> (&'a str, &'a str) {
    let said = (word == "ImagePullBackOff").then(|| message.split_once("ErrImagePull: ")).flatten();
    said.map_or((word, message), |(_, rest)| ("ErrImagePull", rest))
}

/// The beginning and the end, which has the cause: messages of the kubelet can be long, and a status is
/// bounded.
fn brief(text: &str) -> String {
    const HEAD: usize = 60;
    const TAIL: usize = 140;
    let length = text.chars().count();
    if length <= HEAD + TAIL {
        return text.to_owned();
    }
    let head: String = text.chars().take(HEAD).collect();
    let tail: String = text.chars().skip(length.saturating_sub(TAIL)).collect();
    format!("{head} … {tail}")
}

#[cfg(test)]
#[path = "pods_tests.rs"]
mod tests;
