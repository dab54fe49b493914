//! The names that the guides give to figures, exported again from the same ones when
//! `METRICS_ALIASES` asks for their family (conflict X-10).

use std::collections::BTreeSet;
use std::str::FromStr;

use prometheus::proto::MetricFamily;

/// Family, name in the guide, name of ours.
const ALIASES: [(&str, &str, &str); 12] = [
    ("stream", "events_processed_total", "relay_events_processed_total"),
    ("stream", "events_per_second", "relay_events_per_second"),
    ("stream", "buffer_utilization", "relay_event_buffer_utilization"),
    ("stream", "buffer_dropped_total", "relay_events_dropped_total"),
    ("stream", "processing_errors_total", "relay_event_errors_total"),
    ("allthrive", "allthrive_chat_messages_total", "relay_conversation_messages_total"),
    ("allthrive", "allthrive_active_conversations", "relay_active_conversations"),
    ("allthrive", "allthrive_rate_limit_hits_total", "relay_rate_limited_total"),
    ("mythos", "mythos_connections_total", "relay_active_connections"),
    ("mythos", "mythos_connections_by_type", "relay_connections"),
    ("mythos", "mythos_messages_sent_total", "relay_messages_delivered_total"),
    ("mythos", "mythos_message_delivery_seconds", "relay_message_delivery_seconds"),
];

/// The families of names that are exported, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases(BTreeSet<String>);

impl FromStr for Aliases {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let known = |name: &str| ALIASES.iter().any(|(family, ..)| *family == name);
        names
            .map(|name| {
                known(name).then(|| name.to_owned()).ok_or_else(|| format!("{name:?} is no family of names"))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Aliases {
    /// Adds the figures under their other names.
    pub(super) fn extend(&self, families: &mut Vec<MetricFamily>) {
        let wanted = ALIASES.iter().filter(|(family, ..)| self.0.contains(*family));
        for (_, alias, ours) in wanted {
            let Some(mut family) = families.iter().find(|family| family.name() == *ours).cloned() else {
                continue;
            };
            family.set_name((*alias).to_owned());
            families.push(family);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x10_an_unknown_family_is_refused() {
        assert!("stream,other".parse::<Aliases>().is_err());
    }

    #[test]
    fn x10_no_family_is_exported_twice_by_default() {
        let mut families = vec![MetricFamily::default()];
        Aliases::default().extend(&mut families);
        assert_eq!(families.len(), 1);
    }
}
