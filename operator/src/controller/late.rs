//! Watches of kinds that a Kubernetes need not have: each begins when its kind appears.

use std::fmt::Debug;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use kube::runtime::Controller;
use kube::runtime::reflector::ObjectRef;
use kube::{Client, Resource};

use super::{Cluster, child_news};
use crate::reconcile::around::discovery::{Discovery, Kinds};
use crate::reconcile::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};

/// Watches the kinds, from whenever there are any on.
pub(super) fn children(
    controller: Controller<Cluster>,
    client: &Client,
    scope: Option<&str>,
    discovery: &Arc<Discovery>,
) -> Controller<Cluster> {
    controller
        .reconcile_on(changes::<HttpRoute>(client, scope, discovery, |kinds| kinds.route))
        .reconcile_on(changes::<PodMonitor>(client, scope, discovery, |kinds| kinds.pod_monitor))
        .reconcile_on(changes::<PrometheusRule>(client, scope, discovery, |kinds| kinds.rules))
}

/// The clusters of which an object of a kind changes. A definition that is removed again is an error of the watch, which tries
/// with growing pauses until it is back.
fn changes<K>(
    client: &Client,
    scope: Option<&str>,
    discovery: &Arc<Discovery>,
    has: fn(Kinds) -> bool,
) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + Send
        + Sync
        + 'static,
{
    // It asks for nothing before it is polled.
    let (news, discovery) = (child_news::<K>(client, scope), Arc::clone(discovery));
    let begins = async move {
        discovery.appears(has).await;
        news
    };
    stream::once(begins).flatten()
}
