//! The operator on a real kube-apiserver and etcd: nothing runs pods here, but every read, write,
//! watch and refusal is real.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod around;
mod autoscaling;
mod canary;
mod day2;
mod ending_namespace;
mod every_write;
mod excluded;
mod faults;
mod generator;
mod leaders;
mod one_namespace;
mod played;
mod probes;
mod process;
mod random_edits;
mod reads;
mod scale;
mod sentinel;
mod settle;
mod signals;
mod snapshot;
mod upgrade;
mod world;
