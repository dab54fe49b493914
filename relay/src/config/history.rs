//! What is kept: which classes is settled at the start, sizes and times are what is set now.

use super::known::bus::{HISTORY, HISTORY_CLASSES};
use super::reader::Reader;
use crate::bus::{Class, History, Kept};

/// What a process begins with: classes that are named without a size are kept as usual.
pub(super) fn at_start(r: &mut Reader<'_>) -> History {
    parse(r, Some(Kept::USUAL))
}

/// What is set now.
pub(super) fn now(r: &mut Reader<'_>) -> History {
    parse(r, None)
}

fn parse(r: &mut Reader<'_>, otherwise: Option<Kept>) -> History {
    let history = r.value(HISTORY, History::default());
    classes(r).map_or(history, |classes| history.only(&classes, otherwise))
}

/// The classes that are named, if any are.
fn classes(r: &mut Reader<'_>) -> Option<Vec<Class>> {
    let names = r.text(HISTORY_CLASSES)?.split(',').map(str::trim).filter(|name| !name.is_empty());
    let classes = names.map(str::parse).collect::<Result<_, _>>();
    classes.map_err(|error| r.problem(HISTORY_CLASSES, error)).ok()
}

#[cfg(test)]
mod tests {
    use crate::config::{Boot, Live, Source};

    fn source(settings: &[(&str, &str)]) -> Source {
        Source::new(settings.iter().copied()).unwrap()
    }

    fn both(settings: &[(&str, &str)]) -> [String; 2] {
        let source = source(settings);
        let (boot, live) = (Boot::parse(&source).unwrap(), Live::parse(&source).unwrap());
        [boot.history.to_string(), live.history.to_string()]
    }

    #[test]
    fn what_is_kept_is_what_history_says() {
        assert_eq!(both(&[("HISTORY", "users=5/60")]), ["users=5/60"; 2]);
    }

    #[test]
    fn classes_that_are_named_are_kept_from_the_start_and_no_others() {
        let settings = [("HISTORY", "users=5/60,events=1/1"), ("HISTORY_CLASSES", "users, rooms")];
        assert_eq!(both(&settings), ["users=5/60,rooms=1000/300", "users=5/60"]);
    }

    #[test]
    fn a_name_that_no_class_has_is_refused() {
        let error = Live::parse(&source(&[("HISTORY_CLASSES", "user")])).unwrap_err().to_string();
        assert!(error.starts_with("HISTORY_CLASSES: \"user\""), "{error}");
    }
}
