//! Who talks to the API server: a token for each component and for the administrator, and a
//! kubeconfig that carries it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pki::Pki;
use crate::error::{Error, Result};
use crate::files;

/// The group that may do anything.
pub const ADMINISTRATORS: &str = "system:masters";
/// The group of every kubelet.
pub const KUBELETS: &str = "system:nodes";

/// A user of the API server. It has no `Debug`, which would show the token.
pub struct Identity {
    name: String,
    group: Option<&'static str>,
    token: String,
}

impl Identity {
    /// A user with a fresh random token of 128 bits.
    pub fn new(name: impl Into<String>, group: Option<&'static str>) -> Self {
        Self { name: name.into(), group, token: format!("{:032x}", rand::random::<u128>()) }
    }

    /// A line of the API server's `--token-auth-file`: token, name, id, groups.
    fn line(&self) -> String {
        let group = self.group.map(|group| format!(",\"{group}\"")).unwrap_or_default();
        format!("{},{name},{name}{group}\n", self.token, name = self.name)
    }
}

/// Writes the API server's token file.
pub fn write_tokens(path: &Path, identities: &[&Identity]) -> Result<()> {
    files::write_secret(path, identities.iter().map(|identity| identity.line()).collect::<String>())
}

/// Writes a kubeconfig for `identity` that stands alone: the authority's certificate is in it.
pub fn write_kubeconfig(path: PathBuf, server: &str, pki: &Pki, identity: &Identity) -> Result<PathBuf> {
    let authority = STANDARD.encode(files::read(&pki.path("ca.crt"))?);
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "e2e",
        "clusters": [{"name": "e2e", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": identity.name, "user": {"token": identity.token}}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": identity.name}}],
    });
    // JSON is YAML, which is what every reader of a kubeconfig takes.
    let text = serde_json::to_string_pretty(&config).map_err(Error::document("a kubeconfig"))?;
    files::write_secret(&path, text)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_user_with_one_group() {
        let line = Identity::new("system:node:node1", Some(KUBELETS)).line();
        let (token, user) = line.split_once(',').unwrap();
        assert_eq!((token.len(), user), (32, "system:node:node1,system:node:node1,\"system:nodes\"\n"));
    }
}
