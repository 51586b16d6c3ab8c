//! `GET /instances`: finds instances, newest first.

use axum::Json;
use axum::extract::State;
use engine::id::InstanceId;
use engine::project::InstanceStatus;
use engine::time::Timestamp;
use serde::Deserialize;
use store::instance::{self, Cursor, Filter};
use utoipa::IntoParams;

use super::InstanceShape;
use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::limits::SEARCH_CHARS_MAX;
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

const LIST: &str = "instances";

/// Filters; all that are given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Needed unless you may read every process, or ask for your own with `mine=true`.
    pub process: Option<String>,
    /// `running`, `ended` or `cancelled`.
    pub status: Option<String>,
    /// The business key.
    pub key: Option<String>,
    /// Business data that the process names under `search`, as `field:value`, several parted by commas: `customer:ACME,item:C-100`.
    pub find: Option<String>,
    /// Started by the caller.
    pub mine: Option<bool>,
    /// Only those that stand still because of an incident.
    pub with_incidents: Option<bool>,
    /// The instance that runs them as a step.
    #[param(value_type = Option<String>)]
    pub parent: Option<InstanceId>,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of instances.
#[utoipa::path(get, path = "/api/v1/instances", tag = "instances", params(Wanted),
    responses((status = 200, body = Page<InstanceShape>), Reading))]
pub async fn list_instances(
    State(backend): State<Backend>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<InstanceShape>>, Reading> {
    let paging = Paging::<(i64, InstanceId)>::of(LIST, wanted.limit, wanted.cursor.as_deref())?;
    let filter = filter(&backend, &caller, &wanted).await?;
    let after = paging.after.map(|(at, instance)| Cursor { started_at: Timestamp::from_micros(at), instance });
    let found = instance::list(&mut backend.database().read().await?, &filter, after, paging.rows).await?;
    let next = found.next.map(|place| (place.started_at.micros(), place.instance));
    Ok(Json(Page::new(LIST, found.rows.into_iter().map(InstanceShape::from).collect(), next)))
}

/// The filter, narrowed to what the caller may read.
async fn filter(backend: &Backend, caller: &Caller, wanted: &Wanted) -> Result<Filter, Problem> {
    let mine = wanted.mine.unwrap_or(false);
    if !mine && !access::sees_everything(caller) {
        let Some(process) = &wanted.process else {
            return Err(Problem::field(
                Code::InvalidRequest,
                "process",
                "name a process that you may read, or ask for your own with mine=true",
                "请指定您可读取的流程，或用 mine=true 查询自己发起的实例",
            ));
        };
        let definition = backend.effective(process).await?;
        if !access::reads_process(caller, &definition) {
            return Err(Problem::new(
                Code::Forbidden,
                format!("the process names no role of yours under `readers`: {}", definition.readers.join(", ")),
                format!("该流程的 `readers` 中没有您的角色：{}", definition.readers.join("、")),
            ));
        }
    }
    Ok(Filter {
        process: wanted.process.as_deref().map(Into::into),
        status: wanted.status.as_deref().map(status_of).transpose()?,
        key: wanted.key.as_deref().map(Into::into),
        initiator: mine.then(|| caller.id.clone()),
        parent: wanted.parent,
        attributes: wanted.find.as_deref().map_or(Ok(vec![]), attributes_of)?,
        with_incidents: wanted.with_incidents.unwrap_or(false),
        release: None,
        live: false,
    })
}

fn status_of(word: &str) -> Result<InstanceStatus, Problem> {
    InstanceStatus::parse(word).ok_or_else(|| {
        let all: Vec<&str> = InstanceStatus::ALL.iter().map(|status| status.word()).collect();
        let (en, zh) = (format!("one of {}", all.join(", ")), format!("应为 {}", all.join("、")));
        Problem::field(Code::InvalidRequest, "status", en, zh)
    })
}

type Attribute = (std::sync::Arc<str>, std::sync::Arc<str>);

fn attributes_of(text: &str) -> Result<Vec<Attribute>, Problem> {
    let refuse = || {
        Problem::field(Code::InvalidRequest, "find", "write field:value,field:value", "请写成 field:value,field:value")
    };
    if text.chars().count() > SEARCH_CHARS_MAX {
        return Err(refuse());
    }
    text.split(',')
        .map(|part| {
            part.split_once(':').map(|(name, value)| (name.trim().into(), value.trim().into())).ok_or_else(refuse)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_data_is_named_by_field() {
        let found = attributes_of("customer:ACME, item:C-100").unwrap();
        assert_eq!(found, [("customer".into(), "ACME".into()), ("item".into(), "C-100".into())]);
        assert_eq!(attributes_of("ACME").unwrap_err().code, Code::InvalidRequest);
    }
}
