//! `/errors/<code>`: what a stable code means and what to do about it, in both languages. Codes of refusals and of the checker.

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse, Response};
use engine::language::diagnostics::registry;

use crate::extract::Path;
use crate::problem::{Code, Open, Problem};

/// The page of a code.
#[utoipa::path(get, path = "/errors/{code}", tag = "node", security(()),
    params(("code" = String, Path, description = "The `code` of a problem, or of a fault in a process file")),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, description = "No such code"), Open))]
pub async fn explain_code(Path(word): Path<String>) -> Response {
    if let Some(code) = Code::lookup(&word) {
        let (title, remedy) = (code.title(), code.remedy());
        let head = format!("{word} {}", code.status());
        return page(&head, [(title.en, remedy.en), (title.zh, remedy.zh)], None);
    }
    match registry::ALL.iter().find(|code| code.id == word) {
        Some(code) => {
            page(code.id, [(code.title_en, code.why_en), (code.title_zh, code.why_zh)], Some((code.bad, code.good)))
        }
        None => Problem::plain(Code::NotFound).into_response(),
    }
}

/// Only constants of ours are shown; they are escaped all the same.
fn page(head: &str, [en, zh]: [(&str, &str); 2], example: Option<(&str, &str)>) -> Response {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{head}</title><link rel=\"stylesheet\" href=\"/docs/docs.css\"><main><h1><code>{head}</code></h1>",
        head = escaped(head)
    );
    for (language, (title, text)) in [("en", en), ("zh", zh)] {
        // Writing to a text cannot fail.
        let _ =
            write!(html, "<section lang=\"{language}\"><h2>{}</h2><p>{}</p></section>", escaped(title), escaped(text));
    }
    if let Some((bad, good)) = example {
        let _ = write!(html, "<h3>✗</h3><pre>{}</pre><h3>✓</h3><pre>{}</pre>", escaped(bad), escaped(good));
    }
    html.push_str("</main></html>");
    Html(html).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_meanings() {
        assert!(registry::ALL.iter().all(|code| Code::lookup(code.id).is_none()));
    }
}
