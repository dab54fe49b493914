//! What the relays show that a person should look at.

use super::facts::Facts;
use super::judgement::{Judgement, State};
use crate::api::{Reason, Signal, SignalStatus};

/// One entry for each kind of signal that is raised.
pub(super) fn list(facts: &Facts) -> Vec<SignalStatus> {
    let entry = |signal: Signal| {
        let message = worst(facts, signal)?;
        Some(SignalStatus { reason: signal.as_str().to_owned(), message })
    };
    Signal::all().filter_map(entry).collect()
}

/// Whether clients get less than was promised.
pub(super) fn degraded(facts: &Facts) -> Judgement {
    let one = |signal| Some((Reason::Signal(signal), worst(facts, signal)?));
    match Signal::degrading().find_map(one) {
        Some((reason, message)) => Judgement::new(State::True, reason, message),
        None => Judgement::new(State::False, Reason::AsSpecified, ""),
    }
}

/// The relay that shows it most, in words.
fn worst(facts: &Facts, signal: Signal) -> Option<String> {
    let showing = facts.present().filter_map(|relay| {
        let raised = relay.signals.iter().find(|raised| raised.signal == signal)?;
        Some((raised.figure, &relay.pod.name))
    });
    showing.max().map(|(figure, pod)| signal.message(pod, figure))
}
