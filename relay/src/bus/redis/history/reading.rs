//! Reads what is kept of a history.

use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, RedisError, Value, cmd};

use super::ground::is_forgotten;
use super::keys::Keys;
use super::meta::{Meta, NotAMeta, Start};
use super::source::Source;
use crate::bus::Position;
use crate::bus::redis::fault::Fault;
use crate::bus::wire::{self, Envelope};

/// Messages of the first page; others are sized by what they hold.
const FIRST_PAGE: u64 = 64;
/// Messages of any page.
const MAX_PAGE: u64 = 1000;
/// Bytes that a page should have.
const PAGE_BYTES: u64 = 1 << 20;
/// Bytes that are read of one history at a time.
const MAX_BYTES: u64 = 64 << 20;
/// How long the meta hash of a history outlives its stream: for so long a client that missed nothing
/// is told so.
pub(super) const META_GRACE: Duration = Duration::from_secs(24 * 3600);

/// What is there of a history.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Its life.
    pub(super) meta: Meta,
    /// Where it was read from: after this number.
    pub(super) after: u64,
    /// The number of the last message.
    pub(super) top: u64,
    /// Messages after that, by number.
    pub(super) entries: Vec<(u64, Envelope)>,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// Redis refused, or the connection broke.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The scripts are gone.
    #[error(transparent)]
    Scripts(#[from] Fault),
    /// Redis answered something else than asked for.
    #[error(transparent)]
    Form(#[from] NotAMeta),
    /// There is more than may be read at once.
    #[error("more than {MAX_BYTES} bytes are missing")]
    TooLarge,
}

impl Reading {
    /// Whether all messages after this number are in it.
    pub(super) fn is_whole_after(&self, after: u64) -> bool {
        let numbers = self.entries.iter().map(|(seq, _)| *seq).filter(|seq| *seq > after);
        numbers.eq(after.saturating_add(1)..=self.top)
    }
}

/// Looks at a history without its messages.
pub(super) async fn look(source: &Source<'_>, keys: &Keys) -> Result<Meta, ReadError> {
    let call = [source.open(keys)];
    let (answer,): (Vec<String>,) = match source.ask(&call).await {
        Err(error) if is_forgotten(&error) => {
            source.reload().await?;
            source.ask(&call).await?
        }
        answer => answer?,
    };
    Ok(Meta::parse(&answer)?)
}

/// Reads what came after `since`; of a life that nothing is known of, everything.
pub(super) async fn read(source: &Source<'_>, keys: &Keys, since: Position) -> Result<Reading, ReadError> {
    let both = [source.open(keys), range(keys, since.seq, FIRST_PAGE)];
    let (meta, mut entries) = match ask(&both, source).await {
        Err(ReadError::Redis(error)) if is_forgotten(&error) => {
            source.reload().await?;
            ask(&both, source).await?
        }
        answer => answer?,
    };
    let after = match meta.start(since) {
        Start::Linked(after) | Start::Broken(after) => after,
        Start::Foreign => 0,
    };
    let mut page = FIRST_PAGE;
    if after != since.seq {
        entries = load(keys, after, page, source).await?;
    }
    let mut reading = Reading { top: meta.top.seq, meta, after, entries: Vec::new() };
    let mut bytes = 0;
    loop {
        let count = entries.len() as u64;
        let size: u64 = entries.iter().map(|(_, envelope)| envelope.message.payload.len() as u64).sum();
        bytes += size;
        reading.entries.append(&mut entries);
        let last = reading.entries.last().map_or(after, |(seq, _)| *seq);
        reading.top = reading.top.max(last);
        if count < page || last >= reading.meta.top.seq {
            return Ok(reading);
        }
        if bytes > MAX_BYTES {
            return Err(ReadError::TooLarge);
        }
        page = (PAGE_BYTES / (size / count.max(1)).max(1)).clamp(1, MAX_PAGE);
        entries = load(keys, last, page, source).await?;
    }
}

async fn ask(both: &[Cmd], source: &Source<'_>) -> Result<(Meta, Vec<(u64, Envelope)>), ReadError> {
    let (meta, page): (Vec<String>, Value) = source.ask(both).await?;
    Ok((Meta::parse(&meta)?, entries(page)))
}

async fn load(
    keys: &Keys,
    after: u64,
    count: u64,
    source: &Source<'_>,
) -> Result<Vec<(u64, Envelope)>, ReadError> {
    let (page,) = source.ask(&[range(keys, after, count)]).await?;
    Ok(entries(page))
}

fn range(keys: &Keys, after: u64, count: u64) -> Cmd {
    let from = format!("{}-0", after.saturating_add(1));
    cmd("XRANGE").arg(&keys.stream).arg(from).arg("+").arg("COUNT").arg(count).to_owned()
}

/// The messages of a page. What is no message is left out, and missed there.
fn entries(page: Value) -> Vec<(u64, Envelope)> {
    let Value::Array(page) = page else { return Vec::new() };
    page.into_iter().filter_map(entry).collect()
}

fn entry(value: Value) -> Option<(u64, Envelope)> {
    let Value::Array(parts) = value else { return None };
    let [Value::BulkString(id), Value::Array(fields)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let [_, Value::BulkString(frame)] = <[Value; 2]>::try_from(fields).ok()? else { return None };
    let seq = std::str::from_utf8(&id).ok()?.split_once('-')?.0.parse().ok()?;
    Some((seq, wire::decode_plain(Bytes::from(frame), None).ok()?))
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
