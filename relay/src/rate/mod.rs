//! How often things may happen: token buckets by name, in bounded room, without a timer.
//!
//! A limit that is reached costs its caller an answer and a count, never a wait here. What names take is
//! [told](share) to other nodes, so that a quota is one of the cluster.

mod bucket;
mod limits;
mod name;
mod notice;
mod share;
mod spent;

pub use bucket::{Bucket, Limited, Quota};
pub use limits::{Limits, Quotas, Scope};
pub use name::Name;
pub use notice::Notice;
pub use share::{hear, share};
