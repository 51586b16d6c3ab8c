//! `/errors/<code>`: what a stable code means and what to do about it, in both languages.

use axum::response::{Html, IntoResponse, Response};

use crate::extract::Path;
use crate::problem::{Code, Open, Problem};

/// The page of a code.
#[utoipa::path(get, path = "/errors/{code}", tag = "node", security(()),
    params(("code" = String, Path, description = "The `code` of a problem")),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, description = "No such code"), Open))]
pub async fn explain_code(Path(word): Path<String>) -> Response {
    let Some(code) = Code::lookup(&word) else { return Problem::plain(Code::NotFound).into_response() };
    let (title, remedy) = (code.title(), code.remedy());
    // Every text here is a constant of ours; nothing of the request is shown.
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{word}</title><link rel=\"stylesheet\" href=\"/docs/docs.css\"><main><h1><code>{word}</code> {status}</h1>\
         <h2>{}</h2><p>{}</p><section lang=\"zh\"><h2>{}</h2><p>{}</p></section></main></html>",
        title.en,
        remedy.en,
        title.zh,
        remedy.zh,
        word = code.word(),
        status = code.status(),
    ))
    .into_response()
}
