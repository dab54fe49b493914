//! One event in the format of an event stream.

/// One event. Texts may hold anything: no text can end its field or begin another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Reconnection time in milliseconds.
    pub retry: Option<u32>,
    /// What the client gives back as `Last-Event-ID`.
    pub id: Option<&'a str>,
    /// Type of the event; `message` by default.
    pub name: Option<&'a str>,
    /// The data; without it a client takes `retry` and dispatches nothing.
    pub data: Option<&'a str>,
}

impl Event<'_> {
    /// The text of the event with the empty line that ends it.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(64 + self.data.map_or(0, str::len));
        if let Some(retry) = self.retry {
            field(&mut text, "retry", &retry.to_string());
        }
        if let Some(id) = self.id {
            field(&mut text, "id", &one_line(id));
        }
        if let Some(name) = self.name {
            field(&mut text, "event", &one_line(name));
        }
        for line in self.data.into_iter().flat_map(lines) {
            field(&mut text, "data", line);
        }
        text.push('\n');
        text
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push('\n');
}

/// Splits where a client would: at CRLF, LF or CR.
fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).flat_map(|line| line.split('\r'))
}

/// Without line ends, and without NUL, which would make a client ignore an id.
fn one_line(value: &str) -> String {
    value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_the_order_retry_id_event_data() {
        let event = Event { retry: Some(5), id: Some("1"), name: Some("n"), data: Some("d") };
        assert_eq!(event.to_text(), "retry: 5\nid: 1\nevent: n\ndata: d\n\n");
    }

    #[test]
    fn data_of_several_lines_stays_one_event() {
        let event = Event { data: Some("a\nb\r\nc\rd"), ..Event::default() };
        assert_eq!(event.to_text(), "data: a\ndata: b\ndata: c\ndata: d\n\n");
    }

    #[test]
    fn no_text_can_begin_a_field_of_its_own() {
        let event = Event { id: Some("1\ndata: x"), name: Some("n\r\n\r\nid: 2\0"), ..Event::default() };
        assert_eq!(event.to_text(), "id: 1data: x\nevent: nid: 2\n\n");
    }
}
