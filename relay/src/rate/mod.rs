//! How often things may happen: token buckets by name, in bounded room, without a timer.
//!
//! A limit that is reached costs its caller an answer and a count, never a wait here.

mod bucket;
mod limits;
mod notice;

pub use bucket::{Bucket, Limited, Quota};
pub use limits::{Limits, Quotas};
pub use notice::Notice;
