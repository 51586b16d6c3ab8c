//! Pages that are made from the code: `docs/errors/`, one for each finding of the checker and each refusal.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

const FOLDER: &str = "docs/errors";
/// The list of all pages.
const INDEX: &str = "README.md";

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let made = pages();
    let found = read(&root.join(FOLDER))?;
    let mut findings: Vec<String> = made
        .iter()
        .filter_map(|(name, text)| match found.get(name) {
            None => Some(format!("{FOLDER}/{name} is missing; run `cargo xtask docs`")),
            Some(old) if old != text => {
                Some(format!("{FOLDER}/{name} is not what the code says; run `cargo xtask docs`"))
            }
            Some(_) => None,
        })
        .collect();
    findings.extend(stale(&made, &found).map(|name| format!("{FOLDER}/{name} is of a code that no longer exists")));
    Ok(findings)
}

/// Writes the pages, and removes those of codes that no longer exist.
pub(crate) fn write(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let made = pages();
    for name in stale(&made, &read(&folder)?) {
        std::fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    for (name, text) in &made {
        std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(Vec::new())
}

fn pages() -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = engine::language::diagnostics::pages().into_iter().collect();
    pages.extend(api::problem::pages());
    pages.extend(incidents());
    let mut index = String::from(
        "# 错误代码 · Error codes\n\nMade from the code by `cargo xtask docs`; a test compares them.\n\n| | |\n|---|---|\n",
    );
    for (name, text) in &pages {
        let code = name.trim_end_matches(".md");
        let title = text.lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
        index += &format!("| [`{code}`]({name}) | {} |\n", title.replace('|', "\\|"));
    }
    pages.insert(INDEX.to_owned(), index);
    pages
}

/// The pages of incidents: what stops an instance until an operator acts.
fn incidents() -> impl Iterator<Item = (String, String)> {
    engine::incident::IncidentCode::ALL.iter().map(|code| {
        let name = format!("incident.{}", code.word());
        let (title, remedy) = (code.title(), code.remedy());
        let text =
            format!("# `{name}`\n\n{} · {}\n\nincident · 异常事件\n\n{}\n\n{}\n", title.1, title.0, remedy.1, remedy.0);
        (format!("{name}.md"), text)
    })
}

fn stale<'f>(
    made: &'f BTreeMap<String, String>,
    found: &'f BTreeMap<String, String>,
) -> impl Iterator<Item = &'f String> {
    found.iter().filter(|(name, _)| !made.contains_key(*name)).filter(|(_, text)| !by_hand(text)).map(|(name, _)| name)
}

/// A page that no code has is written by hand and says so.
fn by_hand(text: &str) -> bool {
    text.starts_with("<!-- written by hand -->")
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    if !folder.exists() {
        return Ok(pages);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".md") {
            pages.insert(
                name,
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
            );
        }
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_dead_code_is_stale_and_one_written_by_hand_is_not() {
        let page = |text: &str| text.to_owned();
        let made = BTreeMap::from([(page("a.md"), page("A"))]);
        let found = BTreeMap::from([
            (page("a.md"), page("A")),
            (page("b.md"), page("B")),
            (page("c.md"), page("<!-- written by hand -->\n")),
        ]);
        assert_eq!(stale(&made, &found).collect::<Vec<_>>(), ["b.md"]);
    }

    #[test]
    fn every_page_is_in_the_index() {
        let pages = pages();
        for name in pages.keys().filter(|name| *name != INDEX) {
            assert!(pages[INDEX].contains(&format!("]({name})")), "{name}");
        }
    }
}
