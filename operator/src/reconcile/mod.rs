//! One visit to one cluster: gather → validate → build → apply → status.
//!
//! | step | file | client |
//! | --- | --- | --- |
//! | all reads | [`gather`] | yes |
//! | one trusted value, or what is wrong | [`validate`] | no |
//! | the objects, and how many relays of each revision | [`build`], [`rollout`] | no |
//! | only what differs | [`apply`] | yes |
//! | the truth, also after a failure | [`status`], [`events`] | yes |

pub mod absent;
pub mod apply;
pub mod around;
pub mod build;
mod configuration;
mod context;
mod endings;
mod error;
mod events;
pub mod farewell;
#[cfg(test)]
mod fixtures;
pub mod gather;
mod keep;
pub mod names;
pub mod observed;
pub mod pods;
pub mod redis_roll;
pub mod revisions;
pub mod rollout;
pub mod scaling;
pub mod secret_value;
pub mod servers;
pub mod status;
mod turns;
pub mod validate;
mod view;

use std::time::{Duration, Instant};

use kube::runtime::controller::Action;

pub use self::context::Context;
pub use self::error::Error;

use self::apply::writer::Writer;
use self::apply::{Apply, Outcome};
use self::around::discovery::GOOD_FOR;
use self::build::{Wanted, build};
use self::keep::keep;
use self::observed::{Observed, Root};
use self::redis_roll::Step;
use self::rollout::plan;
use self::secret_value::Keys;
use self::servers::asks_for_sentinels;
use self::status::{Due, Facts};
use self::validate::{Validated, validate};
use crate::fleet::{ClusterKey, Target};

/// When a cluster is looked at that waits for something that is not watched, such as a Secret.
const WAITING: Duration = Duration::from_secs(10);

/// How long the first visit waits for the first answers of the relays; one takes at most 2 s.
const FIRST_ANSWERS: Duration = Duration::from_secs(4);

/// Brings one cluster a step closer to its spec, and says where it stands.
///
/// # Errors
/// [`Error`] of the step that failed; the status was written nevertheless, if that could be done.
pub async fn reconcile(context: &Context, key: &ClusterKey) -> Result<Action, Error> {
    let Some(root) = gather::cluster(&context.client, &key.namespace, &key.name).await? else {
        context.forget(key);
        return Ok(Action::await_change());
    };
    if let Some(since) = root.deleting {
        return farewell::part(context, key, root, since).await;
    }
    if context.endings.has(&root) {
        return endings::go_on(context, &root).await;
    }
    let observed = match Box::pin(gather::children(context, root)).await {
        Ok(observed) => observed,
        Err((root, error)) => return fail(context, &root, error).await,
    };
    let keys = keys(context, key, &observed).await;
    if asks_for_sentinels(&observed.root) {
        context.servers.watch(key, &keys.redis_admin_password);
    } else {
        context.servers.forget(key);
    }
    let steps = match validate(&observed.root, &context.options) {
        Ok(valid) => {
            farewell::prepare(context, &observed.root, &valid.spec).await?;
            Box::pin(act(context, &observed, valid, &keys)).await
        }
        Err(invalid) => view::Steps::Invalid { settings: configuration::stored(&observed), why: invalid },
    };
    if steps.namespace_ends() {
        return endings::begin(context, &observed.root).await;
    }
    context.fleet.set(key, steps.settings());
    let facts = view::facts(context, &observed, &steps);
    if facts.is_settled() || facts.paused {
        context.turns.end(&facts.root.uid, Instant::now());
    }
    let wait = report(context, &facts).await?;
    conclude(steps, &facts, wait, resync(context))
}

/// The keys of the cluster, with which its relays are asked from now on, whatever its spec says.
///
/// The first visit of a process waits for their first answers: a status that calls them unknown
/// would be written only to be written again, at every start of the operator.
async fn keys(context: &Context, key: &ClusterKey, observed: &Observed) -> Keys {
    let root = &observed.root;
    let keys = observed.keys(context.remembered(&root.uid));
    context.remember(root, &keys);
    let scales = root.cluster.as_ref().is_ok_and(|cluster| cluster.spec.autoscaling.is_some());
    let (uid, token) = (root.uid.clone(), keys.admin_token.clone());
    let target = Target { uid, token, settings: None, drain: None, scales };
    let first_visit = context.fleet.watch(key.clone(), target);
    let relays = observed.pods.iter().filter(|pod| pod.ready && !pod.redis);
    let unasked: Vec<_> = relays.filter(|pod| !context.fleet.was_asked(&pod.uid)).collect();
    if !unasked.is_empty() {
        context.fleet.hurry();
    }
    if first_visit {
        let uids: Vec<_> = unasked.iter().map(|pod| pod.uid.as_str()).collect();
        context.fleet.all_asked(&uids, FIRST_ANSWERS).await;
    }
    keys
}

