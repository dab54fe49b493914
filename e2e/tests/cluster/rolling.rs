//! Changes roll through while clients are connected.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Publisher, Session, SseClient, WsClient};
use e2e::ground::{Ground, eventually, holds};
use serde_json::{Value, json};

/// Clients of both kinds that come back, and a publisher, all through the Service.
struct Crowd {
    sessions: Vec<(String, Session)>,
    publisher: Publisher,
}

impl Crowd {
    async fn connect(ground: &Ground, size: usize) -> Result<Self> {
        let key = ground.secret("hello-keys", "publishKey").await?;
        let service = ground.service("hello").await?;
        let address = service.address().to_owned();
        let mut sessions = Vec::new();
        for at in 0..size {
            let id = format!("user{at}");
            let session = match at % 2 {
                0 => Session::start::<WsClient>(address.clone(), id.clone()),
                _ => Session::start::<SseClient>(address.clone(), id.clone()),
            };
            sessions.push((id, session));
        }
        let crowd = Self { sessions, publisher: Publisher::new(&address, Some(key))? };
        crowd.is_connected().await?;
        Ok(crowd)
    }

    async fn is_connected(&self) -> Result<()> {
        let all = || async { Ok(self.sessions.iter().all(|(_, it)| it.journal().connected).then_some(())) };
        eventually("all clients are connected", 30, all).await.map(drop)
    }

    fn abnormal_ends(&self) -> Vec<String> {
        let ends =
            self.sessions.iter().flat_map(|(id, it)| it.journal().ends.into_iter().map(move |end| (id, end)));
        ends.filter(|(_, end)| !end.is_graceful()).map(|(id, end)| format!("{id}: {end:?}")).collect()
    }

    fn ends(&self) -> usize {
        self.sessions.iter().map(|(_, it)| it.journal().ends.len()).sum()
    }

    /// Publishes `mark` to every client and waits until each has it.
    async fn hears(&self, mark: &str) -> Result<()> {
        self.is_connected().await?;
        for (id, session) in &self.sessions {
            self.publisher.push(id, json!({ "message": mark })).await?;
            let heard = || async {
                let messages = session.journal().messages;
                Ok(messages.iter().any(|it| it.to_string().contains(mark)).then_some(()))
            };
            eventually(&format!("{id} hears {mark}"), 20, heard).await?;
        }
        Ok(())
    }
}

/// Applies `spec`, and checks all the way until it is realised that there is a ready pod.
async fn rolls_through(ground: &Ground, spec: &Value) -> Result<()> {
    ground.apply_relay("hello", spec).await?;
    let guard = holds("there is a ready pod", 600, || async {
        Ok(ground.ready_pods("hello").await?.is_empty().then(|| "none is ready".to_owned()))
    });
    tokio::select! {
        broken = guard => broken,
        done = ground.wait_for("hello", "Ready", "True", 180) => done.map(drop),
    }
}

fn spec(replicas: i32, image: Option<&str>) -> Value {
    json!({ "replicas": replicas, "image": image, "drain": { "timeoutSeconds": 30 } })
}

#[tokio::test]
async fn f04_scaling_out_and_in_ends_connections_only_with_a_goodbye() -> Result<()> {
    let ground = Ground::new("scaling").await?;
    ground.ready_relay("hello", &spec(2, None)).await?;
    let crowd = Crowd::connect(&ground, 12).await?;
    rolls_through(&ground, &spec(3, None)).await?;
    rolls_through(&ground, &spec(1, None)).await?;
    let one = || async { Ok((ground.relay_pods("hello").await?.len() == 1).then_some(())) };
    eventually("one pod is left", 90, one).await?;
    crowd.hears("after scaling").await?;
    ensure!(crowd.abnormal_ends().is_empty(), "{:?}", crowd.abnormal_ends());
    ground.remove().await
}

#[tokio::test]
async fn f04_a_new_image_rolls_through_and_each_client_ends_with_a_goodbye() -> Result<()> {
    let ground = Ground::new("rolling").await?;
    let image = std::env::var("E2E_RELAY_IMAGE_2").context("E2E_RELAY_IMAGE_2")?;
    ground.ready_relay("hello", &spec(2, None)).await?;
    let crowd = Crowd::connect(&ground, 12).await?;
    let before = ground.ready_pods("hello").await?;
    rolls_through(&ground, &spec(2, Some(&image))).await?;
    let replaced = || async {
        let now = ground.relay_pods("hello").await?;
        let old = now.iter().filter_map(|pod| pod.metadata.name.as_ref()).any(|name| before.contains(name));
        Ok((!old).then_some(()))
    };
    eventually("the old pods are gone", 90, replaced).await?;
    crowd.hears("after the rollout").await?;
    println!("{} connections ended, {} abnormally", crowd.ends(), crowd.abnormal_ends().len());
    ensure!(crowd.ends() >= 12 && crowd.abnormal_ends().is_empty(), "{:?}", crowd.abnormal_ends());
    ground.remove().await
}
