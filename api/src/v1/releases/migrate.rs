//! `POST /releases/{release}/migrate`: takes running instances of another release to this one, page by page.

use axum::Json;
use axum::extract::State;
use engine::command::Action;
use engine::id::{Digest, InstanceId};
use engine::operate::Operation;
use engine::operate::migrate::{Act, Plan, What, judge};
use engine::project::InstanceRow;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::instance::{self, Cursor, Filter};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Code, Problem, Signing};
use crate::v1::access;
use crate::v1::shape::checked_text;

/// Instances of one page.
const PAGE_MAX: u32 = 100;

/// Which instances migrate, how, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// The release that they are at.
    pub from: String,
    /// `map`, `cancel`, `park`, `restart`, `durations`, `otherwise`: what becomes of what the release does not have.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub plan: Plan,
    /// Only these instances; absent: all that run at `from`.
    pub instances: Option<Vec<String>>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Where the page before ended.
    pub cursor: Option<MigrationCursor>,
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrationCursor {
    pub started_at: i64,
    pub instance: String,
}

/// What became, or would become, of the instances of one page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Migrated {
    pub instances: Vec<Forecast>,
    /// Absent: this was the last page. What migrated is not found again, so a sweep that broke off is simply begun anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<MigrationCursor>,
}

/// One instance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    pub instance: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `migrated`, `migrates` (a dry run) or `stays`.
    pub verdict: String,
    /// Open steps that go on as they are.
    pub carried: u64,
    /// What is given up, opened anew or parked.
    pub acts: Vec<Spot>,
    /// Why it stays.
    pub faults: Vec<Spot>,
}

/// One step, branch or field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationSpot)]
pub struct Spot {
    pub at: String,
    /// `cancel`, `restart`, `park`, `withdraw`, or `fault`.
    pub what: String,
    pub en: String,
    pub zh: String,
}

/// Migrates the running instances of a release, a page at a time; each is one event of its own, and others are served between
/// them. For the process's owner and administrators.
#[utoipa::path(post, path = "/api/v1/releases/{release}/migrate", tag = "releases", request_body = Migration,
    params(("release" = String, Path, description = "The digest of the release they go to")),
    responses((status = 200, body = Migrated), Signing))]
pub async fn migrate_instances(
    State(backend): State<Backend>,
    caller: Caller,
    Path(release): Path<String>,
    body: Body<Migration>,
) -> Result<Json<Migrated>, Signing> {
    let reason: std::sync::Arc<str> = checked_text("reason", &body.content.reason)?.into();
    let to: Digest = release.parse().map_err(|_| Problem::plain(Code::NotFound))?;
    let from = digest(&body.content.from)?;
    let (old, new) = (backend.definition(from).await?, backend.definition(to).await?);
    if !access::reads_process(&caller, &old) {
        return Err(Problem::plain(Code::Forbidden).into());
    }
    let (rows, next) = page(&backend, from, &body.content).await?;
    let mut instances = Vec::with_capacity(rows.len());
    for row in rows {
        let state = backend.state(row.instance).await?;
        if state.release() != from {
            continue;
        }
        let judged = judge(&old, &new, &state, &body.content.plan);
        let mut forecast = Forecast {
            instance: row.instance.to_string(),
            key: row.key.map(|key| key.to_string()),
            verdict: if judged.faults.is_empty() { "migrates" } else { "stays" }.into(),
            carried: judged.carried as u64,
            acts: judged.acts.iter().map(Spot::from).collect(),
            faults: judged.faults.iter().map(|fault| spot("fault", &fault.at, &fault.en, &fault.zh)).collect(),
        };
        if !body.content.dry_run && judged.faults.is_empty() {
            let what = Operation::Migrate { release: to, plan: Box::new(body.content.plan.clone()) };
            let action = Action::Operate { what, reason: reason.clone() };
            match backend.submit(&caller, row.instance, action, None).await {
                Ok(_) => forecast.verdict = "migrated".into(),
                // It is the same for every instance: nothing is gained by trying the others.
                Err(problem) if matches!(problem.code, Code::Forbidden | Code::NotLegal) => return Err(problem.into()),
                Err(problem) => {
                    forecast.verdict = "stays".into();
                    forecast.faults.push(spot("fault", problem.code.word(), &problem.detail_en, &problem.detail_zh));
                }
            }
        }
        instances.push(forecast);
    }
    Ok(Json(Migrated { instances, next }))
}

fn digest(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Problem::field(Code::InvalidInput, "/from", "a digest of 64 digits", "64 位摘要"))
}

/// The instances of one page, and where the next begins.
async fn page(
    backend: &Backend,
    from: Digest,
    wanted: &Migration,
) -> Result<(Vec<InstanceRow>, Option<MigrationCursor>), Problem> {
    let bad = |field: &str| Problem::field(Code::InvalidInput, field, "the id of an instance", "实例编号");
    let mut reader = backend.database().read().await?;
    if let Some(names) = &wanted.instances {
        if names.len() > PAGE_MAX as usize {
            let (en, zh) = (format!("at most {PAGE_MAX}"), format!("至多 {PAGE_MAX} 个"));
            return Err(Problem::field(Code::InvalidInput, "/instances", en, zh));
        }
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let id: InstanceId = name.parse().map_err(|_| bad("/instances"))?;
            let row = instance::find(&mut reader, id).await?;
            rows.push(row.ok_or_else(|| Problem::plain(Code::UnknownInstance))?);
        }
        return Ok((rows, None));
    }
    let after = match &wanted.cursor {
        Some(cursor) => Some(Cursor {
            started_at: Timestamp::from_micros(cursor.started_at),
            instance: cursor.instance.parse().map_err(|_| bad("/cursor/instance"))?,
        }),
        None => None,
    };
    let filter = Filter { release: Some(from), live: true, ..Filter::default() };
    let found = instance::list(&mut reader, &filter, after, PAGE_MAX).await?;
    let next = found
        .next
        .map(|place| MigrationCursor { started_at: place.started_at.micros(), instance: place.instance.to_string() });
    Ok((found.rows, next))
}

fn spot(what: &str, at: &str, en: &str, zh: &str) -> Spot {
    Spot { at: at.into(), what: what.into(), en: en.into(), zh: zh.into() }
}

impl From<&Act> for Spot {
    fn from(act: &Act) -> Self {
        let what = match act.what {
            What::Cancel { .. } => "cancel",
            What::Restart { .. } => "restart",
            What::Park { .. } => "park",
            What::Withdraw { .. } => "withdraw",
        };
        spot(what, &act.at, &act.en, &act.zh)
    }
}
