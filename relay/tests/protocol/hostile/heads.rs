//! Floods of headers, and heads that never end.

use std::process::Stdio;

use tokio::process::Command;

use super::{Scene, exchange, status};

fn head(lines: &str) -> Vec<u8> {
    format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n").into_bytes()
}

#[tokio::test]
async fn heads_of_too_many_or_too_long_lines_are_told_431_on_both_ports() {
    let mut scene = Scene::with(&[]).await;
    for address in [scene.relay.address, scene.relay.admin] {
        let many = (0..10_000).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
        assert_eq!(status(&exchange(address, &head(&many)).await), 431, "10,000 lines");
        let long = format!("X: {}\r\n", "x".repeat(1 << 20));
        assert_eq!(status(&exchange(address, &head(&long)).await), 431, "a line of a megabyte");
        let path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
        assert_eq!(status(&exchange(address, path.as_bytes()).await), 431, "a path of a megabyte");
    }
    scene.is_as_before().await;
}

#[tokio::test]
async fn a_hundred_lines_are_enough_for_everybody() {
    let scene = Scene::with(&[]).await;
    let lines = (0..97).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    assert_eq!(status(&exchange(scene.relay.address, &head(&lines)).await), 200);
}

/// `slowhttptest` (Debian), 100 connections at once; what it says of them in the end.
async fn slowhttptest(url: &str, arguments: &[&str]) -> String {
    let output = Command::new("slowhttptest")
        .args(["-c", "100", "-r", "100", "-i", "2", "-l", "14", "-u", url])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("slowhttptest must be installed (Debian's slowhttptest)");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Takes as long as the time that a head has, 10 s.
#[tokio::test]
async fn slow_heads_are_cut_off_and_hold_nobody_up() {
    let mut scene = Scene::with(&[]).await;
    let url = scene.relay.url("/health");
    let slow = tokio::spawn(async move { slowhttptest(&url, &["-H", "-x", "24", "-p", "3"]).await });
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    scene.is_as_before().await;
    let report = slow.await.unwrap();
    assert!(report.contains("No open connections left"), "{report}");
}
