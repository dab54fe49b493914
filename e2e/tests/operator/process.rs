//! One process of the operator, which can be ended as `kill -9` ends it.

use std::thread::JoinHandle;

use anyhow::Result;
use e2e::mortal::Fate;
use kube::client::ClientBuilder;
use relay_operator::options::Options;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::world::NAMESPACE;

/// A running operator. Dropping it ends all its tasks where they are.
pub(crate) struct Process {
    /// What it wrote, and whether it died.
    pub(crate) fate: Fate,
    kill: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts an operator. It has a runtime of its own, so that all of its tasks
    /// end with it.
    pub(crate) fn start(config: kube::Config, fate: Fate) -> Result<Self> {
        Self::with(config, fate, Options::default())
    }

    /// Starts an operator with these settings.
    pub(crate) fn with(config: kube::Config, fate: Fate, options: Options) -> Result<Self> {
        let options = Options { watch_namespace: Some(NAMESPACE.to_owned()), ..options };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let kill = CancellationToken::new();
        let (own_fate, own_kill) = (fate.clone(), kill.clone());
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let client = ClientBuilder::try_from(config).unwrap().with_layer(&own_fate).build();
                tokio::select! {
                    ended = relay_operator::run(client, options, CancellationToken::new()) => {
                        panic!("the operator ended by itself: {ended:?}");
                    }
                    () = own_fate.died() => {}
                    () = own_kill.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self { fate, kill, thread: Some(thread) })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
