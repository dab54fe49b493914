//! What one connection holds of a message that is not complete, charged to its node (conflict X-18).

use std::borrow::Borrow;

use crate::hub::Connection;

/// Bytes below which nothing is charged: a read of a few small frames is no message under way.
const FREE: usize = 16 * 1024;

/// Bytes charged for one connection; dropping it gives them back.
#[derive(Debug)]
pub struct Inflow<C: Borrow<Connection>> {
    connection: C,
    charged: usize,
}

impl<C: Borrow<Connection>> Inflow<C> {
    /// Nothing as yet.
    pub fn of(connection: C) -> Self {
        Self { connection, charged: 0 }
    }

    /// Charges `held` bytes instead of what was charged. `false`: the node has no room for them.
    pub fn hold(&mut self, held: usize) -> bool {
        let wanted = if held <= FREE { 0 } else { held };
        let budget = self.connection.borrow().inflow();
        if wanted <= self.charged {
            budget.give(self.charged - wanted);
        } else if !budget.take(wanted - self.charged) {
            return false;
        }
        self.charged = wanted;
        true
    }
}

impl<C: Borrow<Connection>> Drop for Inflow<C> {
    fn drop(&mut self) {
        self.connection.borrow().inflow().give(self.charged);
    }
}
