//! A page for each code, for `docs/errors/`.

use super::Severity;
use super::registry::ALL;

/// File name and Markdown of every page.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    ALL.iter()
        .map(|code| {
            let severity = match code.severity {
                Severity::Error => "错误 · error",
                Severity::Warning => "警告 · warning",
            };
            let page = format!(
                "# `{}`\n\n{} · {}\n\n{severity}\n\n{}\n\n{}\n\nNot like this:\n\n```text\n{}\n```\n\nBut like this:\n\n```text\n{}\n```\n",
                code.id, code.title_zh, code.title_en, code.why_zh, code.why_en, code.bad, code.good
            );
            (format!("{}.md", code.id), page)
        })
        .collect()
}
