//! How to log in to the servers with the data, as it is found at each dial.

use std::io;
use std::path::PathBuf;

use crate::bus::config::{Login, Password, RedisUrl, Secret, read};

/// How to log in to the servers with the data.
#[derive(Debug)]
pub(in crate::bus) struct Account {
    /// As the URL said at the start, with the password of the settings in place of its own.
    first: Login,
    /// The file of the URL, where it is in one.
    url_file: Option<PathBuf>,
    /// Whether the password is that of the settings, whatever a URL says.
    set_apart: bool,
}

impl Account {
    /// `password` takes precedence over one in the URL, which may have been in `url_file`.
    pub(in crate::bus) fn new(url: &RedisUrl, url_file: Option<PathBuf>, password: Option<Password>) -> Self {
        let set_apart = password.is_some();
        let password = password.or_else(|| url.password.clone().map(Password::Fixed));
        Self { first: Login { username: url.username.clone(), password }, url_file, set_apart }
    }

    /// How to log in now. A file that holds no URL any more is taken for one that is being written:
    /// what it said first is still tried.
    pub(super) fn now(&self) -> Login {
        let text = self.url_file.as_deref().and_then(|path| read(path).ok());
        let Some(url) = text.and_then(|text| text.parse::<RedisUrl>().ok()) else {
            return self.first.clone();
        };
        let password =
            if self.set_apart { self.first.password.clone() } else { url.password.map(Password::Fixed) };
        Login { username: url.username, password }
    }
}

/// The name and the password of a login.
pub(super) fn credentials(login: &Login) -> io::Result<(Option<&str>, Option<Secret>)> {
    let password = login.password.as_ref().map(Password::read).transpose()?;
    Ok((login.username.as_deref(), password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(account: &Account) -> Option<Secret> {
        credentials(&account.now()).unwrap().1
    }

    #[test]
    fn f11_an_account_in_a_url_in_a_file_is_what_the_file_holds_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let url = "redis://first:one@cache".parse().unwrap();
        let account = Account::new(&url, Some(file.path().to_owned()), None);
        std::fs::write(file.path(), "redis://second:two@cache\n").unwrap();
        assert_eq!(account.now().username.as_deref(), Some("second"));
        assert_eq!(password(&account), Some(Secret::new("two")));
    }

    #[test]
    fn f11_a_file_that_holds_no_url_changes_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let url = "redis://first:one@cache".parse().unwrap();
        let account = Account::new(&url, Some(file.path().to_owned()), None);
        assert_eq!(password(&account), Some(Secret::new("one")));
    }

    #[test]
    fn a_password_of_its_own_wins_over_that_of_the_url() {
        let url = "redis://:one@cache".parse().unwrap();
        let account = Account::new(&url, None, Some(Password::Fixed(Secret::new("own"))));
        assert_eq!(password(&account), Some(Secret::new("own")));
    }
}
