//! Images without Docker: from programs on disk to OCI archives that a cluster can load.
//!
//! Two sets: what the cluster itself needs (`infrastructure`), and what is under test
//! (`Project`), which is built from this checkout.

mod debian;
mod layer;
mod oci;
mod program;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::binaries::Binaries;
use crate::environment::IMAGES;
use crate::error::{Error, Result};
use crate::files;
use crate::lock::Lock;
use crate::place::Place;

pub use layer::Layer;
pub use oci::{Archive, Image, Tag};
pub use program::{TARGET, TARGET_DIRECTORY_VARIABLE, program_path};

/// First container of every pod of the local cluster.
pub const PAUSE: &str = "localhost/pause:1";
/// The relay's image.
pub const RELAY: &str = "relay-operator.dev/relay";
/// The operator's image.
pub const OPERATOR: &str = "relay-operator.dev/relay-operator";
/// The tag of both, next to the tag that stands for the content.
pub const TAG: &str = "dev";
/// The tag of a second relay image: the same program, another digest.
pub const SECOND_TAG: &str = "dev-2";
/// A user that owns nothing, by the number that images without a base have made customary.
pub const USER: &str = "65532:65532";

const REFERENCES: &str = "references.json";

/// Names of the images that were built last in this checkout: what to ask a cluster for, by the
/// name of the archive without `.tar`.
pub fn references(place: &Place) -> BTreeMap<String, String> {
    let text = files::read(&place.images().join(REFERENCES)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The variables that tell a program of these images, unless they tell of others already.
pub fn variables(place: &Place) -> Vec<(&'static str, OsString)> {
    let built = references(place);
    let reference = |variable, archive| env::var_os(variable).or(built.get(archive).map(OsString::from));
    let all = IMAGES.iter().map(|&(variable, archive)| (variable, reference(variable, archive)));
    all.filter_map(|(variable, reference)| Some((variable, reference?))).collect()
}

/// Makes the images that the local cluster starts with: pause and Redis.
pub fn infrastructure(place: &Place, binaries: &Binaries) -> Result<[Archive; 2]> {
    let directory = place.images();
    files::make_dir(&directory)?;
    let archives = [pause(&directory, binaries)?, debian::redis(&directory)?];
    save(place, &archives)?;
    Ok(archives)
}

/// Builds relay and operator from this checkout, and an image of each; of the relay, two.
pub fn build_project(place: &Place) -> Result<[Archive; 3]> {
    let programs = program::Programs::build(place)?;
    let directory = place.images();
    files::make_dir(&directory)?;
    let relay = program_image(RELAY, "relay", programs.read("relay")?);
    let operator = program_image(OPERATOR, "relay-operator", programs.read("relay-operator")?);
    let archives = [
        relay.write(Tag::ContentAnd(TAG), directory.join("relay.tar"))?,
        second(relay).write(Tag::ContentAnd(SECOND_TAG), directory.join("relay-2.tar"))?,
        operator.write(Tag::ContentAnd(TAG), directory.join("relay-operator.tar"))?,
    ];
    save(place, &archives)?;
    Ok(archives)
}

/// Archives that [`build_project`] leaves behind, in its order.
pub fn project_archives(place: &Place) -> [PathBuf; 3] {
    ["relay.tar", "relay-2.tar", "relay-operator.tar"].map(|name| place.images().join(name))
}

/// The image of a static program: that file, and the user that runs it.
pub fn program_image(name: &str, program: &str, content: Vec<u8>) -> Image {
    let users = "nonroot:x:65532:65532::/:/sbin/nologin\n";
    Image {
        name: name.into(),
        entrypoint: vec![format!("/usr/local/bin/{program}")],
        user: USER.into(),
        directory: "/".into(),
        labels: labels(program, env!("CARGO_PKG_DESCRIPTION")),
        layer: Layer::new().file("etc/passwd", users).program(&format!("usr/local/bin/{program}"), content),
    }
}

/// The same content under another digest: what a rollout to "a new image" needs.
pub fn second(mut image: Image) -> Image {
    image.labels.insert("relay-operator.dev/variant".into(), "second".into());
    image
}

fn labels(title: &str, description: &str) -> BTreeMap<String, String> {
    let labels = [
        ("title", title),
        ("description", description),
        ("version", env!("CARGO_PKG_VERSION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("source", env!("CARGO_PKG_REPOSITORY")),
    ];
    labels.map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.to_owned())).into()
}

fn pause(directory: &Path, binaries: &Binaries) -> Result<Archive> {
    let content = files::read_bytes(&binaries.path("pause")?)?;
    let (name, tag) = PAUSE.split_once(':').unwrap_or((PAUSE, "1"));
    program_image(name, "pause", content).write(Tag::Fixed(tag), directory.join("pause.tar"))
}

/// Adds to what is noted already, also while another process does the same.
fn save(place: &Place, archives: &[Archive]) -> Result<()> {
    let _lock = Lock::take(&place.images().with_extension("lock"), "the list of images")?;
    let mut references = references(place);
    for archive in archives {
        let name = archive.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        references.insert(name, archive.reference.clone());
    }
    let text = serde_json::to_string_pretty(&references).map_err(Error::document(REFERENCES))?;
    files::replace(&place.images().join(REFERENCES), text)
}
