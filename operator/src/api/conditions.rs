//! The closed lists of condition types, reasons and events, each with what it means.
//!
//! A word that a user may write a script against is here and nowhere else. The table in
//! `docs/conditions.md` is made from these lists.

use super::Signal;
use super::words::words;

words! {
    /// Type of a condition. Every cluster has one of each, from the first visit on.
    ConditionType {
        /// The spec is realised, and all wanted relays serve.
        Ready,
        /// Clients are served now, also during a healthy rollout: the gate for pipelines.
        Available,
        /// The operator is still bringing the cluster to its spec (kstatus: in progress).
        Reconciling,
        /// Nothing more will happen without a person (kstatus: failed). The last good state keeps serving.
        Stalled,
        /// Clients are served, but with less than was promised.
        Degraded,
        /// Messages cross the bus between the relays.
        RedisReady,
        /// Relays let go of their connections at a pace.
        Draining,
        /// A wish for more or fewer relays is held back.
        ScalingLimited,
        /// The operator was told to write nothing.
        Paused,
        /// The spec works, and something in it deserves a second look.
        ConfigurationWarning,
    }
}

words! {
    /// Reason of a condition.
    Reason {
        /// All is as the spec asks.
        AsSpecified,
        /// Enough relays are ready to serve clients.
        MinimumReplicasAvailable,
        /// Too few relays are ready to serve clients; the message has the numbers.
        MinimumReplicasUnavailable,
        /// The spec asks for no relay at all.
        ScaledToZero,
        /// `spec.stopped` lets the cluster rest: no relay runs, and Redis stays.
        Stopped,
        /// `spec.paused` keeps the operator from writing; the message says what is left undone. Set it to
        /// false to go on.
        Paused,
        /// The cluster is being deleted, and its relays let go of their connections first; or its namespace is, and
        /// nothing is made there any more.
        Deleting,
        /// The cluster's first relays are starting.
        Starting,
        /// The number of relays is on its way to `spec.replicas`.
        Scaling,
        /// A new revision replaces the old one.
        RollingOut,
        /// Relays are being told their new settings, which takes seconds and replaces no pod.
        ApplyingSettings,
        /// Relays that were ready are not; Kubernetes is replacing them.
        RelaysNotReady,
        /// The spec breaks a rule; the message names the field. Correct the spec.
        InvalidSpec,
        /// A node cannot pull an image; the message names the pod, the image and what the kubelet says.
        ImagePullFailed,
        /// A container ends again and again, or cannot be started; read the logs of the pod in the message.
        CrashLooping,
        /// A Secret or a key that the spec refers to does not exist. Create it, or correct the reference.
        SecretNotFound,
        /// An object with a name that the cluster needs belongs to somebody else and is left alone.
        /// Rename or remove the object that the message names, or rename the cluster.
        NameConflict,
        /// A rollout, or a replacement of the servers of Redis, made no progress within
        /// `spec.rollout.progressDeadlineSeconds`; the message says where it stands.
        ProgressDeadlineExceeded,
        /// A field of an object that Kubernetes does not let anybody change has to change; the message
        /// names the object. Delete that object when its loss is acceptable.
        ImmutableField,
        /// The API server refuses an object or a request, and will do so again; the message has its words.
        Refused,
        /// The API server could not be asked or did not answer as expected; the operator tries again.
        ApiError,
        /// An object of an earlier cluster of the same name still exists and is about to be removed.
        WaitingForDeletion,
        /// Nothing stands in the way.
        Progressing,
        /// There is nothing of the kind.
        NothingToReport,
        /// The relays reach Redis.
        Connected,
        /// Without Redis, messages stay in the memory of one relay.
        MemoryBus,
        /// The pod of the managed Redis is not ready. Relays keep their connections and deliver locally.
        RedisPodNotReady,
        /// No server of the managed Redis is the primary that a majority of the sentinels agrees on. They choose
        /// one within seconds; if this stays, look at the pods of servers and sentinels.
        RedisNoPrimary,
        /// Redis serves the relays, but too few sentinels see each other: if the primary were lost, no other
        /// server would take its place. Look at the pods of the sentinels.
        SentinelQuorumLost,
        /// Redis serves the relays, but a replica does not have what the primary has. It catches up by itself; if
        /// it does not, look at its pod.
        RedisReplicasBehind,
        /// The servers of the managed Redis are replaced one by one, the primary last and after a hand-over.
        RedisRolling,
        /// Relays report that Redis does not answer them; the message names them and what they say.
        RelaysCannotReachRedis,
        /// Redis answers but takes no writes: it is a replica, has no memory left or could not save its data.
        /// Messages cross, leases and tokens fail; the message has what Redis says.
        RedisRefusesWrites,
        /// Redis answers, but messages of some partitions do not cross, such as those of a slot that was left
        /// between two nodes of a Cluster. They wait; the message has the server and its words.
        RedisPartitionsStalled,
        /// No ready relay told whether it reaches Redis.
        NotReported,
        /// Relays that end close their connections at a pace.
        RelaysEnding,
        /// Clients need no credentials.
        AnonymousClients,
        /// Everybody who reaches the Service may publish.
        OpenPublish,
        /// Relays are not protected from voluntary disruptions: one alone cannot be, so use at least two; or
        /// `spec.disruption.budget` is false.
        NoDisruptionProtection,
        /// The spec asks for an object of a kind that this Kubernetes does not have; the message names the
        /// field and the kind. Install its definition, or remove the field: everything else goes on.
        KindNotInstalled,
        /// More than one warning holds; the message has all of them.
        SeveralWarnings,
        /// The live connections need more relays than `spec.autoscaling.max`. Raise it, or
        /// `targetConnectionsPerPod`.
        MaximumReached,
        /// The autoscaler takes no relay away while it does not know the connections of all of them; the message
        /// names one that does not tell. It goes on when all do.
        ReadingsMissing,
        /// The autoscaler takes no relay away while Redis does not serve the relays: a client that is sent to
        /// another relay could not catch up.
        RedisDown,
        /// A relay refuses its newest settings and goes on with the last good ones; the message has its words.
        /// An image of another version than the operator's may not know a value: change the setting or the image.
        SettingsNotApplied,
    } and Signal: Signal::degrading()
}

