//! `POST /jobs/{job}/heartbeat`: the worker lives and goes on.

use axum::Json;
use axum::extract::State;
use engine::id::UserId;
use serde::{Deserialize, Serialize};
use store::job;
use utoipa::ToSchema;

use super::access::works_on;
use crate::backend::Backend;
use crate::extract::{Body, Caller, JobRef, Path};
use crate::problem::{Acting, Code, Problem};

/// Which lease.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    pub fence: u64,
}

/// How long the lease lasts now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StillLeased {
    pub lease_until: String,
}

/// Prolongs a lease by its full length. `stale_fence`: the job is another's or done; drop it.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/heartbeat", tag = "jobs", request_body = Heartbeat,
    params(("job" = String, Path)), responses((status = 200, body = StillLeased), Acting))]
pub async fn heartbeat_job(
    State(backend): State<Backend>,
    caller: Caller,
    Path(at): Path<JobRef>,
    body: Body<Heartbeat>,
) -> Result<Json<StillLeased>, Acting> {
    let stale = || Problem::plain(Code::StaleFence);
    let jobs = job::of_instance(&mut backend.database().read().await?, at.instance).await?;
    let found = jobs.into_iter().find(|listed| listed.job.run == at.run).ok_or_else(stale)?;
    if !works_on(&caller, &found.job.activity) || !holds(&caller.id, found.worker.as_deref()) {
        return Err(stale().into());
    }
    let until = backend.now().plus_micros(found.job.lease_micros);
    let mut tx = backend.database().begin().await?;
    let prolonged = job::heartbeat(&mut tx, at.instance, at.run, body.content.fence, until).await?;
    tx.commit().await?;
    if prolonged { Ok(Json(StillLeased { lease_until: until.to_string() })) } else { Err(stale().into()) }
}

/// Whether a lease is an account's.
pub(crate) fn holds(account: &UserId, worker: Option<&str>) -> bool {
    worker.and_then(|worker| worker.split_once('/')).is_some_and(|(holder, _)| holder == account.as_ref())
}
