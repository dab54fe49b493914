//! The Go modules under `e2e/go` and the programs that each of them builds.
//!
//! A module here holds no code of the program: its `go.mod` and `go.sum` pin the program and
//! everything below it, so that a build anywhere is a build of the same sources.

use crate::error::Result;
use crate::place::Place;
use crate::{files, hash};

/// Version of Kubernetes in `go/kubernetes/go.mod`.
pub const KUBERNETES_VERSION: &str = "v1.37.1";
/// Version of Helm in `go/helm/go.mod`.
pub const HELM_VERSION: &str = "v4.2.4";

/// A Go module that is built as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// API server, controller manager, scheduler, kubelet, kube-proxy and kubectl.
    Kubernetes,
    /// The store of the API server.
    Etcd,
    /// Cluster DNS.
    CoreDns,
    /// Installs the chart.
    Helm,
    /// First process of every pod.
    Pause,
    /// Nodes that run nothing and say that they do, for measurements with thousands of pods.
    Kwok,
}

impl Module {
    /// What a cluster needs, the slowest to build first. Kwok is built where somebody measures.
    pub const ALL: [Self; 5] = [Self::Kubernetes, Self::Etcd, Self::CoreDns, Self::Helm, Self::Pause];

    /// Name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Etcd => "etcd",
            Self::CoreDns => "coredns",
            Self::Helm => "helm",
            Self::Pause => "pause",
            Self::Kwok => "kwok",
        }
    }

    /// Packages to build and the programs that they become, in the same order.
    pub(super) fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Kubernetes => &[
                ("k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
                ("k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager"),
                ("k8s.io/kubernetes/cmd/kube-proxy", "kube-proxy"),
                ("k8s.io/kubernetes/cmd/kube-scheduler", "kube-scheduler"),
                ("k8s.io/kubernetes/cmd/kubectl", "kubectl"),
                ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
            ],
            Self::Etcd => &[("go.etcd.io/etcd/server/v3", "etcd")],
            Self::CoreDns => &[(".", "coredns")],
            Self::Helm => &[("helm.sh/helm/v4/cmd/helm", "helm")],
            Self::Pause => &[(".", "pause")],
            Self::Kwok => &[("sigs.k8s.io/kwok/cmd/kwok", "kwok")],
        }
    }

    /// Linker flags. Without the versions, `/version`, kubectl's skew check and a chart's
    /// `kubeVersion` would all see v0.0.0.
    pub(super) fn linker_flags(self) -> String {
        let versions = match self {
            Self::Kubernetes => kubernetes_version_flags(),
            Self::Helm => format!(" -X helm.sh/helm/v4/internal/version.version={HELM_VERSION}"),
            Self::Etcd | Self::CoreDns | Self::Pause | Self::Kwok => String::new(),
        };
        format!("-s -w{versions}")
    }

    /// Whether C code may be linked in. Kubernetes decides by itself where it needs it.
    pub(super) fn links_c(self) -> bool {
        self == Self::Kubernetes
    }

    /// Name of its directory in the cache: changes with everything that the build depends on.
    pub(super) fn cache_name(self, place: &Place) -> Result<String> {
        let folder = place.source("go").join(self.name());
        let mut parts = vec![self.linker_flags().into_bytes(), std::env::consts::ARCH.into()];
        for name in files::list(&folder) {
            parts.push(files::read_bytes(&folder.join(&name))?);
            parts.push(name.into_bytes());
        }
        Ok(format!("{}-{}", self.name(), hash::short(parts, 12)))
    }
}

fn kubernetes_version_flags() -> String {
    let [major, minor] = [version_part(0), version_part(1)];
    let values = [
        ("gitVersion", KUBERNETES_VERSION),
        ("gitMajor", major),
        ("gitMinor", minor),
        ("gitTreeState", "clean"),
        ("gitCommit", "modules"),
        ("buildDate", "1970-01-01T00:00:00Z"),
    ];
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    let flag = |package: &str| -> String {
        values.iter().map(|(name, value)| format!(" -X {package}.{name}={value}")).collect()
    };
    packages.map(flag).concat()
}

fn version_part(index: usize) -> &'static str {
    KUBERNETES_VERSION.trim_start_matches('v').split('.').nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(module: Module, package: &str) -> String {
        let go_mod = Place::find().unwrap().source("go").join(module.name()).join("go.mod");
        let text = files::read(&go_mod).unwrap();
        let line = text.lines().find(|line| line.trim().starts_with(&format!("{package} v"))).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    #[test]
    fn the_version_that_kubernetes_reports_is_the_one_in_go_mod() {
        assert_eq!(pinned(Module::Kubernetes, "k8s.io/kubernetes"), KUBERNETES_VERSION);
    }

    #[test]
    fn the_version_that_helm_reports_is_the_one_in_go_mod() {
        assert_eq!(pinned(Module::Helm, "helm.sh/helm/v4"), HELM_VERSION);
    }
}
