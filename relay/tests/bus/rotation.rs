//! Credentials that are rotated while a relay runs: it reads them again at each dial, and is back
//! by itself whichever side changed first.

use std::path::PathBuf;

use relay::bus::{Config, Password};
use relay_contract::admin::BusState;
use tempfile::NamedTempFile;

use crate::support::{Node, Redis, config_of, until};

/// A Redis whose account `relay` has this password, and whose default account can do all else.
fn redis_with_an_account(password: &str) -> Redis {
    let redis = Redis::start(&[]);
    redis.cli(&["ACL", "SETUSER", "relay", "on", &format!(">{password}"), "~*", "&*", "+@all"]);
    redis
}

/// Gives the account another password, and ends the connections that logged in with the old one.
fn rotate(redis: &Redis, password: &str) {
    redis.cli(&["ACL", "SETUSER", "relay", "resetpass", &format!(">{password}")]);
    redis.cli(&["CLIENT", "KILL", "USER", "relay"]);
}

fn file(content: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

/// A bus whose account, or the file of the whole URL, is in files.
fn bus(url: &str, of_url: Option<PathBuf>, of_password: Option<PathBuf>) -> Config {
    let Config::Redis { url, sentinel, namespace, authorities, max_retries, pool, .. } =
        config_of(url, None, "default")
    else {
        unreachable!()
    };
    let password = of_password.map(Password::File);
    Config::Redis { url, url_file: of_url, password, sentinel, namespace, authorities, max_retries, pool }
}

async fn is_locked_out(node: &Node) {
    until("the old password is refused", || {
        node.bus.status().reason.is_some_and(|reason| reason.contains("WRONGPASS"))
    })
    .await;
}

#[tokio::test]
async fn f11_a_rotated_password_is_read_again_and_the_relay_is_back_by_itself() {
    let redis = redis_with_an_account("one");
    let password = file("one");
    let url = redis.url().replace("redis://", "redis://relay@");
    let node = Node::with("a", bus(&url, None, Some(password.path().to_owned())));
    node.reaches(BusState::Ok).await;
    rotate(&redis, "two");
    is_locked_out(&node).await;
    std::fs::write(password.path(), "two\n").unwrap();
    node.reaches(BusState::Ok).await;
}

#[tokio::test]
async fn f11_a_rotated_url_is_read_again_and_the_relay_is_back_by_itself() {
    let redis = redis_with_an_account("one");
    let with = |login: &str| redis.url().replace("redis://", &format!("redis://{login}@"));
    let url = file(&with("relay:one"));
    let node = Node::with("a", bus(&with("relay:one"), Some(url.path().to_owned()), None));
    node.reaches(BusState::Ok).await;
    rotate(&redis, "two");
    is_locked_out(&node).await;
    std::fs::write(url.path(), with("relay:two")).unwrap();
    node.reaches(BusState::Ok).await;
}
