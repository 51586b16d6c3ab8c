//! `GET /incidents`: what stands still, newest first.

use axum::Json;
use axum::extract::State;
use engine::id::{IncidentId, InstanceId};
use engine::project::IncidentRow;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::incident::{self, Cursor, Filter};
use utoipa::{IntoParams, ToSchema};

use crate::backend::Backend;
use crate::extract::{Caller, IncidentRef, Page, Paging, Query};
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

const LIST: &str = "incidents";

/// Which incidents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Needed, or `instance`, unless you may read every process.
    pub process: Option<String>,
    #[param(value_type = Option<String>)]
    pub instance: Option<InstanceId>,
    /// Also those that were resolved.
    #[serde(default)]
    pub resolved: bool,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentShape {
    /// Its id, for the addresses of actions.
    #[schema(example = "01920000-0000-7000-8000-000000000003.5")]
    pub incident: String,
    pub instance: String,
    pub process: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Stable; explained in the documentation of errors.
    #[schema(example = "activity_failed")]
    pub code: String,
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    pub raised_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
}

impl From<IncidentRow> for IncidentShape {
    fn from(row: IncidentRow) -> Self {
        let code = serde_json::to_value(row.code).ok();
        IncidentShape {
            incident: IncidentRef { instance: row.instance, incident: row.incident }.to_string(),
            instance: row.instance.to_string(),
            process: row.process.to_string(),
            step: row.step.map(|step| step.to_string()),
            code: code.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().into(),
            detail: row.detail.to_json(),
            raised_at: row.raised_at.to_string(),
            resolved_at: row.resolved_at.map(|at| at.to_string()),
            resolved_by: row.resolved_by.map(|by| by.to_string()),
        }
    }
}

/// A page of incidents.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(Wanted),
    responses((status = 200, body = Page<IncidentShape>), Reading))]
pub async fn list_incidents(
    State(backend): State<Backend>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<IncidentShape>>, Reading> {
    let paging = Paging::<(i64, InstanceId, u64)>::of(LIST, wanted.limit, wanted.cursor.as_deref())?;
    permitted(&backend, &caller, &wanted).await?;
    let filter = Filter {
        open: !wanted.resolved,
        process: wanted.process.as_deref().map(Into::into),
        instance: wanted.instance,
        code: None,
    };
    let after = paging.after.map(|(at, instance, number)| Cursor {
        raised_at: Timestamp::from_micros(at),
        instance,
        incident: IncidentId(number),
    });
    let found = incident::list(&mut backend.database().read().await?, &filter, after, paging.rows).await?;
    let next = found.next.map(|place| (place.raised_at.micros(), place.instance, place.incident.0));
    Ok(Json(Page::new(LIST, found.rows.into_iter().map(IncidentShape::from).collect(), next)))
}

async fn permitted(backend: &Backend, caller: &Caller, wanted: &Wanted) -> Result<(), Problem> {
    if access::sees_everything(caller) {
        return Ok(());
    }
    if let Some(instance) = wanted.instance {
        return access::instance(backend, caller, instance).await.map(drop);
    }
    let Some(process) = &wanted.process else {
        let (en, zh) = ("name a process or an instance that you may read", "请指定您可读取的流程或实例");
        return Err(Problem::field(Code::InvalidRequest, "process", en, zh));
    };
    if access::reads_process(caller, &*backend.effective(process).await?) {
        Ok(())
    } else {
        Err(Problem::plain(Code::Forbidden))
    }
}
