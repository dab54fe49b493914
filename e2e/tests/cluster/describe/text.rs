//! What `kubectl describe` says, without what differs from one run to the next: names that Kubernetes
//! makes up, ids, times, the spec's defaults and the addresses of images.

use regex::{Captures, Regex};

/// A text whose names are as in every other run, given the namespace and the images of this one.
pub(super) fn normal(text: &str, namespace: &str, images: &[(String, &str)]) -> String {
    let mut text = text.replace(namespace, "default");
    for (image, name) in images {
        text = text.replace(image, name);
    }
    let replacements = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-01T00:00:00Z"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000"),
        (r"(?m)^(  Resource Version:\s+)\d+$", "${1}1"),
    ];
    for (pattern, with) in replacements {
        text = regex(pattern).replace_all(&text, with).into_owned();
    }
    let (text, events) = text.split_once("\nEvents:").unwrap_or((&text, ""));
    named(&format!("{}\nEvents:{}", without_spec(text), aligned(events)))
}

/// Patterns of this file are tried by its tests.
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

/// Fields of the spec are the same as in its description; they are many.
fn without_spec(text: &str) -> String {
    regex(r"(?m)^Spec:\n(  .*\n)*").replace(text, "Spec:\n  ...\n").into_owned()
}

/// Revisions by what they are to a rollout, pods by the order in which they are named.
fn named(text: &str) -> String {
    let rollout = text.split_once("\n  Rollout:").map_or("", |(_, rest)| rest);
    let of = |field: &str| regex(&format!(r"^[^S]*?\n    {field}: +([0-9a-f]+)")).captures(rollout);
    let mut text = text.to_owned();
    for (field, name) in [("From", "old"), ("Revision", "new")] {
        if let Some(found) = of(field) {
            text = text.replace(&found[1], name);
        }
    }
    let mut pods = Vec::new();
    let pod = regex(r"hello-(old|new)-[0-9a-z]{6,10}-[0-9a-z]{5}\b");
    let name = |found: &Captures<'_>| format!("hello-{}-pod{}", &found[1], number(&mut pods, &found[0]));
    let text = pod.replace_all(&text, name);
    // Which relay was first, how far it had come, and which of some errors it met, is chance.
    let lost = r"\d of 2 relays do not reach Redis, ([^;]*); hello-new-pod\d: (\S+): .*";
    let as_lost = "2 of 2 relays do not reach Redis, ${1}; hello-new-podN: ${2}: connect: Connection refused";
    let text = regex(lost).replace_all(&text, as_lost);
    let broken = regex(r"pod\d+: \d+ connections to Redis");
    broken.replace_all(&text, "podN: N connections to Redis").into_owned()
}

/// The place of a name among those seen so far, from 1.
fn number(seen: &mut Vec<String>, name: &str) -> usize {
    let found = seen.iter().position(|it| it == name);
    1 + found.unwrap_or_else(|| {
        seen.push(name.to_owned());
        seen.len() - 1
    })
}

/// The table of events without their ages.
fn aligned(events: &str) -> String {
    let cells = regex(r"\s{2,}");
    let rows = events.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("----"));
    let rows: Vec<Vec<&str>> = rows.map(|line| cells.split(line).collect()).collect();
    // Whether Redis or its relays came up first is chance.
    let rows = rows.into_iter().filter(|row| row.get(1) != Some(&"RedisReached"));
    let rows: Vec<_> = rows.collect();
    let row = |row: &Vec<&str>| match row.as_slice() {
        [kind, reason, _age, from, message] => format!("  {kind:<8} {reason:<20} {from:<16} {message}"),
        other => format!("  {}", other.join(" ")),
    };
    rows.iter().map(|it| format!("\n{}", row(it).trim_end())).collect::<String>() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_makes_up_are_numbered() {
        let text = "waiting for hello-1a2b3c4d5e-7f8c9d6b5f-x7k2p, hello-99aa-7f8c9d6b5f-aaaaa\n  Rollout:\n    \
                    From:      99aa\n    Revision:  1a2b3c4d5e\n  Selector: x\n";
        let named = named(text);
        assert!(named.starts_with("waiting for hello-new-pod1, hello-old-pod2\n"), "{named}");
    }

    #[test]
    fn the_ages_of_events_are_left_out() {
        let events = "\n  Type    Reason  Age                From            Message\n  ----    ------  ----               ----            -------\n  Normal  Ready   3s (x2 over 9s)  relay-operator  2/2 serving\n";
        assert!(aligned(events).contains("Normal   Ready                relay-operator   2/2 serving"));
    }
}
