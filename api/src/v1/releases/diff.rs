//! `GET /releases/{release}/diff/{other}`: what differs between two releases.

use axum::Json;
use axum::extract::State;
use engine::id::Digest;
use engine::language::difference::{Difference, difference};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Caller, Path};
use crate::problem::{Code, Problem, Reading};

/// What differs from the first release to the second.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReleaseDiff {
    pub from: String,
    pub to: String,
    /// By key and meaning: a step that only stands elsewhere in the file has not changed.
    pub steps: Vec<StepDiff>,
    /// Fields, events, policy and other parts of the process itself.
    pub process: Vec<PartDiff>,
    pub files: Vec<FileDiff>,
    /// Instances that run at the first release.
    pub instances: u64,
}

/// One step.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StepDiff {
    pub step: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// What of it changed.
    pub parts: Vec<String>,
}

/// One part of the process.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PartDiff {
    pub part: String,
    pub change: String,
}

/// One file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FileDiff {
    pub path: String,
    pub change: String,
    /// Lines with `+`, `-` or a space before them.
    pub lines: Vec<String>,
}

/// Compares two releases: steps by key and meaning, files line by line.
#[utoipa::path(get, path = "/api/v1/releases/{release}/diff/{other}", tag = "releases",
    params(("release" = String, Path, description = "The digest of the older"), ("other" = String, Path, description = "The digest of the newer")),
    responses((status = 200, body = ReleaseDiff), Reading))]
pub async fn diff_releases(
    State(backend): State<Backend>,
    _caller: Caller,
    Path((from, to)): Path<(String, String)>,
) -> Result<Json<ReleaseDiff>, Reading> {
    let digest = |text: &str| text.parse::<Digest>().map_err(|_| Problem::plain(Code::NotFound));
    let (old, new) = (digest(&from)?, digest(&to)?);
    let definitions = (backend.definition(old).await?, backend.definition(new).await?);
    let bundles = (backend.bundle(old).await?, backend.bundle(new).await?);
    let found = difference((&definitions.0, &bundles.0), (&definitions.1, &bundles.1));
    let instances = store::instance::count_live(&mut backend.database().read().await?, old).await?;
    Ok(Json(shape(from, to, found, instances)))
}

fn shape(from: String, to: String, found: Difference, instances: u64) -> ReleaseDiff {
    let steps = found.steps.into_iter().map(|one| StepDiff {
        step: one.step.to_string(),
        change: one.change.word().into(),
        parts: one.parts.into_iter().map(Into::into).collect(),
    });
    let process =
        found.process.into_iter().map(|one| PartDiff { part: one.part.to_string(), change: one.change.word().into() });
    let files = found.files.into_iter().map(|one| FileDiff {
        path: one.path,
        change: one.change.word().into(),
        lines: one.lines,
    });
    ReleaseDiff { from, to, steps: steps.collect(), process: process.collect(), files: files.collect(), instances }
}
