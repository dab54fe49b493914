//! The table of requirements, as `docs/requirements.md` has it.

use super::id::Id;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: Id,
    /// `route`, `setting`, `log` and the like.
    pub kind: String,
    /// What the relay does.
    pub what: String,
    /// Why it is not built.
    pub reason: Option<String>,
}

/// The rows of `document`: three cells are a row, two cells the reason why one is not built.
pub(super) fn parse(document: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in document.lines() {
        let cells: Vec<_> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(Ok(id)) = cells.first().map(|cell| cell.parse::<Id>()) else { continue };
        match cells.as_slice() {
            [_, kind, what] => {
                rows.push(Row { id, kind: (*kind).to_owned(), what: (*what).to_owned(), reason: None })
            }
            [_, reason] => {
                for row in rows.iter_mut().filter(|row| row.id == id) {
                    row.reason = Some((*reason).to_owned());
                }
            }
            _ => {}
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
| row | kind | what |
| --- | --- | --- |
| 000-01 | route | opens a socket |
| X-02 | rule | settles it |

| row | why |
| X-02 | nobody has it |
";

    #[test]
    fn a_row_has_an_id_a_kind_and_a_sentence() {
        let rows = parse(DOCUMENT);
        let row = rows.first().unwrap();
        assert_eq!((row.kind.as_str(), row.what.as_str(), &row.reason), ("route", "opens a socket", &None));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_second_table_has_the_reasons() {
        assert_eq!(parse(DOCUMENT).pop().unwrap().reason.unwrap(), "nobody has it");
    }
}
