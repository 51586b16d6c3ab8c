//! `POST /jobs/lease`: gets work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::language::definition::ActivityMode;
use serde::{Deserialize, Serialize};
use store::job::{self, Leased};
use utoipa::ToSchema;

use super::access::{holder, works_on};
use crate::backend::Backend;
use crate::extract::{Body, Caller, JobRef};
use crate::limits::{ACTIVITIES_MAX, JOBS_LEASED_MAX};
use crate::problem::{Acting, Code, Problem};

/// The longest wait for work in one request.
const WAIT_MS_MAX: u64 = 20_000;
/// How often a waiting request looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const WORKER_CHARS_MAX: usize = 64;

/// What a worker can do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// A name for this worker process; its leases are kept under it.
    pub worker: String,
    pub activities: Vec<String>,
    /// At most this many jobs, 1 to 50.
    #[serde(default = "one")]
    pub max: u32,
    /// How long to wait for work, at most 20 000 ms.
    #[serde(default)]
    pub wait_ms: u64,
}

fn one() -> u32 {
    1
}

/// A job in the worker's hands until `lease_until`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Job)]
pub struct JobShape {
    /// Its id, for the addresses of `heartbeat` and `finish`.
    pub job: String,
    pub activity: String,
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
    /// Stable over all attempts: pass it to whatever you call, so that it happens once.
    pub idempotency_key: String,
    /// Send it back with the result.
    pub attempt: u32,
    /// Send it back with each heartbeat.
    pub fence: u64,
    pub lease_until: String,
}

/// The jobs that were leased; none if there is no work.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeasedJobs {
    pub jobs: Vec<JobShape>,
}

impl From<Leased> for JobShape {
    fn from(leased: Leased) -> Self {
        JobShape {
            job: JobRef { instance: leased.job.instance, run: leased.job.run }.to_string(),
            activity: leased.job.activity.to_string(),
            input: leased.job.input.to_json(),
            idempotency_key: leased.job.idempotency_key.to_string(),
            attempt: leased.job.attempt,
            fence: leased.fence,
            lease_until: leased.lease_until.to_string(),
        }
    }
}

/// Leases remote jobs, those that waited longest first. Needs the role `worker` for each activity that is named.
#[utoipa::path(post, path = "/api/v1/jobs/lease", tag = "jobs", request_body = Lease,
    responses((status = 200, body = LeasedJobs), Acting))]
pub async fn lease_jobs(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<Lease>,
) -> Result<Json<LeasedJobs>, Acting> {
    let wanted = body.content;
    check(&caller, &wanted)?;
    let activities: Vec<Arc<str>> = wanted.activities.iter().map(|name| name.as_str().into()).collect();
    let worker = holder(&caller, &wanted.worker);
    for look in 0..=Duration::from_millis(wanted.wait_ms).as_millis() / LOOK_EVERY.as_millis() {
        if look > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        if backend.is_stopping() {
            break;
        }
        let now = backend.now();
        // A look costs a read only; the writer is asked when there is something to get.
        let ready = job::next_ready(&mut backend.database().read().await?, ActivityMode::Remote, &activities).await?;
        if ready.is_none_or(|at| at > now) {
            continue;
        }
        let mut tx = backend.database().begin().await?;
        let leased = job::lease(&mut tx, ActivityMode::Remote, &activities, &worker, now, wanted.max).await?;
        tx.commit().await?;
        if !leased.is_empty() {
            return Ok(Json(LeasedJobs { jobs: leased.into_iter().map(JobShape::from).collect() }));
        }
    }
    Ok(Json(LeasedJobs { jobs: vec![] }))
}

fn check(caller: &Caller, wanted: &Lease) -> Result<(), Problem> {
    let refuse = |field: &str, en: String, zh: String| Err(Problem::field(Code::InvalidInput, field, en, zh));
    if !(1..=ACTIVITIES_MAX).contains(&wanted.activities.len()) {
        return refuse("/activities", format!("1 to {ACTIVITIES_MAX}"), format!("1 到 {ACTIVITIES_MAX} 项"));
    }
    if !(1..=JOBS_LEASED_MAX).contains(&wanted.max) {
        return refuse("/max", format!("1 to {JOBS_LEASED_MAX}"), format!("1 到 {JOBS_LEASED_MAX}"));
    }
    if wanted.wait_ms > WAIT_MS_MAX {
        return refuse("/wait_ms", format!("at most {WAIT_MS_MAX}"), format!("至多 {WAIT_MS_MAX}"));
    }
    let name = &wanted.worker;
    if name.is_empty() || name.chars().count() > WORKER_CHARS_MAX || name.chars().any(char::is_control) {
        return refuse(
            "/worker",
            format!("1 to {WORKER_CHARS_MAX} characters"),
            format!("1 到 {WORKER_CHARS_MAX} 个字符"),
        );
    }
    match wanted.activities.iter().find(|activity| !works_on(caller, activity)) {
        Some(activity) => Err(Problem::new(
            Code::Forbidden,
            format!("you hold no role `worker` for {activity}"),
            format!("您没有 {activity} 的 `worker` 角色"),
        )),
        None => Ok(()),
    }
}
