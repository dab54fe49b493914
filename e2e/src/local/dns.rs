//! Cluster DNS: CoreDNS on the first node's address, outside of the cluster's pods.

use std::path::PathBuf;

use super::layout::Layout;
use crate::error::Result;
use crate::files;

/// Writes the configuration: Services and pods are answered, and for every other name there is
/// none, since nothing outside can be reached anyway.
pub(super) fn write_corefile(layout: &Layout) -> Result<PathBuf> {
    let path = layout.file("Corefile");
    let address = layout.first().address();
    let kubeconfig = layout.kubeconfig("coredns");
    let content = format!(
        "cluster.local:53 in-addr.arpa:53 {{
    bind {address}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {}
        ttl 5
    }}
    cache 5
}}
.:53 {{
    bind {address}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
",
        kubeconfig.display()
    );
    files::write(&path, content)?;
    Ok(path)
}
