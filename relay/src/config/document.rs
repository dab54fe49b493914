//! The settings as people read them: `relay settings`, and `docs/relay-settings.md`.

use std::fmt::Write;

use super::known;
use super::setting::{Described, Topic};

const HEAD: &str = "\
# Settings of the relay
<!-- Written by `make generate`; do not edit. -->

A setting has one name. Its value comes from the environment; else from `.env` in the working directory; else from the file
that `CONFIG_FILE` names, in lines `NAME=value`; else it is the default. Settings marked `*` are read again from `CONFIG_FILE`
while the relay runs, and disconnect nobody.

`relay validate-config` names every setting that is wrong, and every name in the file that is none.
`relay settings` prints these tables for a terminal.
";

/// All settings as tables in Markdown, a chapter for each topic.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    by_topic(|topic, settings| {
        let _ = writeln!(page, "\n## {}\n\n| setting | default | values | what it does |", topic.heading());
        let _ = writeln!(page, "| --- | --- | --- | --- |");
        for Described { name, live, default, values, meaning, .. } in settings {
            let star = if *live { " \\*" } else { "" };
            let default = if default.is_empty() { "-".to_owned() } else { format!("`{default}`") };
            let default = default.replace(',', ", ");
            let _ = writeln!(page, "| `{name}`{star} | {default} | {values} | {meaning} |");
        }
    });
    page
}

/// All settings for a terminal.
pub fn plain() -> String {
    let mut page = "NAME [default] values; those with * change while the relay runs\n".to_owned();
    by_topic(|topic, settings| {
        let _ = writeln!(page, "\n{}", topic.heading().replace('`', ""));
        for Described { name, live, default, values, meaning, .. } in settings {
            let star = if *live { " *" } else { "" };
            let default = if default.is_empty() { "none" } else { default };
            let meaning = meaning.replace('`', "");
            let _ = writeln!(page, "  {name}{star} [{default}] {values}\n      {meaning}");
        }
    });
    page
}

fn by_topic(mut each: impl FnMut(Topic, &[Described])) {
    let all = known();
    for settings in all.chunk_by(|a, b| a.topic == b.topic) {
        if let Some(first) = settings.first() {
            each(first.topic, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_the_one_made_from_the_code() {
        let committed = include_str!("../../../docs/relay-settings.md");
        assert!(committed == markdown(), "docs/relay-settings.md is stale: run `make generate`");
    }

    #[test]
    fn every_setting_is_on_the_terminal() {
        let page = plain();
        assert!(known().iter().all(|setting| page.contains(&format!("  {}", setting.name))));
    }
}
