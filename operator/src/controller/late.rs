//! Watches of kinds that a Kubernetes need not have: each begins when its kind appears.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use kube::runtime::Controller;
use kube::runtime::reflector::ObjectRef;

use super::{Cluster, Kind, optional_news};
use crate::reconcile::Context;
use crate::reconcile::around::discovery::Kinds;
use crate::reconcile::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};

/// Watches the kinds, from whenever there are any on.
pub(super) fn children(controller: Controller<Cluster>, context: &Context) -> Controller<Cluster> {
    controller
        .reconcile_on(changes::<HttpRoute>(context, |kinds| kinds.route))
        .reconcile_on(changes::<PodMonitor>(context, |kinds| kinds.pod_monitor))
        .reconcile_on(changes::<PrometheusRule>(context, |kinds| kinds.rules))
}

/// The clusters of which an object of a kind changes. A definition that is removed again is an error of
/// the watch, which tries with growing pauses until it is back.
fn changes<K: Kind>(
    context: &Context,
    has: fn(Kinds) -> bool,
) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static {
    // It asks for nothing before it is polled.
    let (news, discovery) = (optional_news::<K>(context), Arc::clone(&context.discovery));
    let begins = async move {
        discovery.appears(has).await;
        news
    };
    stream::once(begins).flatten()
}
