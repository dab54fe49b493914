//! All that is known of a cluster at one moment.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use relay_contract::admin;

use super::super::keep::Kept;
use super::super::observed::Root;
use super::super::pods::RelayPod;
use super::super::redis_roll::Server;
use crate::api::{Profile, PublishAccess, Reason, RedisMode};
use crate::fleet::redis::View;
use crate::fleet::{Raised, Settings};

/// One relay: its pod, and what it told.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The pod.
    pub pod: RelayPod,
    /// Its own status, when it is known and fresh.
    pub told: Option<Arc<admin::Status>>,
    /// What it shows that a person should look at.
    pub signals: Vec<Raised>,
}

impl Relay {
    /// Whether the kubelet calls it ready and it is to stay.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.pod.ready && !self.pod.terminating
    }

    /// Why it refuses its newest settings, if it does.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.told.as_ref()?.config.error.as_deref()
    }

    /// Whether it lets go of its connections, by itself or because it is about to end.
    #[must_use]
    pub fn goes(&self) -> bool {
        self.pod.terminating || self.is_draining()
    }

    /// Whether it lets go of its connections.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.draining.is_some())
    }
}

/// What is known of servers and sentinels of a managed Redis.
#[derive(Clone, Debug)]
pub struct ServersFacts {
    /// The servers' pods.
    pub data: Vec<Server>,
    /// Servers that are not as the spec asks.
    pub outdated: usize,
    /// What they told, when it is known and fresh.
    pub view: Option<View>,
}

/// All that is known.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The cluster, with the status that is stored.
    pub root: Root,
    /// The present moment.
    pub now: Timestamp,
    /// Relays that the spec asks for.
    pub replicas: u32,
    /// Whose Redis it is.
    pub redis_mode: RedisMode,
    /// Profiles whose clients need no credentials.
    pub anonymous: Vec<Profile>,
    /// Who may publish.
    pub publish: PublishAccess,
    /// Seconds without progress after which a rollout is stalled.
    pub progress_deadline: i64,
    /// The revision that the spec asks for, when it could be built.
    pub revision: Option<String>,
    /// When the Deployment of that revision was created.
    pub revision_created: Option<Timestamp>,
    /// Whether Deployments of other revisions still ask for pods.
    pub others_remain: bool,
    /// All relays, of any revision, also those that are about to end.
    pub relays: Vec<Relay>,
    /// The pods of the managed Redis that are to stay, in order of their names: the one server, or servers
    /// and sentinels.
    pub redis_pods: Vec<RelayPod>,
    /// Servers and sentinels of the managed Redis, if the spec asks for them.
    pub servers: Option<ServersFacts>,
    /// The settings that relays are to run, where they are known.
    pub settings: Option<Settings>,
    /// Fields of the spec that ask for objects of kinds that there are not, as messages.
    pub missing_kinds: Vec<String>,
    /// How far the relays of a cluster are that is being deleted after they let go.
    pub ending: Option<String>,
    /// Whether the spec asks the cluster to rest.
    pub stopped: bool,
    /// Whether the spec asks the operator to write nothing.
    pub paused: bool,
    /// What it would have written, as kind and name.
    pub withheld: Vec<String>,
    /// What an upgrade of the operator has left as it was.
    pub kept: Kept,
    /// How many relays the autoscaler wants; `None` without it.
    pub desired: Option<i32>,
    /// Why the autoscaler wants no more or no fewer, if there was reason to.
    pub scaling_limited: Option<(Reason, String)>,
    /// What the operator could not do, and will not be able to.
    pub blocked: Option<(Reason, String)>,
    /// What the operator could not do this time.
    pub hindered: Option<(Reason, String)>,
}

impl Facts {
    /// Relays that are to stay.
    pub fn present(&self) -> impl Iterator<Item = &Relay> {
        self.relays.iter().filter(|relay| !relay.pod.terminating)
    }

    /// Relays that clients are sent to now.
    pub fn serving(&self) -> impl Iterator<Item = &Relay> {
        self.relays.iter().filter(|relay| relay.is_ready() && relay.pod.serving)
    }

    /// Whether a relay has the revision that the spec asks for.
    #[must_use]
    pub fn is_current(&self, relay: &Relay) -> bool {
        self.revision.as_ref() == Some(&relay.pod.revision)
    }

    /// Ready relays of the revision that the spec asks for.
    #[must_use]
    pub fn updated(&self) -> usize {
        self.serving().filter(|relay| self.is_current(relay)).count()
    }

    /// Relays of other revisions that are to stay for now.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.present().filter(|relay| !self.is_current(relay)).count()
    }

    /// How many relays are wanted.
    #[must_use]
    pub fn wanted(&self) -> usize {
        usize::try_from(self.replicas).unwrap_or(usize::MAX)
    }

    /// Whether there are just the wanted relays, and all are ready.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let all = self.present().count() == self.wanted() && self.updated() == self.wanted();
        self.revision.is_some() && all && !self.others_remain && self.hindered.is_none()
    }
}
