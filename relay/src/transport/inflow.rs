//! What is held of a message or a body that is not complete, charged to its node (conflict X-18).

use std::sync::Arc;

use crate::hub::{Budget, Connection, Hub};

/// Bytes below which nothing is charged: a read of a few small frames is no message under way.
const FREE: usize = 16 * 1024;

/// What knows the room that a node has for what is not complete.
pub trait Room {
    /// The room.
    fn room(&self) -> &Budget;
}

impl Room for &Connection {
    fn room(&self) -> &Budget {
        self.inflow()
    }
}

impl Room for Arc<Connection> {
    fn room(&self) -> &Budget {
        self.inflow()
    }
}

impl Room for &Hub {
    fn room(&self) -> &Budget {
        &self.shared().inflow
    }
}

/// Bytes charged for one message or body; dropping it gives them back.
#[derive(Debug)]
pub struct Inflow<R: Room> {
    of: R,
    charged: usize,
}

impl<R: Room> Inflow<R> {
    /// Nothing as yet.
    pub fn of(of: R) -> Self {
        Self { of, charged: 0 }
    }

    /// Charges `held` bytes instead of what was charged. `false`: the node has no room for them.
    pub fn hold(&mut self, held: usize) -> bool {
        let wanted = if held <= FREE { 0 } else { held };
        let budget = self.of.room();
        if wanted <= self.charged {
            budget.give(self.charged - wanted);
        } else if !budget.take(wanted - self.charged) {
            return false;
        }
        self.charged = wanted;
        true
    }
}

impl<R: Room> Drop for Inflow<R> {
    fn drop(&mut self) {
        self.of.room().give(self.charged);
    }
}
