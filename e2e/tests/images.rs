//! The images of this checkout's own programs, built twice.
//! Compiles relay and operator in release mode.
#![allow(clippy::unwrap_used)] // A helper of a test says what it expects by failing.

use std::process::Command;

use e2e::files;
use e2e::images::{self, Archive};
use e2e::place::Place;

fn built() -> [(Archive, Vec<u8>); 3] {
    let archives = images::build_project(&Place::find().unwrap()).unwrap();
    archives.map(|archive| (archive.clone(), files::read_bytes(&archive.path).unwrap()))
}

#[test]
fn every_image_is_the_same_bytes_when_it_is_built_again() {
    let [one, two] = [built(), built()].map(|images| images.map(|(_, bytes)| bytes));
    assert_eq!(one, two);
}

#[test]
fn the_two_relay_images_differ_in_name_and_digest() {
    let [(relay, _), (second, _), _] = built();
    assert!(relay.reference != second.reference && relay.digest != second.digest);
}

#[test]
fn a_program_that_goes_into_an_image_is_static() {
    built();
    for program in ["relay", "relay-operator"] {
        let path = images::program_path(&Place::find().unwrap(), program);
        let said = Command::new("ldd").arg(path).output().unwrap();
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), "statically linked", "{program}");
    }
}
