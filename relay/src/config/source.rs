//! Where settings come from: the environment, a `.env` file beside it (requirement 000-13), and one
//! `NAME=value` file.

use std::collections::BTreeMap;
use std::path::Path;

use relay_contract::settings::{CONFIG_FILE, CONFIG_GENERATION};
use sha2::{Digest, Sha256};

use super::unknown::{misspelt, unknown};
use super::{Invalid, Problem};

/// All settings that are set; the environment wins over the file.
#[derive(Clone, Default)]
pub struct Source {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    /// SHA-256 of the file in lower-case hex; empty without a file.
    pub(super) hash: String,
}

impl Source {
    /// Reads the environment of the process, `.env` in its working directory, and the file that
    /// `CONFIG_FILE` names. What cannot be read is told beside what can.
    pub fn from_process() -> (Self, Vec<Problem>) {
        // A variable that is not UTF-8 cannot be one of ours.
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let (mut environment, mut problems) = dotenv(Path::new(DOTENV));
        environment.extend(std::env::vars_os().filter_map(utf8));
        let (source, more) = Self::load(environment);
        problems.extend(more);
        (source, problems)
    }

    /// Takes `environment`, and the file that it names.
    ///
    /// # Errors
    /// [`Invalid`] if the file cannot be read or parsed.
    pub fn new<N: Into<String>, V: Into<String>>(
        environment: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Invalid> {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
        let source = Self { environment: environment.collect(), ..Self::default() };
        source.reread()
    }

    /// Names in the file that are no settings.
    pub fn unknown(&self) -> Vec<Problem> {
        unknown(self.file.keys())
    }

    /// Names in the environment that look like a slip of the pen.
    pub fn misspelt(&self) -> Vec<Problem> {
        misspelt(self.environment.keys())
    }

    /// The same environment with the file as it is now.
    ///
    /// # Errors
    /// [`Invalid`] if the file cannot be read or parsed.
    pub fn reread(&self) -> Result<Self, Invalid> {
        let (source, problems) = Self::load(self.environment.clone());
        if problems.is_empty() { Ok(source) } else { Err(Invalid(problems)) }
    }

    /// The same environment with `content` in place of that of the file.
    ///
    /// # Errors
    /// [`Invalid`] if it cannot be parsed.
    pub fn with_content(&self, content: &str) -> Result<Self, Invalid> {
        let mut source = Self { environment: self.environment.clone(), ..Self::default() };
        let told = |what| Problem { setting: CONFIG_FILE.to_owned(), what };
        let problems: Vec<_> = source.fill(content.as_bytes()).into_iter().map(told).collect();
        if problems.is_empty() { Ok(source) } else { Err(Invalid(problems)) }
    }

    /// The generation that the content of the file tells of itself; 0 without one.
    pub fn generation(&self) -> u64 {
        self.get(CONFIG_GENERATION).and_then(|text| text.trim().parse().ok()).unwrap_or_default()
    }

    /// The environment, and what can be read of the file that it names.
    fn load(environment: BTreeMap<String, String>) -> (Self, Vec<Problem>) {
        let mut source = Self { environment, ..Self::default() };
        let Some(path) = source.file_path().map(Path::to_owned) else { return (source, Vec::new()) };
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(error) => return (source, vec![problem(CONFIG_FILE, &path, &error)]),
        };
        let problem = |what: String| problem(CONFIG_FILE, &path, &what);
        let problems = source.fill(&content).into_iter().map(problem).collect();
        (source, problems)
    }

    /// Takes the content of a file; what is wrong with it.
    fn fill(&mut self, content: &[u8]) -> Vec<String> {
        let (file, problems) = assignments(content);
        (self.hash, self.file) = (hex(&Sha256::digest(content)), file);
        problems
    }

    /// Path of the settings file, if there is one.
    pub fn file_path(&self) -> Option<&Path> {
        self.environment.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(Path::new)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).or_else(|| self.file.get(name)).map(String::as_str)
    }
}

/// A file that developers keep settings in, beside the environment.
const DOTENV: &str = ".env";

/// Its settings; none if there is no such file.
fn dotenv(path: &Path) -> (BTreeMap<String, String>, Vec<Problem>) {
    if !path.is_file() {
        return Default::default();
    }
    match std::fs::read(path) {
        Ok(content) => {
            let (settings, problems) = assignments(&content);
            (settings, problems.into_iter().map(|what| problem(DOTENV, path, &what)).collect())
        }
        Err(error) => (BTreeMap::new(), vec![problem(DOTENV, path, &error)]),
    }
}

/// The lines `NAME=value` of a file, and what is wrong with others.
fn assignments(content: &[u8]) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut settings, mut problems) = (BTreeMap::new(), Vec::new());
    for line in dotenvy::from_read_iter(content) {
        match line {
            Ok((name, value)) => drop(settings.insert(name, value)),
            // The rest of the line may be a secret.
            Err(dotenvy::Error::LineParse(line, _)) => {
                let start = line.split('=').next().unwrap_or_default().trim();
                problems.push(format!("the line that starts with {start:?} is not NAME=value"));
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    (settings, problems)
}

fn problem(setting: &str, path: &Path, error: &dyn std::fmt::Display) -> Problem {
    Problem { setting: setting.to_owned(), what: format!("{}: {error}", path.display()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn r000_13_a_dotenv_file_is_read() {
        let (settings, problems) =
            dotenv(file("# ours\nexport DEBUG=true\nCORS_ORIGINS=\"http://a\"\n").path());
        assert_eq!((settings["DEBUG"].as_str(), settings["CORS_ORIGINS"].as_str()), ("true", "http://a"));
        assert_eq!(problems, []);
    }

    #[test]
    fn r000_13_no_dotenv_file_is_no_problem() {
        assert_eq!(dotenv(Path::new("/nowhere/.env")).1, []);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told() {
        let problems = dotenv(file("PORT=1\none two\nthree four=5\nHOST=::1\n").path()).1;
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn the_value_of_a_bad_line_is_not_shown() {
        let problems = dotenv(file("REDIS URL=redis://:s3cret@x\n").path()).1;
        assert!(
            problems[0].what.contains("REDIS URL") && !problems[0].what.contains("s3cret"),
            "{problems:?}"
        );
    }
}
