//! Where settings come from: the environment, and one `NAME=value` file.

use std::collections::BTreeMap;
use std::path::Path;

use relay_contract::settings::CONFIG_FILE;
use sha2::{Digest, Sha256};

use super::{Invalid, Problem};

/// All settings that are set; the environment wins over the file.
#[derive(Clone, Default)]
pub struct Source {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    /// SHA-256 of the file in lower-case hex; empty without a file.
    pub(super) hash: String,
}

impl Source {
    /// Reads the environment of the process and the file that `CONFIG_FILE` names.
    ///
    /// # Errors
    /// [`Invalid`] if the file cannot be read or parsed.
    pub fn from_process() -> Result<Self, Invalid> {
        // A variable that is not UTF-8 cannot be one of ours.
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::new(std::env::vars_os().filter_map(utf8))
    }

    /// Takes `environment`, and the file that it names.
    ///
    /// # Errors
    /// [`Invalid`] if the file cannot be read or parsed.
    pub fn new<N: Into<String>, V: Into<String>>(
        environment: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Invalid> {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
        let source = Self { environment: environment.collect(), ..Self::default() };
        source.reread()
    }

    /// The same environment with the file as it is now.
    ///
    /// # Errors
    /// [`Invalid`] if the file cannot be read or parsed.
    pub fn reread(&self) -> Result<Self, Invalid> {
        let environment = self.environment.clone();
        let Some(path) = self.file_path() else {
            return Ok(Self { environment, ..Self::default() });
        };
        let content = std::fs::read(path).map_err(|error| file_problem(path, &error))?;
        let hash = hex(&Sha256::digest(&content));
        let file = dotenvy::from_read_iter(content.as_slice()).collect::<Result<_, _>>();
        let file = file.map_err(|error| file_problem(path, &error))?;
        Ok(Self { environment, file, hash })
    }

    /// Path of the settings file, if there is one.
    pub fn file_path(&self) -> Option<&Path> {
        self.environment.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(Path::new)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).or_else(|| self.file.get(name)).map(String::as_str)
    }
}

fn file_problem(path: &Path, error: &dyn std::fmt::Display) -> Invalid {
    let what = format!("{}: {error}", path.display());
    Invalid(vec![Problem { setting: CONFIG_FILE.to_owned(), what }])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
