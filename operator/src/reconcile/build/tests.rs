use serde_json::{Value, json};

use super::*;
use crate::options::Options;
use crate::reconcile::fixtures::{keys, root};
use crate::reconcile::validate::validate;

/// Everything that is built for a spec, through the real validation.
fn built(spec: Value) -> Wanted {
    let valid = validate(&root(spec), &Options::default()).unwrap();
    build(&valid, &keys())
}

/// Everything but the Secrets' names as one document for each object.
fn documents(wanted: &Wanted) -> Vec<Value> {
    let Wanted { account, keys, config, redis, service, peers, budget, around, revision: _, deployment } =
        wanted;
    let json = |value: &dyn erased::Json| value.json();
    let mut all = vec![json(account), json(keys), json(config), json(service), json(peers)];
    all.extend(budget.as_ref().map(|budget| json(budget)));
    if let Some(WantedRedis { secret, servers }) = redis {
        all.push(json(secret));
        all.extend(server_documents(servers));
    }
    all.extend(around_documents(around));
    all.push(json(deployment));
    all
}

fn server_documents(servers: &WantedServers) -> Vec<Value> {
    let set = |set: &WantedSet| {
        let WantedSet { service, pods, budget } = set;
        [erased::Json::json(service), erased::Json::json(pods), erased::Json::json(budget)]
    };
    match servers {
        WantedServers::One { service, server } => {
            vec![erased::Json::json(service.as_ref()), erased::Json::json(server.as_ref())]
        }
        WantedServers::Sentinel(all) => {
            let WantedSentinel { data, sentinels } = all.as_ref();
            [set(data), set(sentinels)].concat()
        }
    }
}

fn around_documents(around: &WantedAround) -> Vec<Value> {
    let WantedAround { ingress, route, relay_policy, redis_policy, pod_monitor, rules } = around;
    let all: [Option<&dyn erased::Json>; 6] = [
        ingress.as_ref().map(|it| it as _),
        route.as_ref().map(|it| it as _),
        relay_policy.as_ref().map(|it| it as _),
        redis_policy.as_ref().map(|it| it as _),
        pod_monitor.as_ref().map(|it| it as _),
        rules.as_ref().map(|it| it as _),
    ];
    all.into_iter().flatten().map(|object| object.json()).collect()
}

