//! What the real binary does when something that it needs runs out, or goes wrong.

pub(crate) mod clock;
mod descriptors;
mod disk;
mod slow;
