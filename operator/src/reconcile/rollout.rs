//! How many relays of each revision there should be, now.
//!
//! Pure arithmetic over what is observed. The rules, in their order of weight:
//!
//! 1. What is ready never falls below `replicas` because of us.
//! 2. At most two revisions have relays: a third waits until the older two are one.
//! 3. There are never more than `replicas + surge` relays asked for.
//! 4. A relay that is not ready goes before one that is, and an old revision that never became
//!    ready goes first.
//! 5. While Redis serves none of the relays, none that is ready goes: new ones would be no better for
//!    its clients, and may have been ready only before the outage (F11).
//!
//! Going back to an earlier spec is no special case: its revision is the wanted one again.

use std::collections::BTreeMap;

/// One revision as it is observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Hash that names the revision.
    pub name: String,
    /// Relays that its Deployment asks for.
    pub desired: u32,
    /// Relays that are ready for certain: all that is known says so.
    pub ready: u32,
    /// Relays that may be ready: something that is known says so. At least `ready`.
    pub maybe_ready: u32,
    /// Relays that exist, also those about to end.
    pub pods: u32,
}

impl Revision {
    /// Relays that serve for certain and that this revision keeps: a Deployment that was just
    /// lowered may still show those that go.
    fn firm(&self) -> u32 {
        self.ready.min(self.desired)
    }

    /// Relays whose end could take a ready one away.
    fn precious(&self) -> u32 {
        self.maybe_ready.max(self.ready).min(self.desired)
    }
}

/// What a step has to keep to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Relays that are wanted.
    pub replicas: u32,
    /// Relays that there may be beyond them.
    pub surge: u32,
    /// Whether every relay that is ready stays.
    pub hold: bool,
}

/// What to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Relays to ask of each revision, the wanted one among them.
    pub replicas: BTreeMap<String, u32>,
    /// Revisions without relays, whose Deployments are not needed any more.
    pub delete: Vec<String>,
}

impl Plan {
    /// Relays to ask of a revision.
    #[must_use]
    pub fn of(&self, revision: &str) -> u32 {
        self.replicas.get(revision).copied().unwrap_or_default()
    }
}

/// Plans the next step towards relays of the revision `wanted` alone.
#[must_use]
pub fn plan(wanted: &str, bounds: Bounds, observed: &[Revision]) -> Plan {
    let (alive, empty): (Vec<_>, Vec<_>) =
        observed.iter().filter(|revision| revision.name != wanted).partition(|old| old.desired > 0);
    let current = observed.iter().find(|revision| revision.name == wanted);
    let target = current.cloned().unwrap_or_else(|| absent(wanted));
    let mut plan = match rival(&alive) {
        None => step(&target, &alive, bounds),
        Some(rival) => {
            let rest: Vec<_> = alive.into_iter().filter(|old| old.name != rival.name).collect();
            let rest = if target.desired > 0 { [rest, vec![&target]].concat() } else { rest };
            step(rival, &rest, bounds)
        }
    };
    plan.replicas.entry(wanted.to_owned()).or_insert(0);
    plan.delete = empty.into_iter().filter(|old| old.pods == 0).map(|old| old.name.clone()).collect();
    plan
}

fn absent(name: &str) -> Revision {
    Revision { name: name.to_owned(), desired: 0, ready: 0, maybe_ready: 0, pods: 0 }
}

/// The old revision that has to carry the cluster while the others make room for the wanted one;
/// `None` when there is room.
fn rival<'a>(alive: &[&'a Revision]) -> Option<&'a Revision> {
    if alive.len() <= 1 { None } else { alive.iter().copied().max_by_key(|old| (old.firm(), &old.name)) }
}

/// One step from `others` towards relays of `target`.
fn step(target: &Revision, others: &[&Revision], bounds: Bounds) -> Plan {
    let Bounds { replicas, surge, hold } = bounds;
    let ready: u32 = others.iter().map(|old| old.firm()).sum::<u32>() + target.firm().min(replicas);
    let mut spare = if hold { 0 } else { ready.saturating_sub(replicas) };
    let mut plan = Plan::default();
    let mut order = others.to_vec();
    order.sort_by_key(|old| (old.precious(), old.name.clone()));
    for old in order {
        let go = old.precious().min(spare);
        spare -= go;
        plan.replicas.insert(old.name.clone(), old.precious() - go);
    }
    let left: u32 = plan.replicas.values().sum();
    let room = (replicas + surge).saturating_sub(left).min(replicas);
    plan.replicas.insert(target.name.clone(), room.max(target.precious().min(replicas)));
    plan
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
