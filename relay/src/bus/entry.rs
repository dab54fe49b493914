//! What workers outside leave for the relays.

/// One entry, as a worker wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, which no other entry has.
    pub id: String,
    /// What is in its field `body`, if it has one.
    pub body: Option<Vec<u8>>,
}
