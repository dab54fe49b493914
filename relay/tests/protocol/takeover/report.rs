//! What came of a fault.

use std::collections::BTreeSet;
use std::time::Duration;

use super::roamer::Seen;
use super::traffic::Traffic;

/// What one run showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// Messages that were acknowledged.
    pub(super) acknowledged: u64,
    /// Messages that were refused.
    pub(super) refused: u64,
    /// Acknowledged messages that the primary has not, once all is over.
    pub(super) lost: u64,
    /// Deliveries of acknowledged messages, each counted once for each client.
    pub(super) delivered: u64,
    /// Deliveries that never came, to clients that were never told, of messages that the primary has.
    pub(super) missing: u64,
    /// The same of those that it lost: a client that stays connected may never hear of them.
    pub(super) unheard: u64,
    /// Deliveries that never came, to clients that were told that something is missing.
    pub(super) known: u64,
    /// Times that a client came back.
    pub(super) resumes: u64,
    /// Times that it was told that something is missing.
    pub(super) told: u64,
    /// Deliveries that came again.
    pub(super) doubled: u64,
    /// Clients to whom messages of one publisher that the primary has came in another order than published.
    pub(super) disordered: u64,
    /// Connections that a relay ended.
    pub(super) ended: u64,
    /// From the promotion until messages from each relay reached the other's clients.
    pub(super) resumed: Duration,
}

impl Report {
    /// Counts. `steady` are the clients that stayed where they were, `kept` is what the primary has.
    pub(super) fn of(
        traffic: &Traffic,
        kept: &BTreeSet<u64>,
        steady: &[Seen],
        roaming: &[Seen],
        resumed: Duration,
    ) -> Self {
        let accepted = traffic.accepted();
        let mut report = Self {
            acknowledged: accepted.len() as u64,
            refused: traffic.refused(),
            lost: accepted.difference(kept).count() as u64,
            resumed,
            ..Self::default()
        };
        for seen in steady.iter().chain(roaming) {
            report.add(seen, &accepted, kept, traffic.publishers());
        }
        report
    }

    fn add(&mut self, seen: &Seen, accepted: &BTreeSet<u64>, kept: &BTreeSet<u64>, publishers: u64) {
        let distinct = seen.distinct();
        let missed = seen.lacks(accepted, publishers);
        let told = seen.told.iter().filter(|recovered| !**recovered).count() as u64;
        let in_order = |publisher| {
            let own =
                distinct.iter().filter(|number| *number % publishers == publisher && kept.contains(number));
            own.is_sorted()
        };
        let lost = missed.iter().filter(|number| !kept.contains(number)).count() as u64;
        let (missing, unheard) = if told == 0 { (missed.len() as u64 - lost, lost) } else { (0, 0) };
        if missing > 0 || !(0..publishers).all(in_order) {
            println!("{seen:?} misses {missed:?}");
        }
        self.delivered += accepted.iter().filter(|number| distinct.contains(number)).count() as u64;
        self.missing += missing;
        self.unheard += unheard;
        self.known += missed.len() as u64 - missing - unheard;
        self.resumes += seen.told.len() as u64;
        self.told += told;
        self.doubled += (seen.numbers.len() - distinct.len()) as u64;
        self.disordered += u64::from(!(0..publishers).all(in_order));
        self.ended += seen.ended;
    }
}
