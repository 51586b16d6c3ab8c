//! `POST /releases`: deploys a bundle of process files.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use engine::language::release::Bundle;
use engine::language::{Checked, Severity};
use identity::role::{ADMINISTRATOR, PUBLISHER};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReleaseShape, moment};
use crate::backend::Backend;
use crate::extract::{BundleBody, Caller};
use crate::limits::BUNDLE_FILES_MAX;
use crate::problem::{Code, Deploying, Diagnostic, Problem};

/// A bundle: a process with everything it names.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Texts by path: `process.yaml`, `texts.yaml`, `answer.form.json`, `catalogue/sales.yaml`, `scripts/x.rhai`…
    pub files: BTreeMap<String, String>,
    /// From when new instances use it (RFC 3339); absent: at once. Only where deployments need
    /// no approval; else it is a draft, and the approval says from when.
    pub effective_from: Option<String>,
}

/// What was deployed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Deployed {
    pub release: ReleaseShape,
    /// What the checker warns of.
    pub warnings: Vec<Diagnostic>,
}

/// Deploys a bundle, if the checker finds no error. The same bundle again is the same release. For the process's owner, publishers
/// and administrators.
#[utoipa::path(post, path = "/api/v1/releases", tag = "releases", request_body = Deployment,
    responses((status = 201, body = Deployed), Deploying))]
pub async fn deploy_release(
    State(backend): State<Backend>,
    caller: Caller,
    body: BundleBody<Deployment>,
) -> Result<impl IntoResponse, Deploying> {
    let effective_from = body.content.effective_from.as_deref().map(moment).transpose()?;
    let bundle = bundle(body.content.files)?;
    // Checking is work for a processor, not for the threads that answer others.
    let copy = bundle.clone();
    let checked = tokio::task::spawn_blocking(move || engine::language::check(&copy)).await;
    let Checked { definition, diagnostics } = checked.map_err(|_| Problem::plain(Code::Internal))?;
    let diagnostics: Vec<Diagnostic> = diagnostics.iter().map(shape).collect();
    let Some(definition) = definition else {
        let count = diagnostics.iter().filter(|found| found.severity == "error").count();
        let mut problem = Problem::new(Code::BundleHasFaults, format!("{count} errors"), format!("共 {count} 处错误"));
        problem.diagnostics = diagnostics;
        return Err(problem.into());
    };
    if !caller.holds(&definition.owner) {
        caller.require(&[PUBLISHER, ADMINISTRATOR])?;
    }
    let digest = bundle.digest();
    backend.deploy(&caller, &bundle, &definition, effective_from).await?;
    let row = store::release::find(&mut backend.database().read().await?, digest).await?;
    let release = ReleaseShape::from(&row.ok_or_else(|| Problem::plain(Code::Internal))?);
    let place = format!("/api/v1/releases/{}", release.release);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(Deployed { release, warnings: diagnostics })))
}

fn bundle(files: BTreeMap<String, String>) -> Result<Bundle, Problem> {
    if files.len() > BUNDLE_FILES_MAX {
        let (en, zh) = (format!("at most {BUNDLE_FILES_MAX}"), format!("至多 {BUNDLE_FILES_MAX} 个"));
        return Err(Problem::field(Code::InvalidInput, "/files", en, zh));
    }
    let plain = |path: &str| {
        !path.is_empty()
            && path.len() <= 200
            && !path.contains(['\\', '\0'])
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
    };
    if let Some(path) = files.keys().find(|path| !plain(path)) {
        let (en, zh) = (format!("`{path}` is no plain relative path"), format!("`{path}` 不是普通的相对路径"));
        return Err(Problem::field(Code::InvalidInput, "/files", en, zh));
    }
    let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    Ok(Bundle { files, ..Bundle::default() })
}

fn shape(found: &engine::language::Diagnostic) -> Diagnostic {
    Diagnostic {
        file: found.file.to_string(),
        line: found.span.line,
        column: found.span.column,
        code: found.code.id.into(),
        severity: if found.severity() == Severity::Error { "error" } else { "warning" }.into(),
        en: found.message.en.to_string(),
        zh: found.message.zh.to_string(),
        hint: found.hint.as_ref().map(|hint| hint.en.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        for bad in ["", "/etc/x", "../x", "a//b", "a/./b", "a\\b"] {
            let files = BTreeMap::from([(bad.to_owned(), String::new())]);
            assert_eq!(bundle(files).unwrap_err().code, Code::InvalidInput, "{bad}");
        }
        assert!(bundle(BTreeMap::from([("catalogue/stock.yaml".to_owned(), String::new())])).is_ok());
    }
}
