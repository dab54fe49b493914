//! Watches that do not trust themselves for ever.
//!
//! A visit reads everything afresh but two things: which clusters there are, and their pods. An event
//! that is lost on the way, by a proxy or by an API server that restarts, would leave these two wrong
//! until something else happens to the same object. Both are listed anew from time to time.

use std::fmt::Debug;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

/// A watch that begins with a new list `every` so often.
pub(super) fn relisting<K>(
    api: Api<K>,
    config: watcher::Config,
    every: Duration,
) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let watches = stream::repeat_with(move || {
        watcher(api.clone(), config.clone()).take_until(tokio::time::sleep(every))
    });
    watches.flatten()
}
