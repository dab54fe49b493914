//! The scripts by which servers and sentinels start, with functions in the place of Redis that answer as told.

use std::process::Command;

use serde_json::json;

use super::WantedSet;
use super::tests::{sets, spec};

/// What stands for programs: `$looked` is how often the script looked again; who looks for ever is ended.
const PROGRAMS: &str = r#"
looked=0
sleep() { looked=$((looked + 1)); [ "$looked" -lt 200 ] || exit 1; }
timeout() { shift; "$@"; }
redis_server() { cat "$1"; echo "looked $looked"; }
"#;

/// Runs the script of a set's first pod, whose `redis-cli` does this; the configuration that Redis is started
/// with, and then how often the script looked again before.
fn start(set: &WantedSet, redis_cli: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let pod = format!("{}-0", set.pods.metadata.name.as_deref().unwrap());
    let container = spec(set).template.spec.unwrap().containers.remove(0);
    let script = container.command.unwrap()[2]
        .replace("/data/", &format!("{}/", place.path().display()))
        .replace("redis-cli", "redis_cli")
        .replace("exec redis-server", "redis_server");
    let known = container.env.unwrap().into_iter().filter_map(|env| Some((env.name, env.value?)));
    let output = Command::new("sh")
        .args(["-c", &format!("{PROGRAMS}redis_cli() {{ {redis_cli}\n}}\n{script}")])
        .envs([("POD_NAME", pod.as_str()), ("ADMIN_PASSWORD", "secret")])
        .envs(known.map(|(name, value)| (name, value.replace("$(POD_NAME)", &pod))))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Their patience is 22 looks.
fn servers() -> WantedSet {
    sets(json!({"sentinel": {"downAfterSeconds": 1}})).data
}

#[test]
fn f11_a_returning_primary_waits_while_no_majority_could_choose_another() {
    let text = start(
        &servers(),
        r#"case "$*" in
             *get-master-addr*) [ "$looked" -lt 40 ] && primary=0 || primary=1
               echo "demo-redis-data-$primary.demo-redis-data" ;;
             *) return 1 ;;
           esac"#,
    );
    assert!(text.contains("replicaof demo-redis-data-1.demo-redis-data 6379"), "{text}");
}

#[test]
fn f11_a_returning_primary_goes_on_when_a_majority_chose_no_other() {
    let text = start(
        &servers(),
        r#"case "$*" in
             *get-master-addr*) echo demo-redis-data-0.demo-redis-data ;;
             *ckquorum*) ;;
             *) return 1 ;;
           esac"#,
    );
    assert!(!text.contains("replicaof") && text.ends_with("looked 21\n"), "{text}");
}

#[test]
fn f11_a_sentinel_knows_the_replicas_of_a_primary_that_is_gone() {
    let text = start(
        &sets(json!({"sentinel": {}})).sentinels,
        r#"case "$*" in
             *redis-data-0*|*sentinel*) return 1 ;;
             *) echo role:slave; echo master_host:demo-redis-data-0.demo-redis-data; echo slave_repl_offset:47 ;;
           esac"#,
    );
    let of_servers = text.lines().filter(|line| line.starts_with("sentinel") && line.contains("redis-data"));
    assert_eq!(
        of_servers.collect::<Vec<_>>(),
        [
            "sentinel monitor relay demo-redis-data-0.demo-redis-data 6379 2",
            "sentinel known-replica relay demo-redis-data-1.demo-redis-data 6379",
            "sentinel known-replica relay demo-redis-data-2.demo-redis-data 6379",
        ]
    );
    assert!(text.ends_with("looked 0\n"), "{text}");
}
