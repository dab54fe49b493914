//! Shapes of a log line (conflict X-12).

use std::fmt::Write as _;
use std::io::Write as _;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::record::Record;

/// Bytes that most lines fit in.
const LINE: usize = 384;
/// What a template must have a place for.
const MESSAGE: &str = "%(message)s";

/// Shape of a log line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object.
    #[default]
    Json,
    /// Words for people.
    Text,
    /// A template with the places of Python's `logging`: `%(asctime)s`, `%(levelname)s`,
    /// `%(name)s` and `%(message)s` (requirement 000-13). Fields follow the message.
    Template(String),
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            template if template.contains(MESSAGE) => Ok(Self::Template(template.to_owned())),
            other => Err(format!("{other:?} is neither json nor text, nor a template with {MESSAGE}")),
        }
    }
}

impl LogFormat {
    /// The line of a record, with its end. Line ends within become spaces or escapes: one record is
    /// one line, whatever a client sent.
    pub(super) fn line(&self, record: &Record) -> String {
        let mut line = match self {
            Self::Json => json(record),
            Self::Text => {
                let Record { time, level, .. } = record;
                one_line(&format!("{time} {:<8} {}", level.as_str(), words(record)))
            }
            Self::Template(template) => one_line(
                &template
                    .replace("%(asctime)s", &record.time.to_string())
                    .replace("%(levelname)s", record.level.as_str())
                    .replace("%(name)s", &record.target)
                    .replace(MESSAGE, &words(record)),
            ),
        };
        line.push('\n');
        line
    }
}

/// `timestamp`, `level` and `message` come first, so that a line can be read.
fn json(record: &Record) -> String {
    let mut line = Vec::with_capacity(LINE);
    // Writing to memory cannot fail.
    let _ = write!(line, "{{\"timestamp\":\"{}\",\"level\":\"{}\"", record.time, record.level.as_str());
    put(&mut line, "message", &record.message);
    for (name, value) in &record.fields {
        put(&mut line, name, value);
    }
    put(&mut line, "target", &record.target);
    line.push(b'}');
    String::from_utf8(line).unwrap_or_default()
}

fn put(line: &mut Vec<u8>, name: &str, value: &(impl Serialize + ?Sized)) {
    line.push(b',');
    let _ = serde_json::to_writer(&mut *line, name);
    line.push(b':');
    let _ = serde_json::to_writer(line, value);
}

fn words(record: &Record) -> String {
    let mut words = record.message.clone();
    for (name, value) in &record.fields {
        let _ = match value {
            Value::String(text) => write!(words, " {name}={text}"),
            other => write!(words, " {name}={other}"),
        };
    }
    words
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::LogLevel;

    fn record(message: &str) -> Record {
        Record {
            time: jiff::Timestamp::UNIX_EPOCH,
            level: LogLevel::Warning,
            target: "relay::bus".into(),
            message: message.to_owned(),
            fields: vec![("user_id", "a\nb".into()), ("count", 3.into())],
        }
    }

    fn line(format: &str, message: &str) -> String {
        format.parse::<LogFormat>().unwrap().line(&record(message))
    }

    #[test]
    fn x12_a_json_line_has_the_exact_message_and_its_fields() {
        let expected = "{\"timestamp\":\"1970-01-01T00:00:00Z\",\"level\":\"WARNING\",\
            \"message\":\"User connected\",\"user_id\":\"a\\nb\",\"count\":3,\"target\":\"relay::bus\"}\n";
        assert_eq!(line("json", "User connected"), expected);
    }

    #[test]
    fn x12_a_template_has_the_places_of_pythons_logging() {
        let template = "%(asctime)s - %(name)s - %(levelname)s - %(message)s";
        let expected = "1970-01-01T00:00:00Z - relay::bus - WARNING - hi user_id=a b count=3\n";
        assert_eq!(line(template, "hi"), expected);
    }

    #[test]
    fn what_a_client_sent_makes_no_second_line() {
        for format in ["json", "text", "%(message)s"] {
            assert_eq!(line(format, "a\r\nERROR forged").matches('\n').count(), 1, "{format}");
        }
    }

    #[test]
    fn a_template_without_a_message_is_refused() {
        assert!("%(levelname)s".parse::<LogFormat>().is_err());
    }
}
