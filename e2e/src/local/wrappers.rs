//! Small programs for a person who wants to look at a local cluster by hand.

use super::layout::Layout;
use crate::binaries::Binaries;
use crate::error::Result;
use crate::files;

/// Programs that work on the cluster from inside its network only.
const PROGRAMS: [&str; 2] = ["kubectl", "helm"];

/// Writes `kubectl` and `helm` into the cluster's directory; each enters the cluster's network and
/// is the administrator there.
pub(super) fn write(layout: &Layout, binaries: &Binaries) -> Result<()> {
    let namespace = layout.first().namespace_file();
    for program in PROGRAMS {
        let script = format!(
            "#!/bin/sh\nexport KUBECONFIG='{}'\nexec nsenter --net='{}' -- '{}' \"$@\"\n",
            layout.admin().display(),
            namespace.display(),
            binaries.path(program)?.display(),
        );
        files::write_executable(&layout.file(program), script)?;
    }
    Ok(())
}