words! {
    /// Reason of an event; a cluster that gets stuck has one with the reason of `Stalled`, too.
    EventReason {
        /// All wanted relays serve.
        Ready,
        /// Too few relays are ready to serve clients.
        Unavailable,
        /// Redis does not serve the relays any more; they keep their connections and deliver locally.
        RedisLost,
        /// Redis serves the relays again.
        RedisReached,
        /// Another server of the managed Redis is the primary.
        RedisPrimaryChanged,
        /// A new revision begins to replace the old one.
        RolloutStarted,
        /// Only relays of the new revision are left.
        RolloutCompleted,
        /// All relays run the new settings.
        SettingsApplied,
        /// `spec.paused`: the operator writes nothing from now on.
        Paused,
        /// The operator writes again.
        Resumed,
        /// `spec.deletionPolicy: Drain`: no connection is left, and the cluster goes.
        Drained,
        /// `spec.deletionPolicy: Drain`: the cluster goes, although connections are left after
        /// `spec.drain.timeoutSeconds`.
        DrainIncomplete,
    } and Signal: Signal::all()
}

/// The lists as Markdown tables, for `docs/conditions.md`.
#[must_use]
pub fn conditions_markdown() -> String {
    let mut text = String::from("<!-- Generated by `relay-operator conditions`. -->\n# Conditions\n\n");
    text.push_str("Every RelayCluster has one condition of each type, from the first visit on.\n");
    table(&mut text, "Type", ConditionType::all().map(|it| (it.as_str(), it.about())));
    text.push_str("\n## Reasons\n\nThe list is closed: no other word stands in a condition's `reason`.\n");
    table(&mut text, "Reason", Reason::all().map(|it| (it.as_str(), it.about())));
    text.push_str(
        "\n## Events\n\nBeside these, a cluster that gets stuck has an event with the reason of `Stalled`.\n",
    );
    table(&mut text, "Reason", EventReason::all().map(|it| (it.as_str(), it.about())));
    text
}

fn table<'a>(text: &mut String, heading: &str, rows: impl Iterator<Item = (&'a str, &'a str)>) {
    text.push_str(&format!("\n| {heading} | Meaning |\n| --- | --- |\n"));
    for (word, about) in rows {
        text.push_str(&format!("| `{word}` | {about} |\n"));
    }
}
