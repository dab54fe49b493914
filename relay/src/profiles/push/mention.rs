//! Messages that mention a public account go to it (requirement 000-21).

use serde_json::Value;

use crate::profiles::json::Object;

/// Fields of `data` whose texts are searched, in this order.
const FIELDS: [&str; 5] = ["message", "text", "data", "content", "body"];

/// The first public account that `data` mentions as `@name`.
pub(super) fn mentioned<'a>(data: &Object, accounts: &'a [String]) -> Option<&'a str> {
    let texts = FIELDS.iter().filter_map(|field| data.get(*field).and_then(Value::as_str));
    let mut names = texts.flat_map(names_in);
    names.find_map(|name| accounts.iter().find(|account| *account == name)).map(String::as_str)
}

/// Every run of letters, digits and underscores after an `@`.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('@').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find(data: Value) -> Option<String> {
        let accounts = ["ci_bot".to_owned(), "email_bot".to_owned()];
        mentioned(data.as_object().unwrap(), &accounts).map(str::to_owned)
    }

    #[test]
    fn r000_21_a_mention_of_a_public_account_is_found() {
        assert_eq!(find(json!({"message": "run it, @ci_bot!"})).as_deref(), Some("ci_bot"));
    }

    #[test]
    fn r000_21_the_first_mention_wins() {
        let data = json!({"text": "@nobody @email_bot", "body": "@ci_bot"});
        assert_eq!(find(data).as_deref(), Some("email_bot"));
    }

    #[test]
    fn r000_21_a_longer_name_is_another_one() {
        assert_eq!(find(json!({"message": "@ci_bot2 and me@ci_bots"})), None);
    }

    #[test]
    fn r000_21_other_fields_are_not_searched() {
        assert_eq!(find(json!({"title": "@ci_bot"})), None);
    }
}
