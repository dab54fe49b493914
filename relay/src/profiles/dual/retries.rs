//! Messages that found nobody, tried again (requirement 004-23): a player who comes back within
//! seconds gets them. One task for all; bounded in messages and bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Notify;

use super::delivery::{Dispatch, TRIES, Tried, patience};
use crate::app::App;
use crate::metrics::Undelivered;
use crate::sync::lock;

/// Messages that may wait.
const MAX_MESSAGES: usize = 10_000;
/// Bytes of these messages.
const MAX_BYTES: usize = 16 << 20;
/// Waits of a message: one less than its tries.
const WAITS: usize = TRIES as usize - 1;

/// Messages that wait for their next try.
#[derive(Default)]
pub(super) struct Retries {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

/// One queue for each wait, which is the same for all in it: the first one is due first.
#[derive(Default)]
struct Waiting {
    queues: [VecDeque<(Instant, Dispatch)>; WAITS],
    bytes: usize,
}

impl Waiting {
    /// Gives back what there is no room for.
    fn push(&mut self, wait: usize, due: Instant, dispatch: Dispatch) -> Option<Dispatch> {
        let messages: usize = self.queues.iter().map(VecDeque::len).sum();
        let bytes = self.bytes.saturating_add(dispatch.message.payload.len());
        match self.queues.get_mut(wait) {
            Some(queue) if messages < MAX_MESSAGES && bytes <= MAX_BYTES => {
                queue.push_back((due, dispatch));
                self.bytes = bytes;
                None
            }
            _ => Some(dispatch),
        }
    }

    /// Takes a message that is due, with the number of its wait.
    fn pop(&mut self, now: Instant) -> Option<(usize, Dispatch)> {
        let due = |queue: &VecDeque<(Instant, Dispatch)>| queue.front().is_some_and(|(due, _)| *due <= now);
        let wait = self.queues.iter().position(due)?;
        let (_, dispatch) = self.queues.get_mut(wait)?.pop_front()?;
        self.bytes = self.bytes.saturating_sub(dispatch.message.payload.len());
        Some((wait, dispatch))
    }

    fn next(&self) -> Option<Instant> {
        self.queues.iter().filter_map(|queue| queue.front()).map(|(due, _)| *due).min()
    }
}

impl Retries {
    /// Takes a message that found nobody at its first try. Tells whether there is room.
    pub(super) fn take(&self, app: &App, dispatch: Dispatch) -> bool {
        self.wait(app, 0, dispatch)
    }

    fn wait(&self, app: &App, wait: usize, dispatch: Dispatch) -> bool {
        let due = Instant::now() + patience(u32::try_from(wait).unwrap_or_default());
        let pushed = lock(&self.waiting).push(wait, due, dispatch);
        self.wake.notify_one();
        if let Some(dispatch) = &pushed {
            dispatch.failed(app, Undelivered::NoRoom, &"too many messages wait for another try");
        }
        pushed.is_none()
    }

    async fn due(&self) -> (usize, Dispatch) {
        loop {
            let next = {
                let mut waiting = lock(&self.waiting);
                if let Some(due) = waiting.pop(Instant::now()) {
                    return due;
                }
                waiting.next()
            };
            match next {
                Some(next) => {
                    let _ = tokio::time::timeout_at(next.into(), self.wake.notified()).await;
                }
                None => self.wake.notified().await,
            }
        }
    }
}

/// Tries messages again, for ever.
pub async fn retry(app: Arc<App>) {
    loop {
        let (wait, dispatch) = app.players.retries.due().await;
        app.metrics.players.retried.inc();
        match dispatch.deliver(&app).await {
            Ok(Tried::Reached(_)) => dispatch.succeeded(&app),
            Ok(Tried::Nobody(_)) if wait + 1 < WAITS => {
                app.players.retries.wait(&app, wait + 1, dispatch);
            }
            Ok(Tried::Nobody(_)) => {
                dispatch.failed(&app, Undelivered::NotConnected, &"Player not connected");
            }
            Err(error) => dispatch.failed(&app, Undelivered::BusAway, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::bus::{Channel, Message};

    fn dispatch(id: &str, bytes: usize) -> Dispatch {
        let message = Message {
            id: id.to_owned(),
            channel: Channel::user("p"),
            position: None,
            timestamp: 0,
            kind: "message".to_owned(),
            payload: Bytes::from(vec![0; bytes]),
        };
        Dispatch::new("p".to_owned(), message)
    }

    #[test]
    fn r004_23_the_waits_are_one_second_and_two() {
        assert_eq!([0, 1].map(|attempt| patience(attempt).as_secs()), [1, 2]);
        assert_eq!(WAITS, 2);
    }

    #[test]
    fn r004_23_a_message_is_taken_when_it_is_due_and_with_its_number() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        waiting.push(1, now + patience(1), dispatch("second", 1));
        waiting.push(0, now + patience(0), dispatch("first", 1));
        assert!(waiting.pop(now).is_none());
        assert_eq!(waiting.next(), Some(now + patience(0)));
        let taken = [0, 1].map(|_| waiting.pop(now + patience(1)).map(|(wait, d)| (wait, d.message.id)));
        assert_eq!(taken, [Some((0, "first".to_owned())), Some((1, "second".to_owned()))]);
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn r004_23_what_waits_is_bounded_in_messages_and_bytes() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        assert!(waiting.push(0, now, dispatch("large", MAX_BYTES + 1)).is_some());
        let taken =
            (0..MAX_MESSAGES + 5).filter(|_| waiting.push(0, now, dispatch("m", 1)).is_none()).count();
        assert_eq!(taken, MAX_MESSAGES);
    }
}
