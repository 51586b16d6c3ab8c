//! A process as lists show it.

use engine::language::definition::{Definition, Risk, Start};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::Caller;
use crate::v1::access;
use crate::v1::shape::TextShape;

/// A process.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Definition)]
pub struct DefinitionShape {
    #[schema(example = "order_review")]
    pub process: String,
    pub title: TextShape,
    /// The release that this describes.
    pub release: String,
    /// The role that may release it.
    pub owner: String,
    /// `low`, `medium` or `high`.
    pub risk: String,
    /// Roles that may read its instances.
    pub readers: Vec<String>,
    /// Fields that instances are found by.
    pub search: Vec<String>,
    pub starts: Vec<StartShape>,
    /// Whether the caller may start it now.
    pub may_start: bool,
}

/// What starts it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Start)]
pub struct StartShape {
    /// `people`, `message`, `process` or `schedule`.
    pub by: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The form that people fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<String>,
}

impl DefinitionShape {
    pub(crate) fn of(definition: &Definition, caller: &Caller) -> Self {
        let risk = match definition.risk {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        };
        DefinitionShape {
            process: definition.process.to_string(),
            title: (&definition.title).into(),
            release: definition.release.to_string(),
            owner: definition.owner.to_string(),
            risk: risk.into(),
            readers: texts(&definition.readers),
            search: texts(&definition.search),
            starts: definition.starts.iter().map(StartShape::of).collect(),
            may_start: access::may_start(caller, definition),
        }
    }
}

impl StartShape {
    fn of(start: &Start) -> Self {
        let plain =
            |by: &str| StartShape { by: by.into(), roles: vec![], form: None, message: None, processes: vec![] };
        match start {
            Start::People { roles, form, .. } => {
                StartShape { roles: texts(roles), form: form.as_ref().map(ToString::to_string), ..plain("people") }
            }
            Start::Message { message, .. } => StartShape { message: Some(message.to_string()), ..plain("message") },
            Start::Process { processes } => StartShape { processes: texts(processes), ..plain("process") },
            Start::Schedule { .. } => plain("schedule"),
        }
    }
}

pub(crate) fn texts(words: &[std::sync::Arc<str>]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
