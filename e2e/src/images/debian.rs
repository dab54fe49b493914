//! A program of this machine's distribution as an image: the program and the libraries that the
//! dynamic linker loads for it. A cluster that cannot reach a registry gets its Redis this way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::layer::Layer;
use super::oci::{Archive, Image, Tag};
use crate::command::Command;
use crate::error::{Error, Result};
use crate::files;

/// Name of the Redis image; its tag is the version of the package's Redis.
const REDIS: &str = "localhost/redis";
const SERVER: &str = "/usr/bin/redis-server";
const CLIENT: &str = "/usr/bin/redis-cli";
/// What the scripts of a managed Redis with sentinels need; the official image has more than these.
const SHELL: [(&str, &str); 3] =
    [("/bin/sh", "bin/sh"), ("/bin/sleep", "usr/bin/sleep"), ("/usr/bin/timeout", "usr/bin/timeout")];
/// The user of the official image, for which this one stands in.
const USER: &str = "999:999";
const USERS: &str = "root:x:0:0::/:/sbin/nologin\nredis:x:999:999::/data:/sbin/nologin\n";
const GROUPS: &str = "root:x:0:\nredis:x:999:\n";

/// Makes the Redis image. It runs as any user, on a root file system that is read-only.
pub(super) fn redis(directory: &Path) -> Result<Archive> {
    let mut layer = Layer::new()
        .file("etc/passwd", USERS)
        .file("etc/group", GROUPS)
        .open_directory("data")
        .open_directory("tmp");
    let redis = [(SERVER, SERVER), (CLIENT, CLIENT)];
    for (program, path) in redis.into_iter().chain(SHELL) {
        layer = layer.program(path, files::read_bytes(Path::new(program))?);
        for library in libraries(program)? {
            layer = layer.program(&library.to_string_lossy(), files::read_bytes(&library)?);
        }
    }
    let image = Image {
        name: REDIS.into(),
        entrypoint: vec!["redis-server".into()],
        user: USER.into(),
        directory: "/data".into(),
        labels: super::labels("redis", "Redis from the distribution's package, for tests."),
        layer,
    };
    image.write(Tag::Fixed(&version()?), directory.join("redis.tar"))
}

/// `Redis server v=7.0.15 sha=…` gives `7.0.15`.
fn version() -> Result<String> {
    let output = Command::new(SERVER).arg("--version").output()?;
    let version = output.split_whitespace().find_map(|word| word.strip_prefix("v="));
    version.map(String::from).ok_or_else(|| {
        Error::Prerequisite(format!("{SERVER} --version does not say a version: {}", output.trim()))
    })
}

/// Every absolute path that `ldd` lists: libraries, and the dynamic linker itself.
fn libraries(program: &str) -> Result<BTreeSet<PathBuf>> {
    let output = Command::new("ldd").arg(program).output()?;
    let words = output.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(words.map(|word| PathBuf::from(word.trim_end_matches(':'))).collect())
}