/// Builds and applies.
async fn act(context: &Context, observed: &Observed, valid: Validated, keys: &Keys) -> view::Steps {
    let root = &observed.root;
    let relays = view::relays(context, &observed.pods);
    let scaling = scaling::scale(context, &valid, &relays);
    let valid = match &scaling {
        Some(scaling) => valid.resized(scaling.replicas),
        None => valid,
    };
    let mut wanted = build(&valid, keys);
    let kept = keep(&mut wanted, &valid, observed, || context.turns.take(&root.uid, Instant::now()));
    let settings = configuration::number(&mut wanted.config, observed);
    let revisions = revisions::observed(observed);
    let plan = plan(&wanted.revision, valid.bounds(status::none_reaches_redis(&relays)), &revisions);
    if let Some(spec) = &mut wanted.deployment.spec {
        spec.replicas = i32::try_from(plan.of(&wanted.revision)).ok();
    }
    let redis_unused = is_alone(&wanted, &revisions, &valid);
    let paused = valid.spec.paused;
    let writer = Writer { client: &context.client, root, metrics: &context.metrics, paused };
    let mut outcome = Box::pin(Apply::new(writer, observed, &wanted, &plan, redis_unused).run()).await;
    let rolling = !paused && roll(context, observed, &mut outcome).await;
    let settings = if outcome.configured { Some(settings) } else { configuration::stored(observed) };
    view::Steps::Applied { revision: wanted.revision, settings, outcome, scaling, kept, rolling }
}

/// Has the servers of Redis replaced, a step at a time; none while a write failed. Whether some are left.
async fn roll(context: &Context, observed: &Observed, outcome: &mut Outcome) -> bool {
    let root = &observed.root;
    let key = ClusterKey { namespace: root.namespace.clone(), name: root.name.clone() };
    let wanted = observed.children.sentinel.wanted_revision().filter(|_| asks_for_sentinels(root));
    let Some(wanted) = wanted.filter(|_| outcome.errors.is_empty() && !outcome.namespace_ends) else {
        return false;
    };
    let view = context.servers.view(&key);
    let step = redis_roll::next(&context.servers_of(root), wanted, view.as_ref());
    match &step {
        Step::Nothing | Step::Wait => {}
        Step::HandOver => context.servers.hand_over(&key),
        Step::Replace(server) => {
            let writer = Writer { client: &context.client, root, metrics: &context.metrics, paused: false };
            outcome.errors.extend(writer.replace_pod(&server.name, &server.uid).await.err());
        }
    }
    step != Step::Nothing
}

/// Whether only relays of the wanted revision are left: none uses the Redis of an earlier one.
fn is_alone(wanted: &Wanted, revisions: &[rollout::Revision], valid: &Validated) -> bool {
    let others = revisions.iter().filter(|revision| revision.name != wanted.revision);
    let ready = revisions.iter().find(|revision| revision.name == wanted.revision).map_or(0, |it| it.ready);
    others.into_iter().all(|old| old.desired == 0 && old.pods == 0) && ready >= valid.replicas
}

/// Writes the status if it is due, and tells what changed; how long until it is due if it is not.
async fn report(context: &Context, facts: &Facts) -> Result<Option<Duration>, Error> {
    let new = status::compute(facts);
    let key = ClusterKey { namespace: facts.root.namespace.clone(), name: facts.root.name.clone() };
    context.metrics.cluster(&key, facts.replicas, &new);
    match status::due(&facts.root, &new, facts.now) {
        Due::Never => Ok(None),
        Due::In(wait) => Ok(Some(wait)),
        Due::Now => {
            context.metrics.write("RelayCluster", "status");
            status::write(&context.client, &facts.root, &new).await.map_err(Error::Status)?;
            events::tell(context, &facts.root, &facts.root.status(), &new).await;
            Ok(None)
        }
    }
}

/// A visit whose reads failed still says so, as far as that can be said.
async fn fail(context: &Context, root: &Root, error: gather::GatherError) -> Result<Action, Error> {
    let facts = view::unread(context, root, &error);
    report(context, &facts).await?;
    Err(error.into())
}

/// When a cluster of which nothing is heard is looked at next. All clusters are visited when a process
/// starts: what is drawn by lot keeps them from coming all at once ever after.
fn resync(context: &Context) -> Duration {
    context.options.resync.mul_f64(1.0 + rand::random::<f64>())
}

/// What the visit comes to: its error, or when to come again.
fn conclude(
    steps: view::Steps,
    facts: &Facts,
    wait: Option<Duration>,
    resync: Duration,
) -> Result<Action, Error> {
    let mut next = [wait, status::until_deadline(facts)].into_iter().flatten().min().unwrap_or(resync);
    if facts.kept.waits {
        next = next.min(WAITING);
    }
    if let view::Steps::Applied { outcome, scaling, rolling, .. } = steps {
        let Outcome { errors, foreign, earlier, held_back, .. } = outcome;
        if let Some(again) = scaling.and_then(|scaling| scaling.again) {
            next = next.min(again);
        }
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
        if rolling || held_back || !foreign.is_empty() {
            next = next.min(WAITING);
        }
        if !earlier.is_empty() {
            next = next.min(Duration::from_secs(1));
        }
    }
    if facts.blocked.is_some() {
        next = next.min(WAITING);
    }
    if !facts.missing_kinds.is_empty() {
        next = next.min(GOOD_FOR);
    }
    Ok(Action::requeue(next))
}
