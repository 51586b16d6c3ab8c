//! A page for each code of a refusal, for `docs/errors/`.

use super::code::Code;

/// File name and Markdown of every page.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    Code::ALL
        .iter()
        .map(|code| {
            let (word, title, remedy) = (code.word(), code.title(), code.remedy());
            let page = format!(
                "# `{word}`\n\n{} · {}\n\n拒绝 · refusal, HTTP {}\n\n{}\n\n{}\n",
                title.zh,
                title.en,
                code.status(),
                remedy.zh,
                remedy.en
            );
            (format!("{word}.md"), page)
        })
        .collect()
}
