use std::sync::{OnceLock, mpsc};

use super::*;
use crate::bus::config::Login;
use crate::bus::redis::endpoint::Endpoint;
use crate::bus::redis::layout::Layout;
use crate::bus::redis::routes::Routes;
use crate::bus::{Channel, Epoch, History, Log, Namespace, Position};

#[derive(Default)]
struct Ids(Mutex<Vec<String>>);

impl Inbox for Ids {
    fn receive(&self, message: Message) {
        self.0.lock().unwrap().push(message.id);
    }
}

struct Scene {
    ids: Arc<Ids>,
    tally: Arc<Tally>,
    inlet: Inlet,
}

fn scene() -> Scene {
    let (ids, tally) = (Arc::new(Ids::default()), Arc::new(Tally::default()));
    let inlet = inlet(Arc::clone(&ids) as _, History::default(), &tally);
    Scene { ids, tally, inlet }
}

fn inlet(inbox: Arc<dyn Inbox>, history: History, tally: &Arc<Tally>) -> Inlet {
    let layout = Arc::new(Layout::new(&Namespace::default(), 0));
    let url = "redis://localhost".parse().unwrap();
    let account = crate::bus::redis::Account::new(&url, None, None);
    let routes = Arc::new(Routes::new(Arc::new(Endpoint::new(url, account, Login::default(), None, 0))));
    let histories =
        Histories::new(history.into(), layout, false, routes, inbox.clone(), 1, Arc::clone(tally));
    let origin = Origin { node: "a".into(), incarnation: 1 };
    Inlet::new(inbox, origin, Arc::default(), histories, Arc::clone(tally))
}

fn frame(incarnation: u64, order: u64) -> Bytes {
    let message = Message {
        id: order.to_string(),
        channel: Channel::user("alice"),
        position: None,
        timestamp: 0,
        kind: "message".into(),
        payload: Bytes::new(),
    };
    Frame::encode(&Origin { node: "a".into(), incarnation }, &message).unwrap().stamp(order)
}

#[test]
fn messages_of_this_process_do_not_come_back() {
    let Scene { ids, inlet, .. } = scene();
    inlet.take(frame(1, 1));
    assert!(ids.0.lock().unwrap().is_empty());
}

#[test]
fn a_message_that_comes_twice_is_passed_on_once() {
    let Scene { ids, inlet, tally } = scene();
    [1, 2, 1, 2].into_iter().for_each(|order| inlet.take(frame(2, order)));
    assert_eq!(*ids.0.lock().unwrap(), ["1", "2"]);
    assert_eq!(tally.snapshot(0, 0).duplicates, 2);
}

#[test]
fn messages_that_never_came_are_counted() {
    let Scene { inlet, tally, .. } = scene();
    [1, 4].into_iter().for_each(|order| inlet.take(frame(2, order)));
    assert_eq!(tally.snapshot(0, 0).missed, 2);
}

#[test]
fn garbage_is_counted_and_the_next_message_still_comes() {
    let Scene { ids, inlet, tally } = scene();
    inlet.take(Bytes::from_static(b"{\"not\":\"ours\"}"));
    inlet.take(frame(2, 1));
    assert_eq!(*ids.0.lock().unwrap(), ["1"]);
    assert_eq!(tally.snapshot(0, 0).garbage, 1);
}

/// What process 2 says when it has sent so many messages to alice.
fn introduction(order: u64) -> Introduction {
    Introduction { incarnation: 2, orders: vec![(Partition::of("user:alice"), order)] }
}

#[test]
fn what_a_process_that_is_known_sent_to_nobody_is_counted_when_it_says_so() {
    let Scene { inlet, tally, .. } = scene();
    inlet.meet(&introduction(0), Partitions::ALL);
    inlet.meet(&introduction(3), Partitions::ALL);
    assert_eq!(tally.snapshot(0, 0).missed, 3);
}

#[test]
fn the_first_message_of_a_process_that_is_known_shows_what_is_missing_before_it() {
    let Scene { inlet, tally, .. } = scene();
    inlet.meet(&introduction(0), Partitions::ALL);
    inlet.take(frame(2, 3));
    assert_eq!(tally.snapshot(0, 0).missed, 2);
}

#[test]
fn what_was_sent_before_this_process_was_there_is_not_missed() {
    let Scene { inlet, tally, .. } = scene();
    inlet.meet(&introduction(100), Partitions::ALL);
    inlet.take(frame(2, 101));
    assert_eq!(tally.snapshot(0, 0).missed, 0);
}

#[test]
fn what_has_come_is_not_missed() {
    let Scene { inlet, tally, .. } = scene();
    [1, 2].into_iter().for_each(|order| inlet.take(frame(2, order)));
    inlet.meet(&introduction(1), Partitions::ALL);
    assert_eq!(tally.snapshot(0, 0).missed, 0);
}

#[test]
fn what_is_said_of_a_partition_whose_messages_are_on_their_way_makes_none_of_them_a_copy() {
    let Scene { ids, inlet, .. } = scene();
    inlet.meet(&introduction(3), Partitions::NONE);
    inlet.take(frame(2, 3));
    assert_eq!(*ids.0.lock().unwrap(), ["3"]);
}

/// An inbox that does not take a message before another thread has told of a follow, as one does whose
/// locks both need.
#[derive(Default)]
struct Busy {
    histories: OnceLock<Arc<Histories>>,
    told: AtomicBool,
}

impl Inbox for Busy {
    fn receive(&self, message: Message) {
        let (histories, (done, told)) = (self.histories.get().unwrap().clone(), mpsc::channel());
        std::thread::spawn(move || {
            histories.follow(&Log::of(&message.channel).unwrap(), true);
            done.send(()).unwrap();
        });
        self.told.store(told.recv_timeout(Duration::from_secs(20)).is_ok(), Ordering::SeqCst);
    }
}

#[test]
fn who_comes_while_a_message_of_a_history_is_handed_on_does_not_wait_for_it() {
    let busy = Arc::new(Busy::default());
    let inlet = inlet(Arc::clone(&busy) as _, "users=10/10".parse().unwrap(), &Arc::default());
    assert!(busy.histories.set(Arc::clone(&inlet.histories)).is_ok());
    let position = Position { epoch: Epoch::new(1), seq: 1 };
    inlet.histories.take(position, wire::decode(frame(2, 1)).unwrap());
    assert!(busy.told.load(Ordering::SeqCst), "both wait for each other");
}
