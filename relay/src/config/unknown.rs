//! Names that are no settings, and the settings that were probably meant.

use super::{Problem, known};

/// Letters that may differ between a name and what was meant.
const SLIPS: usize = 2;
/// Shorter names are alike by chance.
const SHORTEST: usize = 8;

/// The problems of `names` of which none should be unknown.
pub(super) fn unknown<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Problem> {
    problems(names, |name| match meant(name) {
        Some(meant) => Some(format!("no such setting; did you mean {meant}?")),
        None => Some("no such setting".to_owned()),
    })
}

/// The problems of `names` that other programs' settings are among.
pub(super) fn misspelt<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Problem> {
    let typo = |name: &str| meant(name).filter(|_| name.len() >= SHORTEST);
    problems(names, |name| Some(format!("no such setting; did you mean {}?", typo(name)?)))
}

fn problems<'a>(
    names: impl Iterator<Item = &'a String>,
    what: impl Fn(&str) -> Option<String>,
) -> Vec<Problem> {
    let known = known();
    let others = names.filter(|name| known.iter().all(|setting| setting.name != *name));
    others.filter_map(|name| Some(Problem { setting: name.clone(), what: what(name)? })).collect()
}

/// The known name that differs least, if it is alike.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    let slips = |known: &str| strsim::damerau_levenshtein(&name, known);
    let nearest = known().into_iter().map(|setting| (slips(setting.name), setting.name)).min()?;
    (nearest.0 <= SLIPS).then_some(nearest.1)
}

#[cfg(test)]
mod tests {
    use crate::config::Source;

    fn source(environment: &[(&'static str, &'static str)], file: &str) -> Source {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), file).unwrap();
        let path = path.path().to_str().unwrap().to_owned();
        let environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Source::new(environment.chain([("CONFIG_FILE", path)])).unwrap()
    }

    #[test]
    fn an_unknown_name_in_the_file_is_told_with_what_was_meant() {
        let unknown = source(&[], "WS_PNIG_INTERVAL=5\nCOLOUR=red\n").unknown();
        let texts: Vec<_> = unknown.iter().map(|problem| (&*problem.setting, &*problem.what)).collect();
        let meant = "no such setting; did you mean WS_PING_INTERVAL?";
        assert_eq!(texts, [("COLOUR", "no such setting"), ("WS_PNIG_INTERVAL", meant)]);
    }

    #[test]
    fn a_name_in_small_letters_is_not_the_setting() {
        let unknown = source(&[], "log_level=debug\n").unknown();
        assert!(unknown.first().unwrap().what.ends_with("LOG_LEVEL?"));
    }

    #[test]
    fn of_the_environment_only_what_looks_like_a_slip_is_told() {
        let misspelt = source(&[("MAX_QUEUE_BYTE", "1"), ("HOSTS", "x"), ("SECRET_KEY", "y")], "").misspelt();
        let names: Vec<_> = misspelt.iter().map(|problem| &*problem.setting).collect();
        assert_eq!(names, ["MAX_QUEUE_BYTE"]);
    }
}
