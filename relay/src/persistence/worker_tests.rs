//! The worker with a store that fails when it is told to.

use super::*;

/// Remembers what was written, unless it is away.
#[derive(Default)]
struct Fake {
    away: AtomicBool,
    written: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Store for Arc<Fake> {
    fn name(&self) -> &'static str {
        "Fake"
    }

    fn place(&self) -> String {
        String::new()
    }

    async fn open(&self) -> Result<Vec<SavedSession>, StoreError> {
        Ok(vec![session("recovered")])
    }

    async fn load(&self, _: &str) -> Result<Option<SavedSession>, StoreError> {
        Err(StoreError::Late(LOOKUP))
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::Late(STEP));
        }
        lock(&self.written).extend(batch.sessions.iter().map(|session| session.player.to_string()));
        Ok(())
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn session(player: &str) -> SavedSession {
    SavedSession { player: player.into(), session: "s".into(), created: jiff::Timestamp::UNIX_EPOCH }
}

fn worker() -> (Arc<Fake>, Arc<Persistence>) {
    let (fake, metrics) = (Arc::<Fake>::default(), Arc::new(Metrics::new().unwrap()));
    (fake.clone(), Arc::new(Persistence::with_store(Box::new(fake), metrics)))
}

fn start(persistence: &Arc<Persistence>) -> Arc<Mutex<Vec<String>>> {
    let recovered = Arc::<Mutex<Vec<String>>>::default();
    let (persistence, told) = (persistence.clone(), recovered.clone());
    tokio::spawn(
        async move { persistence.run(|session| lock(&told).push(session.player.to_string())).await },
    );
    recovered
}

#[tokio::test]
async fn r004_26_what_waits_at_the_end_is_written() {
    let (fake, persistence) = worker();
    let recovered = start(&persistence);
    persistence.keep(session("alice"));
    persistence.flush(Duration::from_secs(10)).await;
    assert_eq!(*lock(&fake.written), ["alice"]);
    assert_eq!(*lock(&recovered), ["recovered"]);
}

#[tokio::test]
async fn r004_27_what_a_store_that_is_away_could_not_take_is_written_when_it_is_back() {
    let (fake, persistence) = worker();
    fake.away.store(true, Ordering::Relaxed);
    start(&persistence);
    persistence.keep(session("alice"));
    while persistence.metrics.persistence.errors.get() == 0 {
        tokio::time::sleep(LOOK).await;
    }
    assert!(!persistence.is_up());
    fake.away.store(false, Ordering::Relaxed);
    persistence.flush(Duration::from_secs(10)).await;
    assert_eq!(*lock(&fake.written), ["alice"]);
}

#[tokio::test]
async fn r004_27_what_finds_no_room_is_counted() {
    let (_, persistence) = worker();
    (0..100_003).for_each(|id| persistence.closed(id.to_string().into()));
    assert_eq!(persistence.metrics.persistence.dropped.get(), 3);
}

#[tokio::test]
async fn a_player_whom_the_store_cannot_look_up_has_no_session() {
    let (_, persistence) = worker();
    persistence.up.store(true, Ordering::Relaxed);
    assert_eq!(persistence.load("alice").await, None);
    assert_eq!(persistence.metrics.persistence.errors.get(), 1);
}

#[tokio::test]
async fn r004_27_nobody_waits_for_a_store_that_is_known_to_be_away() {
    let (_, persistence) = worker();
    assert_eq!(persistence.load("alice").await, None);
    assert_eq!(persistence.metrics.persistence.errors.get(), 0);
}
