//! One process of the operator, which can be ended as `kill -9` ends it.

use std::thread::JoinHandle;

use anyhow::Result;
use e2e::mortal::Fate;
use kube::Client;
use kube::client::{Body, ClientBuilder, DynBody};
use relay_operator::options::Options;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;
use tower::BoxError;
use tower::util::BoxService;

use crate::world::NAMESPACE;

/// What a client sends its requests with.
pub(crate) type Sender = BoxService<http::Request<Body>, http::Response<Box<DynBody>>, BoxError>;

/// A running operator. Dropping it ends all its tasks where they are.
pub(crate) struct Process {
    /// What it wrote, and whether it died.
    pub(crate) fate: Fate,
    _running: Running,
}

impl Process {
    /// Starts an operator.
    pub(crate) fn start(config: kube::Config, fate: Fate) -> Result<Self> {
        Self::with(config, fate, Options::default())
    }

    /// Starts an operator with these settings.
    pub(crate) fn with(config: kube::Config, fate: Fate, options: Options) -> Result<Self> {
        let options = Options { watch_namespace: Some(NAMESPACE.to_owned()), ..options };
        let layer = fate.clone();
        let running = Running::start(config, options, move |client| client.with_layer(&layer).build())?;
        Ok(Self { fate, _running: running })
    }
}

/// An operator with a runtime of its own, so that all of its tasks end when it is dropped.
pub(crate) struct Running {
    kill: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts an operator whose requests go through what `layers` puts around its client.
    pub(crate) fn start(
        config: kube::Config,
        options: Options,
        layers: impl FnOnce(ClientBuilder<Sender>) -> Client + Send + 'static,
    ) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let kill = CancellationToken::new();
        let own_kill = kill.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let client = layers(ClientBuilder::try_from(config).unwrap());
                tokio::select! {
                    ended = relay_operator::run(client, options, CancellationToken::new()) => {
                        panic!("the operator ended by itself: {ended:?}");
                    }
                    () = own_kill.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self { kill, thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
