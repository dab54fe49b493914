//! What becomes of connections and messages when something happens to a real `redis-server`.

mod fleet;
mod kind;
mod matrix;
mod namespace;
mod run;
mod slow;
mod stopped;
mod table;
mod watcher;