mod erased {
    pub(super) trait Json {
        fn json(&self) -> serde_json::Value;
    }
    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

fn full() -> Value {
    json!({
        "replicas": 30,
        "image": "registry.example/relay:2",
        "imagePullPolicy": "Always",
        "imagePullSecrets": [{"name": "pull"}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "nodeSelector": {"pool": "relays"},
        "tolerations": [{"key": "relays", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "arch", "operator": "In", "values": ["amd64"]}]}]}}},
        "topologySpreadConstraints": [],
        "priorityClassName": "high",
        "podLabels": {"team": "chat"},
        "podAnnotations": {"example.com/note": "x"},
        "cors": {"origins": ["https://a.example", "https://b.example"]},
        "log": {"level": "Debug"},
        "heartbeat": {"intervalSeconds": 60, "timeoutSeconds": 15},
        "limits": {"maxMessageBytes": 1024, "maxConnections": 9, "maxConnectionsPerUser": 2, "maxQueueBytes": 4096,
            "maxQueueMessages": 7, "maxChannelsPerConnection": 8, "overflow": "DropOldest",
            "maxNodeQueueMebibytes": 3, "idleTimeoutSeconds": 33},
        "rateLimits": {"scope": "Node", "connectionsPerMinute": 1, "messagesPerSecond": 2, "userMessagesPerMinute": 3,
            "tokensPerMinute": 4, "eventsPerSecond": 5, "publishesPerSecond": 6, "channelMessagesPerSecond": 7,
            "requests": 8, "requestsWindowSeconds": 9},
        "history": {"users": {"size": 1000, "seconds": 300}, "rooms": {"size": 10, "seconds": 20},
            "conversations": {"size": 11, "seconds": 21}, "events": {"size": 12, "seconds": 22}},
        "profiles": {
            "push": {"duplicates": "Replace", "overflow": "LatestOnly"},
            "stream": {"anonymous": false, "bufferSize": 5, "overflow": "DropNewest"},
            "socketio": {"transports": ["WebSocket"], "pingIntervalSeconds": 5, "pingTimeoutSeconds": 6,
                "maxMessageBytes": 2000, "allowVersion2": false, "recoverySeconds": 7, "chatWorker": "bot@a",
                "overflow": "Disconnect"},
            "tokens": {"chunkField": true}, "dual": {"sessionSeconds": 60, "enabled": false}},
        "auth": {"method": "JWT", "profiles": {"stream": "None", "push": "Webhook"},
            "jwt": {"secretRef": {"name": "jwt", "key": "hmac"}, "publicKeySecretRef": {"name": "jwt", "key": "pem"},
                "issuers": [{"issuer": "https://a.example", "jwksUrl": "https://a.example/keys"},
                    {"issuer": "b", "jwksUrl": "https://b.example/keys"}],
                "issuer": "us", "audiences": ["relay", "chat"], "leewaySeconds": 5, "cookie": "session"},
            "webhook": {"url": "https://who.example/is", "timeoutMilliseconds": 100, "concurrency": 2, "cacheSeconds": 0},
            "caSecretRef": {"name": "authorities", "key": "ca.crt"}},
        "trustedProxies": ["10.0.0.0/8", "fd00::1"],
        "publicAccounts": ["ops", "news_bot"],
        "publish": {"access": "Open"},
        "redis": {"mode": "External", "external": {"urlSecretRef": {"name": "bus", "key": "uri"},
            "passwordSecretRef": {"name": "bus", "key": "password"}, "caSecretRef": {"name": "bus-ca", "key": "ca.crt"},
            "sentinel": {"username": "watch", "passwordSecretRef": {"name": "bus", "key": "sentinels"}}}},
        "service": {"type": "LoadBalancer", "annotations": {"lb": "internal"}, "port": 8000},
        "ingress": {"className": "nginx", "hosts": ["relay.example.com"], "path": "/live", "tlsSecretName": "cert",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "600"}},
        "gateway": {"parentRefs": [{"name": "public", "namespace": "infra", "sectionName": "https"}],
            "hostnames": ["relay.example.com"], "annotations": {"a": "b"}},
        "networkPolicy": {"clientPeers": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            "monitoringPeers": [{"namespaceSelector": {"matchLabels": {"team": "metrics"}}}]},
        "monitoring": {"intervalSeconds": 15, "labels": {"release": "prometheus"}},
        "drain": {"maxDisconnectsPerSecond": 7, "timeoutSeconds": 60},
        "rollout": {"maxSurgePercent": 10, "progressDeadlineSeconds": 90},
        "disruption": {"maxUnavailablePercent": 20},
    })
}

#[test]
fn an_empty_spec_is_a_whole_cluster() {
    insta::assert_yaml_snapshot!(documents(&built(json!({}))));
}

#[test]
fn every_field_of_a_full_spec_has_its_place() {
    insta::assert_yaml_snapshot!(documents(&built(full())));
}

#[test]
fn what_changes_live_makes_no_revision() {
    let live = json!({
        "replicas": 5, "cors": {"origins": ["*"]}, "log": {"level": "Error"}, "heartbeat": {"intervalSeconds": 5},
        "limits": {"maxConnections": 5}, "publicAccounts": ["x"], "service": {"port": 81},
        "rollout": {"maxSurgePercent": 50}, "disruption": {"maxUnavailablePercent": 50}, "rateLimits": {"requests": 5}, "trustedProxies": ["10.0.0.0/8"],
        "profiles": {"push": {"duplicates": "Allow", "overflow": "DropOldest"}, "stream": {"anonymous": false},
            "socketio": {"transports": ["Polling"], "allowVersion2": false}},
    });
    assert_eq!(built(live).revision, built(json!({})).revision);
}

/// The revision of a cluster that keeps so many messages of users, and this besides.
fn keeping(size: u32, more: &Value) -> Wanted {
    let mut history = json!({"users": {"size": size, "seconds": 300}});
    history.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    built(json!({"history": history}))
}

#[test]
fn how_much_is_kept_makes_no_revision_and_is_in_the_live_settings() {
    let (few, many) = (keeping(10, &json!({})), keeping(20, &json!({})));
    assert_eq!(few.revision, many.revision);
    assert!(many.config.data.unwrap()["relay.env"].contains("\nHISTORY=users=20/300\n"));
}

#[test]
fn what_is_kept_besides_makes_a_revision() {
    let rooms = json!({"rooms": {"size": 10, "seconds": 300}});
    assert_ne!(keeping(10, &rooms).revision, keeping(10, &json!({})).revision);
}

