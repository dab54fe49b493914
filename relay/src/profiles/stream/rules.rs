//! Rules on events: an event that matches one is followed by an alert, an event of its own
//! (requirement 001-24). Pure: the caller tells the time.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Event;
use super::condition::Condition;

/// Rules of one node.
const MAX_RULES: usize = 100;
/// Bytes of a rule's texts.
const MAX_TEXT: usize = 256;
/// Time after an alert in which its rule makes no other one: events may come by the thousand.
const PAUSE: Duration = Duration::from_secs(1);
/// Type of an alert.
const ALERT: &str = "alert";

/// What has to be true of an event. What is not there is true of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    name: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<Condition>,
}

/// A rule in use.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Active {
    id: String,
    #[serde(flatten)]
    rule: Rule,
    /// Events that matched, with and without an alert.
    matches: u64,
    #[serde(skip)]
    alerted: Option<Instant>,
}

/// Why a rule is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRule {
    /// A text is missing or too long.
    #[error("{0} must have 1 to {MAX_TEXT} bytes")]
    Text(&'static str),
    /// It would match every event.
    #[error("a rule needs a type, a source or a when")]
    MatchesAll,
    /// There are enough.
    #[error("there are {MAX_RULES} rules already")]
    TooMany,
}

impl Rule {
    fn check(&self) -> Result<(), BadRule> {
        let texts =
            [("name", Some(&self.name)), ("type", self.kind.as_ref()), ("source", self.source.as_ref())];
        let bad = texts
            .into_iter()
            .find(|(_, text)| text.is_some_and(|text| !(1..=MAX_TEXT).contains(&text.len())));
        match bad {
            Some((field, _)) => Err(BadRule::Text(field)),
            None if self.kind.is_none() && self.source.is_none() && self.when.is_none() => {
                Err(BadRule::MatchesAll)
            }
            None => Ok(()),
        }
    }

    fn is_of(&self, kind: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
    }

    fn holds(&self, event: &Value) -> bool {
        let source = event.get("source").and_then(Value::as_str);
        self.source.as_deref().is_none_or(|wanted| Some(wanted) == source)
            && self.when.as_ref().is_none_or(|when| when.holds(event))
    }
}

/// The rules of this node.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Active>);

impl Rules {
    /// Takes a rule into use.
    ///
    /// # Errors
    /// [`BadRule`] tells why not.
    pub(super) fn add(&mut self, rule: Rule) -> Result<Active, BadRule> {
        rule.check()?;
        if self.0.len() >= MAX_RULES {
            return Err(BadRule::TooMany);
        }
        let active = Active { id: Uuid::new_v4().to_string(), rule, matches: 0, alerted: None };
        self.0.push(active.clone());
        Ok(active)
    }

    /// Drops a rule; `false` if there is none of this id.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|active| active.id != id);
        self.0.len() < before
    }

    /// The rules in use.
    pub(super) fn list(&self) -> &[Active] {
        &self.0
    }

    /// The alerts that an event makes.
    pub(super) fn alerts(&mut self, event: &Event, now: Instant) -> Vec<Event> {
        let mut object = None;
        let mut alerts = Vec::new();
        for active in self.0.iter_mut().filter(|active| active.rule.is_of(&event.kind)) {
            let object =
                object.get_or_insert_with(|| serde_json::from_slice(&event.json).unwrap_or_default());
            if !active.rule.holds(object) {
                continue;
            }
            active.matches += 1;
            if active.alerted.is_none_or(|at| now.saturating_duration_since(at) >= PAUSE) {
                active.alerted = Some(now);
                alerts.extend(active.alert(event));
            }
        }
        alerts
    }
}

impl Active {
    fn alert(&self, event: &Event) -> Option<Event> {
        let data = json!({
            "rule": self.rule.name,
            "rule_id": self.id,
            "event_id": event.id,
            "event_type": event.kind,
            "matches": self.matches,
        });
        Event::from_json(json!({ "type": ALERT, "data": data }).to_string().as_bytes(), "rules").ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(value: u64) -> Event {
        let json = json!({"type": "sensor_data", "data": {"value": value}});
        Event::from_json(json.to_string().as_bytes(), "ws").unwrap()
    }

    fn hot() -> Rule {
        let when = json!({"field": "data.value", "op": ">", "value": 30});
        serde_json::from_value(json!({"name": "hot", "type": "sensor_data", "when": when})).unwrap()
    }

    #[test]
    fn r001_24_an_event_that_matches_makes_an_alert() {
        let mut rules = Rules::default();
        rules.add(hot()).unwrap();
        let alerts = rules.alerts(&event(31), Instant::now());
        let alert: Value = serde_json::from_slice(&alerts[0].json).unwrap();
        assert_eq!((&alert["type"], &alert["data"]["rule"]), (&json!("alert"), &json!("hot")));
        assert!(rules.alerts(&event(30), Instant::now()).is_empty());
    }

    #[test]
    fn a_rule_makes_one_alert_a_second_and_counts_all_matches() {
        let mut rules = Rules::default();
        rules.add(hot()).unwrap();
        let begin = Instant::now();
        let alerts =
            [0, 1, 999, 1000].map(|ms| rules.alerts(&event(31), begin + Duration::from_millis(ms)).len());
        assert_eq!((alerts, rules.list()[0].matches), ([1, 0, 0, 1], 4));
    }

    #[test]
    fn a_rule_that_matches_everything_is_refused() {
        let rule = serde_json::from_value(json!({"name": "all"})).unwrap();
        assert_eq!(Rules::default().add(rule).unwrap_err(), BadRule::MatchesAll);
    }

    #[test]
    fn rules_are_bounded_and_removed_ones_make_room() {
        let mut rules = Rules::default();
        let first = rules.add(hot()).unwrap();
        while rules.add(hot()).is_ok() {}
        assert_eq!(rules.list().len(), MAX_RULES);
        assert!(rules.remove(&first.id) && !rules.remove(&first.id));
        assert!(rules.add(hot()).is_ok());
    }
}
