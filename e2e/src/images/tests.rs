//! What holds for every image, shown on programs of a few bytes.

use std::io::Read as _;
use std::path::Path;

use super::*;

fn written(content: &[u8], directory: &Path) -> (Archive, Vec<u8>) {
    let image = program_image(RELAY, "relay", content.to_vec());
    let archive = image.write(Tag::ContentAnd(TAG), directory.join("relay.tar")).unwrap();
    let bytes = files::read_bytes(&archive.path).unwrap();
    (archive, bytes)
}

fn member(archive: &[u8], name: &str) -> serde_json::Value {
    let mut tar = tar::Archive::new(archive);
    let mut entries = tar.entries().unwrap().map(Result::unwrap);
    let mut entry = entries.find(|entry| entry.path().unwrap().to_string_lossy() == name).unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn blob(archive: &[u8], descriptor: &serde_json::Value) -> serde_json::Value {
    let digest = descriptor["digest"].as_str().unwrap();
    member(archive, &format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap()))
}

#[test]
fn two_builds_of_one_program_are_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(written(b"program", directory.path()).1, written(b"program", directory.path()).1);
}

#[test]
fn another_program_has_another_digest_and_another_tag() {
    let directory = tempfile::tempdir().unwrap();
    let [(one, _), (two, _)] = [b"one", b"two"].map(|content| written(content, directory.path()));
    assert_ne!((one.digest, one.reference), (two.digest, two.reference));
}

#[test]
fn the_second_image_of_a_program_has_another_digest() {
    let directory = tempfile::tempdir().unwrap();
    let image = program_image(RELAY, "relay", b"program".to_vec());
    let one = image.write(Tag::ContentAnd(TAG), directory.path().join("one.tar")).unwrap();
    let two = second(image).write(Tag::ContentAnd(SECOND_TAG), directory.path().join("two.tar")).unwrap();
    assert_ne!(one.digest, two.digest);
}

#[test]
fn an_image_is_known_by_its_content_and_by_its_fixed_tag() {
    let directory = tempfile::tempdir().unwrap();
    let (archive, bytes) = written(b"program", directory.path());
    let index = member(&bytes, "index.json");
    let names: Vec<_> =
        [0, 1].map(|n| index["manifests"][n]["annotations"]["io.containerd.image.name"].clone()).into();
    assert_eq!(names, [archive.reference.as_str(), "relay-operator.dev/relay:dev"]);
}

#[test]
fn an_image_runs_as_a_user_without_rights() {
    let directory = tempfile::tempdir().unwrap();
    let (_, bytes) = written(b"program", directory.path());
    let manifest = blob(&bytes, &member(&bytes, "index.json")["manifests"][0]);
    assert_eq!(blob(&bytes, &manifest["config"])["config"]["User"], "65532:65532");
}

#[test]
fn a_layer_does_not_depend_on_the_order_in_which_it_was_filled() {
    let one = Layer::new().file("a", "1").file("b/c", "2");
    let two = Layer::new().file("b/c", "2").file("a", "1");
    assert_eq!(one.to_tar().unwrap(), two.to_tar().unwrap());
}
