//! An image as an OCI archive: the image layout of the OCI Image Format Specification 1.1 in a tar
//! file, which containerd, kind and skopeo read. The same input gives the same bytes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use tar::{Builder, EntryType};

use super::layer::{Layer, append};
use crate::error::{Error, Result};
use crate::{files, hash};

/// Processor architecture of every image, in the names of the specification.
const ARCHITECTURE: &str = "amd64";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Digits of a content tag: enough that two builds of one project do not meet.
const TAG_DIGITS: usize = 12;

/// What an image runs, and as whom.
#[derive(Debug, Clone)]
pub struct Image {
    /// Name without a tag, such as `relay-operator.dev/relay`.
    pub name: String,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// `user:group` by number.
    pub user: String,
    /// Where the program starts.
    pub directory: String,
    /// Labels of the image (OCI annotations, `org.opencontainers.image.*`).
    pub labels: BTreeMap<String, String>,
    /// Its whole file system.
    pub layer: Layer,
}

/// An image on disk.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The OCI archive.
    pub path: PathBuf,
    /// Name and tag to ask for. A content tag changes whenever the image does.
    pub reference: String,
    /// Digest of the image's manifest.
    pub digest: String,
}

/// How an image is tagged.
#[derive(Debug, Clone, Copy)]
pub enum Tag<'a> {
    /// As given.
    Fixed(&'a str),
    /// By its content, and as given too.
    ContentAnd(&'a str),
}

struct Blob {
    kind: &'static str,
    hex: String,
    content: Vec<u8>,
}

impl Blob {
    fn new(kind: &'static str, content: Vec<u8>) -> Self {
        Self { kind, hex: hash::hex(&content), content }
    }

    fn json(kind: &'static str, value: &Value) -> Result<Self> {
        Ok(Self::new(kind, serde_json::to_vec(value).map_err(Error::document(kind))?))
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.hex)
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.kind, "digest": self.digest(), "size": self.content.len()})
    }
}

impl Image {
    /// Writes the archive.
    pub fn write(&self, tag: Tag<'_>, path: PathBuf) -> Result<Archive> {
        let failed = || Error::file("write", &path);
        let tar = self.layer.to_tar().map_err(failed())?;
        let layer = Blob::new(LAYER, compress(&tar).map_err(failed())?);
        let config = Blob::json(CONFIG, &self.config(&hash::hex(&tar)))?;
        let manifest = Blob::json(MANIFEST, &manifest(&config, &layer))?;
        let (tags, reference) = self.tags(tag, &manifest);
        let index = Blob::json("index", &index(&self.name, &tags, &manifest))?;
        let content = archive(&index, &[&config, &layer, &manifest]).map_err(failed())?;
        files::replace(&path, content)?;
        let digest = manifest.digest();
        Ok(Archive { path, reference, digest })
    }

    fn tags(&self, tag: Tag<'_>, manifest: &Blob) -> (Vec<String>, String) {
        let tags = match tag {
            Tag::Fixed(tag) => vec![tag.to_owned()],
            Tag::ContentAnd(tag) => {
                vec![manifest.hex.chars().take(TAG_DIGITS).collect(), tag.to_owned()]
            }
        };
        let first = tags.first().map(String::as_str).unwrap_or_default();
        let reference = format!("{}:{first}", self.name);
        (tags, reference)
    }

    fn config(&self, layer_hex: &str) -> Value {
        json!({
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {
                "User": self.user,
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
                "Entrypoint": self.entrypoint,
                "WorkingDir": self.directory,
                "Labels": self.labels,
            },
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_hex}")]},
        })
    }
}

fn manifest(config: &Blob, layer: &Blob) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    })
}

/// One entry per tag, all for the same manifest. The first annotation is containerd's own: the
/// specification's names a tag only.
fn index(name: &str, tags: &[String], manifest: &Blob) -> Value {
    let entry = |tag: &String| {
        json!({
            "mediaType": manifest.kind,
            "digest": manifest.digest(),
            "size": manifest.content.len(),
            "platform": {"architecture": ARCHITECTURE, "os": "linux"},
            "annotations": {
                "io.containerd.image.name": format!("{name}:{tag}"),
                "org.opencontainers.image.ref.name": tag,
            },
        })
    };
    let entries: Vec<_> = tags.iter().map(entry).collect();
    json!({"schemaVersion": 2, "manifests": entries})
}

fn compress(tar: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(6));
    gzip.write_all(tar)?;
    gzip.finish()
}

fn archive(index: &Blob, blobs: &[&Blob]) -> std::io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    let mut add = |path: &str, content: &[u8]| append(&mut tar, EntryType::Regular, path, 0o644, content);
    add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    add("index.json", &index.content)?;
    for blob in blobs {
        add(&Path::new("blobs/sha256").join(&blob.hex).to_string_lossy(), &blob.content)?;
    }
    tar.into_inner()
}
