//! Switches of a session on three nodes, in any interleaving of their steps and of the news of them.

use proptest::prelude::*;

use super::*;
use crate::hub::{Membership, testing};
use crate::profiles::dual::shape::PlayerMessage;
use crate::profiles::opening;
use crate::transport::ws::WsWire;

/// One request of the player to a node, as far as it has come.
struct Request {
    node: usize,
    session: &'static str,
    /// What it found, until it has acted on it.
    entered: Option<Entered>,
    membership: Option<Membership>,
}

/// Three nodes, and the news that are on their way.
struct Cluster {
    nodes: Vec<Arc<Players>>,
    requests: Vec<Request>,
    news: Vec<(usize, Message)>,
    last: (Timestamp, &'static str),
}

impl Cluster {
    fn new() -> Self {
        let nodes = (0..3).map(|_| Players::new(testing::hub(), 0)).collect();
        Self { nodes, requests: Vec::new(), news: Vec::new(), last: (Timestamp::MIN, "") }
    }

    /// The first step of a request: the session is the player's. News go out.
    fn begin(&mut self, node: usize, session: &'static str) {
        let players = &self.nodes[node];
        let (entered, at) = players.sessions.enter("p", session, Timestamp::now(), || players.hub.mark());
        self.last = self.last.max((at, session));
        if entered != Entered::Same {
            self.tell(node, &announcement("p", session, at));
        }
        self.requests.push(Request { node, session, entered: Some(entered), membership: None });
    }

    /// The next step of a request: others end, or its own connection opens.
    fn go_on(&mut self, request: usize) {
        let request = &mut self.requests[request];
        let players = &self.nodes[request.node];
        if let Some(entered) = request.entered.take() {
            players.end_former("p", request.session, &entered);
        } else if request.membership.is_none() {
            let membership =
                players.hub.open(opening::of_user(NAME, "p".to_owned(), &WsWire::<PlayerMessage>::WIRE));
            players.recheck(membership.connection(), Some(request.session));
            request.membership = Some(membership);
        }
    }

    /// Sends news from one node to the others.
    fn tell(&mut self, from: usize, message: &Message) {
        let others = (0..self.nodes.len()).filter(|node| *node != from);
        self.news.extend(others.map(|node| (node, message.clone())));
    }

    fn deliver(&mut self, news: usize) {
        let (node, message) = self.news.swap_remove(news);
        if let Some(answer) = self.nodes[node].hear(&message) {
            self.tell(node, &answer);
        }
    }

    /// Takes one of all steps that are possible; `choice` says which.
    fn step(&mut self, choice: usize) {
        let starts = 3 * SESSIONS.len();
        let choice = choice % (starts + self.requests.len() + self.news.len());
        if choice < starts {
            self.begin(choice % 3, SESSIONS[choice / 3]);
        } else if choice < starts + self.requests.len() {
            self.go_on(choice - starts);
        } else {
            self.deliver(choice - starts - self.requests.len());
        }
    }

    fn settle(&mut self) {
        for request in 0..self.requests.len() {
            self.go_on(request);
            self.go_on(request);
        }
        while !self.news.is_empty() {
            self.deliver(0);
        }
    }

    /// Sessions of connections that live.
    fn alive(&self) -> Vec<&'static str> {
        let open = |request: &&Request| request.membership.as_ref().unwrap().connection().is_open();
        self.requests.iter().filter(open).map(|request| request.session).collect()
    }
}

const SESSIONS: [&str; 3] = ["a", "b", "c"];

proptest! {
    #[test]
    fn r004_25_in_any_interleaving_the_last_sessions_connections_are_left_and_no_others(
        choices in prop::collection::vec(any::<usize>(), 1..40)
    ) {
        let mut cluster = Cluster::new();
        cluster.begin(0, "a");
        choices.into_iter().for_each(|choice| cluster.step(choice));
        cluster.settle();
        let alive = cluster.alive();
        prop_assert!(!alive.is_empty());
        prop_assert!(alive.iter().all(|session| *session == cluster.last.1), "{alive:?}");
    }
}

#[tokio::test]
async fn r004_25_who_enters_the_new_session_while_the_old_one_is_being_ended_stays() {
    let mut cluster = Cluster::new();
    cluster.begin(0, "a");
    cluster.begin(0, "b");
    cluster.begin(0, "b");
    // The third request is through before the second one gets to ending what is left of the first.
    cluster.go_on(2);
    cluster.go_on(2);
    cluster.go_on(1);
    assert!(cluster.requests[2].membership.as_ref().unwrap().connection().is_open());
}
