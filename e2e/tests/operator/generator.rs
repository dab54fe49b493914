//! Random specs, made from the definition itself: a field that somebody adds is in them at once.

use kube::api::DynamicObject;
use regex::Regex;
use relay_operator::options::Options;
use relay_operator::reconcile::observed::Root;
use relay_operator::reconcile::validate::validate;
use serde_json::{Map, Value, json};

/// Texts for fields with a pattern; each pattern has at least one that it takes. No address is among
/// them: a host of an Ingress may not be one.
const TEXTS: [&str; 7] =
    ["app", "/relay", "10.0.0.0/8", "https://a.example", "https://b.example", "2Gi", "*"];

/// Keys for maps; one of them must do for each.
const KEYS: [&str; 3] = ["push", "dual", "team"];

/// Fields that are never set: relays need kubelets, and volumes and sentinels may not be edited.
const LEFT_OUT: [&str; 4] = ["autoscaling", "replicas", "sentinel", "storage"];

/// A source of specs that gives the same ones again for the same seed.
pub(crate) struct Generator {
    schema: Value,
    state: u64,
}

impl Generator {
    /// Specs by the schema of the spec.
    pub(crate) fn new(schema: Value, seed: u64) -> Self {
        Self { schema, state: seed }
    }

    /// A spec that the definition and the operator take, of a cluster without relays.
    pub(crate) fn spec(&mut self) -> Value {
        let schema = self.schema.clone();
        loop {
            let mut spec = self.object(&schema, 4);
            spec.insert("replicas".to_owned(), json!(0));
            let spec = Value::Object(spec);
            if is_valid(&spec) {
                return spec;
            }
        }
    }

    /// The next of all numbers (SplitMix64).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let index = self.below(all.len());
        all.get(index).expect("there is something to choose from")
    }

    /// An object with what is required, and one of `share` of its other fields.
    fn object(&mut self, schema: &Value, share: usize) -> Map<String, Value> {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = required.iter().any(|it| it == name) || self.below(share) == 0;
            if wanted && !LEFT_OUT.contains(&name.as_str()) {
                object.insert(name.clone(), self.field(name, field));
            }
        }
        object
    }

    fn field(&mut self, name: &str, schema: &Value) -> Value {
        match name {
            "resources" => json!({ "requests": { "cpu": "10m" } }),
            "affinity" => json!({ "nodeAffinity": {} }),
            "tolerations" => json!([{ "key": "relays", "operator": "Exists" }]),
            "imagePullSecrets" => json!([{ "name": "pull" }]),
            "topologySpreadConstraints" => json!([]),
            "clientPeers" | "monitoringPeers" => json!([{ "podSelector": {} }]),
            _ => self.value(schema),
        }
    }

    fn value(&mut self, schema: &Value) -> Value {
        if let Some(words) = schema["enum"].as_array() {
            return self.one_of(words).clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => Value::Bool(self.below(2) == 0),
            Some("integer") => self.integer(schema),
            Some("string") => Value::String(self.text(schema)),
            Some("array") => {
                let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap();
                let count = least.max(self.below(3));
                (0..count).map(|_| self.value(&schema["items"])).collect()
            }
            _ if schema["additionalProperties"].is_object() => {
                let key = (*self.one_of(&KEYS)).to_owned();
                Value::Object(Map::from_iter([(key, self.value(&schema["additionalProperties"]))]))
            }
            _ => Value::Object(self.object(schema, 2)),
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64().unwrap_or(0);
        let most = schema["maximum"].as_i64().unwrap_or(1_000);
        let room = u64::try_from(most - least).unwrap() + 1;
        json!(least + i64::try_from(self.next() % room).unwrap())
    }

    fn text(&mut self, schema: &Value) -> String {
        // Without a pattern it may be a label or a name, which Kubernetes has patterns for.
        let pattern = schema["pattern"].as_str().unwrap_or("^[a-z]+$");
        let matching = Regex::new(pattern).unwrap();
        let texts: Vec<_> = TEXTS.into_iter().filter(|text| matching.is_match(text)).collect();
        assert!(!texts.is_empty(), "no text of the generator matches {pattern}");
        (*self.one_of(&texts)).to_owned()
    }
}

fn is_valid(spec: &Value) -> bool {
    let object: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
        "metadata": { "name": "hello", "namespace": "relays" }, "spec": spec,
    }))
    .unwrap();
    validate(&Root::parse(object), &Options::default()).is_ok()
}

#[test]
fn the_same_seed_gives_the_same_specs() {
    let schema = json!({ "type": "object", "properties": { "log": { "type": "object", "properties": {
        "level": { "type": "string", "enum": ["Debug", "Info", "Error"] } } } } });
    let five = |seed| {
        let mut generator = Generator::new(schema.clone(), seed);
        (0..5).map(|_| generator.spec()).collect::<Vec<_>>()
    };
    assert_eq!(five(7), five(7));
}