#[test]
fn what_needs_a_new_process_makes_a_revision() {
    let none = built(json!({})).revision;
    let cases = [
        json!({"image": "other"}),
        json!({"resources": {"requests": {"cpu": "1"}}}),
        json!({"publish": {"access": "Open"}}),
        json!({"drain": {"timeoutSeconds": 9}}),
        json!({"podLabels": {"a": "b"}}),
        json!({"replicas": 1, "redis": {"mode": "None"}}),
        json!({"history": {"users": {"size": 1, "seconds": 1}}}),
        json!({"profiles": {"dual": {"enabled": false}}}),
        json!({"auth": {"method": "Token"}}),
        json!({"limits": {"maxNodeQueueMebibytes": 1}}),
    ];
    for spec in cases {
        assert_ne!(built(spec.clone()).revision, none, "{spec}");
    }
}

#[test]
fn f11_a_managed_redis_with_storage_writes_to_its_own_volume() {
    let redis = json!({"managed": {"storage": {"size": "2Gi", "storageClassName": "fast"}}});
    let WantedServers::One { server, .. } = built(json!({"redis": redis})).redis.unwrap().servers else {
        panic!("one server")
    };
    let server = server.spec.unwrap();
    let claim = server.volume_claim_templates.unwrap().remove(0);
    let pod = server.template.spec.unwrap();
    let command = pod.containers[0].command.clone().unwrap().join(" ");
    let size = claim.spec.unwrap().resources.unwrap().requests.unwrap()["storage"].0.clone();
    assert_eq!((claim.metadata.name.as_deref(), size.as_str()), (Some("data"), "2Gi"));
    assert!(command.contains("--appendonly yes"), "{command}");
    assert!(pod.volumes.unwrap().iter().all(|volume| volume.name != "data"));
}

#[test]
fn relays_that_ask_all_clients_for_credentials_are_not_told_to_be_insecure() {
    let auth = json!({"method": "JWT", "jwt": {"secretRef": {"name": "jwt", "key": "hmac"}}});
    let names = |spec| {
        let pod = built(spec).deployment.spec.unwrap().template.spec.unwrap();
        pod.containers[0].env.iter().flatten().map(|env| env.name.clone()).collect::<Vec<_>>()
    };
    assert!(names(json!({})).contains(&"INSECURE".to_owned()));
    assert!(!names(json!({"auth": auth})).contains(&"INSECURE".to_owned()));
}

#[test]
fn new_keys_make_no_revision() {
    let valid = validate(&root(json!({})), &Options::default()).unwrap();
    let other = Keys { redis_password: crate::reconcile::secret_value::SecretValue::random(), ..keys() };
    assert_eq!(build(&valid, &keys()).revision, build(&valid, &other).revision);
}

#[test]
fn f06_a_single_relay_has_no_budget_that_could_block_a_node() {
    assert_eq!(built(json!({"replicas": 1})).budget, None);
}

#[test]
fn f06_a_budget_can_be_left_to_somebody_else() {
    assert_eq!(built(json!({"replicas": 9, "disruption": {"budget": false}})).budget, None);
}

#[test]
fn no_secret_stands_outside_of_the_secrets() {
    let wanted = built(json!({}));
    let others: Vec<_> =
        documents(&wanted).into_iter().filter(|document| document["kind"] != "Secret").collect();
    let text = serde_json::to_string(&others).unwrap();
    let keys = keys();
    for secret in [&keys.admin_token, &keys.publish_key, &keys.redis_password] {
        assert!(!text.contains(secret.reveal()) && !text.contains(&secret.sha256()));
    }
}

#[test]
fn the_longest_drain_fits_what_a_cluster_autoscaler_waits() {
    let valid = validate(&root(json!({"drain": {"timeoutSeconds": 560}})), &Options::default()).unwrap();
    assert!(grace_seconds(&valid) <= 600);
}

#[test]
fn a_cluster_has_a_part_of_redis_of_its_own() {
    let deployment = built(full()).deployment;
    let container = &deployment.spec.unwrap().template.spec.unwrap().containers[0];
    let namespace = container.env.iter().flatten().find(|env| env.name == "REDIS_NAMESPACE").unwrap();
    assert_eq!(namespace.value.as_deref(), Some("ns.demo"));
}

#[test]
fn the_managed_redis_lets_the_relays_use_their_own_names_alone() {
    let data = built(json!({})).redis.unwrap().secret.data.unwrap();
    let list = String::from_utf8(data["users.acl"].0.clone()).unwrap();
    let patterns: Vec<_> = list.split(' ').filter(|word| word.starts_with(['~', '&'])).collect();
    assert!(patterns.iter().all(|pattern| pattern.contains(":ns.demo:")), "{patterns:?}");
}
