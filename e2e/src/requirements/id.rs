//! Ids of requirements, as the table writes them and as names of tests carry them.

use std::fmt;
use std::str::FromStr;

/// `000-01` or `X-01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    series: String,
    number: u8,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.series, self.number)
    }
}

/// It is no id; most text is none.
#[derive(Debug, PartialEq, Eq)]
pub struct NoId;

impl FromStr for Id {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        let (series, number) = text.split_once('-').ok_or(NoId)?;
        let known = series == "X" || digits(series, 3);
        let number = number.parse().ok().filter(|_| digits(number, 2)).ok_or(NoId)?;
        known.then(|| Self { series: series.to_owned(), number }).ok_or(NoId)
    }
}

/// The ids that begin a test's name: `r000_02_…`, `x21_…`, `r000_14_and_15_…`, `r003_07_to_12_…`,
/// `r003_07_to_r003_12_…`, `r002_07_x13_…`.
pub(super) fn of_test(name: &str) -> Vec<Id> {
    let mut words = name.rsplit("::").next().unwrap_or_default().split('_').peekable();
    let mut ids: Vec<Id> = Vec::new();
    while let Some(word) = words.next() {
        let number = |word: &&str| digits(word, 2);
        match (word, ids.last().cloned()) {
            (word, _) if word.strip_prefix('x').is_some_and(|n| digits(n, 2)) => {
                ids.extend(format!("X-{}", &word.trim_start_matches('x')).parse::<Id>());
            }
            (word, _) if word.strip_prefix('r').is_some_and(|series| digits(series, 3)) => {
                let Some(number) = words.next_if(number) else { break };
                ids.extend(format!("{}-{number}", word.trim_start_matches('r')).parse::<Id>());
            }
            ("and", Some(last)) => {
                let Some(number) = words.next_if(number) else { continue };
                ids.extend(format!("{}-{number}", last.series).parse::<Id>());
            }
            ("to", Some(Id { series, number: first })) => {
                words.next_if(|word| word.strip_prefix('r') == Some(&series));
                let Some(last) = words.next_if(number).and_then(|n| n.parse().ok()) else { break };
                ids.extend((first + 1..=last).map(|number| Id { series: series.clone(), number }));
            }
            _ => break,
        }
    }
    ids
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(name: &str) -> String {
        of_test(name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_name_may_carry_one_row() {
        assert_eq!(ids("push::tests::r000_02_a_user_has_2_sockets"), "000-02");
    }

    #[test]
    fn a_name_may_carry_a_conflict() {
        assert_eq!(ids("x21_a_socket"), "X-21");
    }

    #[test]
    fn a_name_may_carry_rows_of_several_series() {
        assert_eq!(ids("r002_07_x13_r000_10_a_listed_origin"), "002-07 X-13 000-10");
        assert_eq!(ids("r003_01_and_x04_a_token"), "003-01 X-04");
    }

    #[test]
    fn a_name_may_list_and_span_rows_of_one_series() {
        assert_eq!(ids("r004_15_and_17_to_19_the_presets"), "004-15 004-17 004-18 004-19");
        assert_eq!(ids("r004_04_to_r004_06_the_checklist"), "004-04 004-05 004-06");
    }

    #[test]
    fn numbers_later_in_a_name_are_no_rows() {
        assert_eq!(ids("r001_03_a_ping_and_30_more_to_x11"), "001-03");
        assert_eq!(ids("a_test_of_r000_01"), "");
    }
}
