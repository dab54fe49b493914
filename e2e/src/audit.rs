//! The API server's audit log: who wrote what.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// One request as the API server logged it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `patch`, `update`, `delete`, …
    pub verb: String,
    /// Who asked.
    pub user: User,
    /// As whom, if not as themselves.
    #[serde(default)]
    pub impersonated_user: Option<User>,
    /// With what.
    #[serde(default)]
    pub user_agent: String,
    /// For what; absent for paths that are no resource.
    #[serde(default)]
    pub object_ref: Object,
    /// `RequestReceived`, `ResponseComplete`, …
    pub stage: String,
    /// How it was answered.
    #[serde(default)]
    pub response_status: Answer,
}

/// How a request was answered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Status of HTTP: 201 for what was created, also by a patch.
    pub code: u16,
}

/// Who asked.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// Name, such as `system:serviceaccount:relay-system:relay-operator`.
    pub username: String,
}

/// What was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Object {
    /// Group of the API; empty for that of the core.
    pub api_group: String,
    /// Plural name of the kind.
    pub resource: String,
    /// `status`, `scale`, …
    pub subresource: String,
    /// Namespace, if the kind has one.
    pub namespace: String,
    /// Name; empty for lists.
    pub name: String,
}

impl Request {
    /// Whether it made a new object. An apply of what is not there is a patch that does.
    pub fn creates(&self) -> bool {
        self.verb == "create" || (self.verb == "patch" && self.response_status.code == 201)
    }

    /// Whether it changes something.
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "patch" | "update" | "delete" | "deletecollection")
    }
}

/// A place in the log, from which new requests are read.
pub struct AuditLog {
    path: PathBuf,
    offset: u64,
}

impl AuditLog {
    /// The end of the log as it is now.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn from_now(path: &Path) -> Result<Self> {
        let offset = path.metadata().with_context(|| path.display().to_string())?.len();
        Ok(Self { path: path.to_owned(), offset })
    }

    /// The whole log.
    pub fn from_the_start(path: &Path) -> Self {
        Self { path: path.to_owned(), offset: 0 }
    }

    /// Answered requests since the last call, or since [`from_now`](Self::from_now).
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn new_requests(&mut self) -> Result<Vec<Request>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut requests = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            // The last line may still be under way: the next call reads it from its start.
            let Ok(request) = serde_json::from_slice::<Request>(&line) else { break };
            self.offset += line.len() as u64 + 1;
            requests.push(request);
        }
        // A watch is complete only when it ends.
        requests.retain(|request| matches!(request.stage.as_str(), "ResponseComplete" | "ResponseStarted"));
        Ok(requests)
    }
}
