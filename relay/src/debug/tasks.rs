//! `GET /debug/tasks` (requirement 001-10). The runtime keeps no names, so that the server keeps
//! those of its own helpers; tasks of connections are counted.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::app::App;
use crate::sync::lock;

/// Tasks with names.
#[derive(Debug, Default)]
pub struct NamedTasks(Mutex<Vec<(Box<str>, AbortHandle)>>);

impl NamedTasks {
    /// Notes a task; one of the same name before it is forgotten.
    pub fn add(&self, name: &str, task: AbortHandle) {
        let mut tasks = lock(&self.0);
        tasks.retain(|(known, _)| **known != *name);
        tasks.push((name.into(), task));
    }

    /// Names, and whether each one has ended.
    fn list(&self) -> Vec<Value> {
        let tasks = lock(&self.0);
        // Nothing cancels a helper before the process ends.
        let told = |name: &str, done: bool| json!({ "name": name, "done": done, "cancelled": false });
        tasks.iter().map(|(name, task)| told(name, task.is_finished())).collect()
    }
}

pub(super) async fn handle(State(app): State<Arc<App>>) -> Json<Value> {
    let total = Handle::current().metrics().num_alive_tasks();
    Json(json!({ "total_tasks": total, "tasks": app.named_tasks.list() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn r001_10_a_task_that_ended_is_done() {
        let (tasks, task) = (NamedTasks::default(), tokio::spawn(async {}));
        tasks.add("helper", task.abort_handle());
        task.await.unwrap();
        assert_eq!(tasks.list(), [json!({"name": "helper", "done": true, "cancelled": false})]);
    }

    #[tokio::test]
    async fn a_task_that_was_started_again_is_listed_once() {
        let tasks = NamedTasks::default();
        for _ in 0..2 {
            tasks.add("helper", tokio::spawn(async {}).abort_handle());
        }
        assert_eq!(tasks.list().len(), 1);
    }
}
