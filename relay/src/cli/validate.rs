//! Names all that is wrong with the settings at once (requirement 004-35).

use relay::config::{self, Invalid, Problem, Source};

/// What serving and checking have in common: the settings that can be read, and what cannot.
pub(super) fn read() -> Result<Source, Invalid> {
    let (source, mut problems) = Source::from_process();
    if problems.is_empty() {
        return Ok(source);
    }
    problems.extend(config::problems(&source));
    Err(Invalid(problems))
}

pub(super) fn validate() -> anyhow::Result<()> {
    let (source, mut problems) = Source::from_process();
    problems.extend(config::problems(&source));
    problems.extend(source.unknown());
    for Problem { setting, what } in source.misspelt() {
        eprintln!("relay: note: {setting}: {what}");
    }
    anyhow::ensure!(problems.is_empty(), "{}", listed(&problems));
    println!("The settings are valid.");
    Ok(())
}

/// A line for each problem.
pub(super) fn listed(problems: &[Problem]) -> String {
    let line = |problem: &Problem| format!("\n  {}: {}", problem.setting, problem.what);
    format!("bad settings:{}", problems.iter().map(line).collect::<String>())
}
