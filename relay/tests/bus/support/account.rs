//! The accounts of `docs/redis.md`, made by the very commands of the page.

use super::{Node, Redis, Site, config_of};
use relay::bus::{Config, Login, Password, Secret};
use relay_contract::admin::BusState;

const PAGE: &str = include_str!("../../../../docs/redis.md");
const PASSWORD: &str = "right-horse";

/// The command of the page in the block under the line that ends with `label`.
fn command(label: &str) -> Vec<&'static str> {
    let mut below = PAGE.lines().skip_while(|line| !line.ends_with(label)).skip(1);
    assert_eq!(below.next(), Some(""), "{label:?} is followed by no block");
    below.take_while(|line| line.starts_with("    ")).flat_map(str::split_whitespace).collect()
}

/// Runs that command on `servers` for the account called `name` of a cluster with this namespace.
fn make(label: &str, name: &str, namespace: &str, servers: &[Redis]) {
    let words = command(label);
    assert_eq!(words[..2], ["ACL", "SETUSER"], "{label:?}");
    let words =
        words[3..].iter().map(|word| word.replace("PASSWORD", PASSWORD).replace("NAMESPACE", namespace));
    let words: Vec<String> = ["ACL", "SETUSER", name].map(str::to_owned).into_iter().chain(words).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for server in servers {
        assert_eq!(server.cli(&words), "OK", "{words:?}");
    }
}

/// A Redis that relays come to with the account that the page gives them, and with no more.
pub struct Guarded(pub Site);

impl Guarded {
    /// Two relays of this namespace, with an account of their own, that keep what `history` says.
    pub async fn pair(&self, namespace: &str, history: &str) -> [Node; 2] {
        let name = format!("relay-{namespace}");
        let make = |label| make(label, &name, namespace, self.0.servers());
        make("An account for relays:");
        if matches!(self.0, Site::Cluster(_)) {
            make("In a Cluster it needs besides:");
        }
        if !history.is_empty() {
            make("With `HISTORY` it needs besides:");
        }
        let url = self.0.url().replacen("//", &format!("//{name}@"), 1);
        let config = self.with_sentinels(config_of(&url, Some(PASSWORD), namespace));
        let pair = ["a", "b"].map(|node| Node::that_keeps(node, config.clone(), history));
        for node in &pair {
            node.reaches(BusState::Ok).await;
        }
        pair
    }

    /// The same with the account for sentinels, where there are any.
    fn with_sentinels(&self, mut config: Config) -> Config {
        if let (Site::Sentinel(site), Config::Redis { sentinel, .. }) = (&self.0, &mut config) {
            make("Sentinels may have one, too:", "relay", "", &site.sentinels);
            *sentinel = Login {
                username: Some("relay".into()),
                password: Some(Password::Fixed(Secret::new(PASSWORD))),
            };
        }
        config
    }

    /// Makes the account for workers, and answers the words by which `redis-cli` has it.
    pub fn worker(&self, namespace: &str) -> [String; 4] {
        let name = format!("worker-{namespace}");
        make("An account for workers:", &name, namespace, self.0.servers());
        ["--user".into(), name, "--pass".into(), PASSWORD.into()]
    }

    /// What any server refused to anyone.
    pub fn refusals(&self) -> String {
        let sentinels = match &self.0 {
            Site::Sentinel(site) => &site.sentinels[..],
            Site::Single(_) | Site::Cluster(_) => &[],
        };
        self.0.servers().iter().chain(sentinels).map(|server| server.cli(&["ACL", "LOG"])).collect()
    }
}
