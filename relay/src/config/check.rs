//! All settings at once, with all that is wrong with any of them.

use http::HeaderValue;

use super::{Boot, Invalid, Live, Problem, Settings, Source};
use crate::auth::Key;

/// The settings of `source`, ready to start with.
///
/// # Errors
/// [`Invalid`] with every problem: of values, and of the files that values name.
pub fn load(source: Source) -> Result<(Boot, Settings), Invalid> {
    let problems = problems(&source);
    if !problems.is_empty() {
        return Err(Invalid(problems));
    }
    Ok((Boot::parse(&source)?, Settings::new(source)?))
}

/// Every problem of `source`, in one list.
pub fn problems(source: &Source) -> Vec<Problem> {
    let (boot, mut problems) = Boot::read(source);
    let live = Live::parse(source).err().into_iter().flat_map(|invalid| invalid.0);
    for problem in live.chain(unusable(&boot)) {
        // Some settings count for both.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// What cannot be used although it was read well.
fn unusable(boot: &Boot) -> Vec<Problem> {
    let key = |path: &Option<std::path::PathBuf>| path.as_ref().and_then(|path| Key::read(path).err());
    let found = [
        ("ADMIN_TOKEN_FILE", key(&boot.admin_token_file).map(|error| error.to_string())),
        ("PUBLISH_KEY_FILE", key(&boot.publish_key_file).map(|error| error.to_string())),
        ("AUTH", boot.auth.check().err().map(|error| error.to_string())),
        ("NODE_NAME", HeaderValue::from_str(&boot.node).err().map(|_| "must be visible ASCII".to_owned())),
    ];
    let problem =
        |(setting, what): (&str, Option<_>)| Some(Problem { setting: setting.to_owned(), what: what? });
    found.into_iter().filter_map(problem).collect()
}
