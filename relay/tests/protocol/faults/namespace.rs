//! A test again in a network namespace of its own, where packets can be dropped.

use std::process::Command;

/// Where a test sees that it is in its namespace.
const INSIDE: &str = "RELAY_TEST_NAMESPACE";

/// Whether this is the process in the namespace. In any other, runs the test called `name` there.
pub(super) fn is_inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let mut again = Command::new("unshare");
    again.args(["--net", "--mount"]);
    if !super::kind::is_root() {
        again.args(["--user", "--map-root-user"]);
    }
    // `iptables` keeps its lock in `/run`, which others may have to themselves.
    let furnish = "ip link set lo up && mount -t tmpfs tmpfs /run && exec \"$@\"";
    again.args(["bash", "-c", furnish, "--"]).arg(program).args(["--exact", name, "--nocapture"]);
    again.args(["--include-ignored"]).env(INSIDE, "1");
    let output = again.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    println!("{text}");
    assert!(output.status.success() && text.contains("1 passed"), "the test in its namespace failed");
    false
}
