//! After a cluster was taken down, nothing of it is left on the machine: no process, no network
//! namespace, no mount, no control group and no file. Needs root; each test has a cluster of its
//! own, beside whatever else runs.
#![allow(clippy::unwrap_used)] // A helper of a test says what it expects by failing.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A cluster by another name, taken down also when the test fails.
struct Named(&'static str);

impl Named {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_e2e"));
        command.args(["--provider", "local"]).args(arguments).env("E2E_NAME", self.0);
        command
    }

    fn does(&self, arguments: &[&str]) -> bool {
        self.command(arguments).status().unwrap().success()
    }

    fn leftovers(&self) -> String {
        String::from_utf8(self.command(&["leftovers"]).output().unwrap().stdout).unwrap()
    }

    /// Starts `up`, and kills it as soon as something with this word is there.
    fn killed_when_there_is(&self, word: &str) {
        let mut up = self.command(&["up", "--nodes", "2"]).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.leftovers().contains(word) {
            assert!(Instant::now() < deadline && is_running(&mut up), "there never was a {word}");
        }
        up.kill().unwrap();
        up.wait().unwrap();
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).stderr(Stdio::null()).status();
    }
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

#[test]
fn a_cluster_with_a_pod_leaves_nothing() {
    let cluster = Named("leftovers-pod");
    assert!(cluster.does(&["up", "--nodes", "1"]));
    let pod = ["run", "--", "sh", "-c", POD];
    assert!(cluster.does(&pod) && cluster.does(&["down"]));
    assert_eq!(cluster.leftovers(), "");
}

/// A pod whose process only the control groups still lead to when the kubelet is gone.
const POD: &str = "kubectl run redis --image=\"$E2E_REDIS_IMAGE\" --image-pull-policy=Never \
                   && kubectl wait --for=condition=Ready pod/redis --timeout=60s";

#[test]
fn a_start_that_was_killed_leaves_nothing_after_down() {
    let cluster = Named("leftovers-killed");
    cluster.killed_when_there_is("kube-apiserver");
    assert!(cluster.does(&["down"]));
    assert_eq!(cluster.leftovers(), "");
}

#[test]
fn a_start_that_was_killed_does_not_hinder_the_next() {
    let cluster = Named("leftovers-next");
    cluster.killed_when_there_is("containerd");
    assert!(cluster.does(&["up", "--nodes", "2"]));
}

#[test]
fn a_down_where_nothing_is_up_is_no_error() {
    assert!(Named("leftovers-none").does(&["down"]));
}
