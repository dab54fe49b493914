//! `relay-operator check`: whether a running operator is well, as somebody outside of it sees it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

/// How long an operator may take to become well: one that was just installed is still starting.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks the operator that serves at `url` for its readiness and its metrics, until it is well or
/// half a minute has passed. Returns what to tell about it.
///
/// # Errors
/// What was wrong at the last try.
#[tokio::main(flavor = "current_thread")]
pub async fn check(url: &str) -> anyhow::Result<String> {
    check_within(url, LIMIT).await
}

async fn check_within(url: &str, limit: Duration) -> anyhow::Result<String> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let began = Instant::now();
    loop {
        match ask(&client, url.trim_end_matches('/')).await {
            Err(error) if began.elapsed() >= limit => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            well => return well,
        }
    }
}

async fn ask(client: &reqwest::Client, url: &str) -> anyhow::Result<String> {
    read(client, &format!("{url}/readyz")).await?;
    let metrics = read(client, &format!("{url}/metrics")).await?;
    let leads = metrics.lines().find_map(|line| line.strip_prefix("relay_operator_leader "));
    let leads = leads.context("its metrics do not say whether it leads")?;
    let role = if leads == "1" { "leads" } else { "is ready to lead" };
    Ok(format!("the operator at {url} {role}"))
}

async fn read(client: &reqwest::Client, url: &str) -> anyhow::Result<String> {
    let answer = client.get(url).send().await.with_context(|| format!("asking {url}"))?;
    let status = answer.status();
    ensure!(status.is_success(), "{url} answers {status}");
    answer.text().await.with_context(|| format!("reading {url}"))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::net::TcpListener;

    use super::*;
    use crate::metrics::Metrics;

    async fn serve(app: axum::Router) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    #[tokio::test]
    async fn an_operator_that_leads_is_well() {
        let metrics = Metrics::new().unwrap();
        metrics.lead(true);
        let address = serve(crate::http::app(metrics)).await;
        let said = check_within(&format!("http://{address}/"), Duration::ZERO).await.unwrap();
        assert_eq!(said, format!("the operator at http://{address} leads"));
    }

    #[tokio::test]
    async fn what_is_no_operator_is_not_well() {
        let address = serve(axum::Router::new()).await;
        let error = check_within(&format!("http://{address}"), Duration::ZERO).await.unwrap_err();
        assert_eq!(error.to_string(), format!("http://{address}/readyz answers 404 Not Found"));
    }
}
