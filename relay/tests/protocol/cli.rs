//! The commands of the binary, as a person types them.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

/// Runs `relay COMMAND` in `directory`, with nothing in its environment but `settings`.
async fn relay(directory: &Path, command: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut relay = Command::new(env!("CARGO_BIN_EXE_relay"));
    relay.args(command).env_clear().envs(settings.iter().copied()).current_dir(directory);
    relay.output().await.unwrap()
}

/// What `relay validate-config` complains about.
async fn complaints(directory: &Path, settings: &[(&str, &str)]) -> String {
    let output = relay(directory, &["validate-config"], settings).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn r004_35_what_is_wrong_in_the_environment_the_file_and_its_files_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("settings");
    std::fs::write(&file, "WS_PNIG_INTERVAL=5\nnot a setting\nOVERFLOW=sometimes\n").unwrap();
    let settings = [
        ("CONFIG_FILE", file.to_str().unwrap()),
        ("PORT", "high"),
        ("PUBLISH_KEY_FILE", "/nowhere"),
        ("NODE_NAME", "ü\u{1}"),
    ];
    let told = complaints(directory.path(), &settings).await;
    let wrong = ["CONFIG_FILE", "PORT", "PUBLISH_KEY_FILE", "NODE_NAME", "OVERFLOW", "WS_PNIG_INTERVAL"];
    assert!(wrong.iter().all(|name| told.contains(&format!("\n  {name}: "))), "{told}");
}

#[tokio::test]
async fn r004_35_a_slip_in_a_name_is_told_with_what_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("settings");
    std::fs::write(&file, "WS_PNIG_INTERVAL=5\n").unwrap();
    let told = complaints(directory.path(), &[("CONFIG_FILE", file.to_str().unwrap())]).await;
    assert!(told.contains("did you mean WS_PING_INTERVAL?"), "{told}");
}

#[tokio::test]
async fn r000_13_settings_in_dotenv_count() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "LOG_LEVEL=loud\n").unwrap();
    assert!(complaints(directory.path(), &[]).await.contains("LOG_LEVEL: \"loud\""));
}

#[tokio::test]
async fn r000_13_the_environment_wins_over_dotenv() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "LOG_LEVEL=loud\n").unwrap();
    let output = relay(directory.path(), &["validate-config"], &[("LOG_LEVEL", "DEBUG")]).await;
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn r000_26_the_command_line_tells_the_version() {
    let output = relay(Path::new("/"), &["--version"], &[]).await;
    assert_eq!(output.stdout, concat!("relay ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
}

#[tokio::test]
async fn help_fits_a_terminal() {
    let output = relay(Path::new("/"), &["--help"], &[]).await;
    let lines = output.stdout.split(|byte| *byte == b'\n').count();
    assert!(lines <= 24, "{lines} lines");
}
