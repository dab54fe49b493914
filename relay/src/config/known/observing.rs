//! Log lines, figures and what helps to find a defect.

use super::*;
use crate::config::setting::{Number, Switch, Text};

settings! {
    Topic::Observing;
    /// Least severe level of log lines.
    LOG_LEVEL: Text = text("INFO", "DEBUG, INFO, WARNING, ERROR, CRITICAL").live();
    /// More detail: of everything, or of parts.
    DEBUG: Text = text("false", "true, false, or parts such as socket.io:*,engine*").live();
    /// Shape of log lines; a template has `%(asctime)s`, `%(levelname)s`, `%(name)s`, `%(message)s`.
    LOG_FORMAT: Text = text("json", "json, text, or a template");
    /// File that log lines are added to, besides standard output.
    LOG_FILE: Text = text("", "path of a file");
    /// Families of names that figures get besides their own.
    METRICS_ALIASES: Text = text("", "comma list of stream, allthrive, mythos").live();
    /// Offers `/debug/*` on the clients' port, to loopback and to who has the admin token.
    DEBUG_ENDPOINTS: Switch = switch(true);
    /// Offers `/metrics` on the clients' port, too.
    ENABLE_METRICS: Switch = switch(true).live();
    /// Port of the operator's port and its figures, where `ADMIN_LISTEN` is not set.
    METRICS_PORT: Number = number(9090, 0..=65_535, "");
    /// Offers `/monitoring/performance`.
    PERFORMANCE_MONITORING: Switch = switch(true).live();
}
