//! `POST /jobs/{job}/finish`: what became of it.

use axum::Json;
use axum::extract::State;
use engine::command::{Action, ActivityFailure, JobResult};
use serde::Deserialize;
use store::job;
use utoipa::ToSchema;

use super::access::works_on;
use super::heartbeat::holds;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, JobRef, Path, to_value};
use crate::problem::{Acting, Code, Problem};
use crate::v1::shape::Done;

/// The result: `output`, or `failure`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// The attempt that was leased.
    pub attempt: u32,
    #[schema(value_type = Option<Object>)]
    pub output: Option<serde_json::Value>,
    pub failure: Option<Failure>,
}

/// Why there is no output.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// A business error that the catalogue declares for the activity, or a word of your own.
    #[schema(example = "MAIL_REFUSED")]
    pub code: String,
    pub message: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// The same call may succeed later: the step's `retry` applies.
    #[serde(default)]
    pub transient: bool,
}

/// Gives a job's result, once. `gone`: another attempt was faster, or nobody wants it any more.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/finish", tag = "jobs", request_body = Finish,
    params(("job" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Acting))]
pub async fn finish_job(
    State(backend): State<Backend>,
    caller: Caller,
    Path(at): Path<JobRef>,
    key: IdempotencyKey,
    body: Body<Finish>,
) -> Result<Json<Done>, Acting> {
    let key = key.with(body.digest);
    if let Some(receipt) = backend.answered(&caller, key.as_ref()).await? {
        return Ok(Json(Done::from(&receipt)));
    }
    let jobs = job::of_instance(&mut backend.database().read().await?, at.instance).await?;
    let found = jobs.into_iter().find(|listed| listed.job.run == at.run).ok_or_else(|| Problem::plain(Code::Gone))?;
    if !works_on(&caller, &found.job.activity) || !holds(&caller.id, found.worker.as_deref()) {
        return Err(Problem::plain(Code::StaleFence).into());
    }
    let action = Action::FinishJob { run: at.run, attempt: body.content.attempt, result: result(body.content)? };
    let receipt = backend.submit(&caller, at.instance, action, key).await?;
    Ok(Json(Done::from(&receipt)))
}

fn result(finish: Finish) -> Result<JobResult, Problem> {
    match (finish.output, finish.failure) {
        (Some(output), None) => Ok(JobResult::Succeeded { output: to_value(&output, "/output")? }),
        (None, Some(failure)) => Ok(JobResult::Failed {
            failure: ActivityFailure {
                code: failure.code.into(),
                message: failure.message.into(),
                detail: to_value(&failure.detail, "/failure/detail")?,
                transient: failure.transient,
            },
        }),
        _ => {
            let (en, zh) = ("give either `output` or `failure`", "`output` 和 `failure` 须且仅须给出一个");
            Err(Problem::field(Code::InvalidInput, "/output", en, zh))
        }
    }
}
