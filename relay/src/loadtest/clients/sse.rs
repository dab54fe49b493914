//! A player's event stream, asked for by HTTP/1.0: its body has no chunks to take apart.

use futures::FutureExt;
use http::Uri;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{ConnectError, Reading, Take, authority, dial};

pub(super) async fn connect(url: &Uri, id: &str, take: Take) -> Result<Reading, ConnectError> {
    let mut stream = dial(url).await?;
    let host = authority(url);
    stream.write_all(format!("GET /sse/{id} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let status = lines.next_line().await?.unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(ConnectError::Stream(status));
    }
    let reading = async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let stamp = line.strip_prefix("data:").and_then(|data| serde_json::from_str(data).ok());
            stamp.into_iter().for_each(&take);
        }
    };
    Ok(reading.boxed())
}
