//! Three relays of one cluster, and a balancer before them that keeps nobody on one.

use super::{Balancer, TestRelay};

/// The relays; they stop when dropped.
pub(crate) struct Trio {
    pub(crate) relays: [TestRelay; 3],
}

impl Trio {
    /// Three on the Redis at `url`, ready, with some settings.
    pub(crate) async fn on(url: &str, settings: &[(&str, &str)]) -> Self {
        let relay = async |name: &str| TestRelay::on(url, name, settings).await;
        Self { relays: [relay("one").await, relay("two").await, relay("three").await] }
    }

    /// A balancer that takes each request to the next of them.
    pub(crate) async fn balancer(&self) -> Balancer {
        Balancer::before(self.relays.each_ref().map(|relay| relay.address)).await
    }

    /// A figure, summed over them.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let mut sum = 0;
        for relay in &self.relays {
            let text = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            sum += line.trim().parse::<u64>().unwrap();
        }
        sum
    }
}
