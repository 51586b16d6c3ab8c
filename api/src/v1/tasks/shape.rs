//! A task as lists show it.

use std::collections::BTreeMap;

use engine::event::Candidates;
use engine::project::TaskRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::TaskRef;
use crate::v1::shape::TextShape;

/// One piece of work for a person: a task, or a seat of a ballot.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskShape {
    /// Its id, for the addresses of actions.
    #[schema(example = "01920000-0000-7000-8000-000000000003.17.0")]
    pub task: String,
    pub instance: String,
    pub process: String,
    pub step: String,
    pub title: TextShape,
    /// `open`, `completed` or `withdrawn`.
    pub status: String,
    /// Who may take it.
    pub candidates: Vec<CandidateShape>,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The meaning of the signature that completing it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    pub outcomes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// The business key of its instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Grows with each change; the `ETag`.
    pub revision: u64,
    pub opened_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<String>,
}

/// Somebody who may take it: holders of a role within a scope, one person, or a person's manager.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Candidate)]
pub struct CandidateShape {
    /// `role`, `user` or `manager_of`.
    pub who: String,
    /// The role's name, or the account's.
    pub name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scope: BTreeMap<String, String>,
}

impl From<&Candidates> for CandidateShape {
    fn from(candidates: &Candidates) -> Self {
        let plain =
            |who: &str, name: &str| CandidateShape { who: who.into(), name: name.into(), scope: BTreeMap::new() };
        match candidates {
            Candidates::Role { role, scope } => CandidateShape {
                scope: scope.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
                ..plain("role", role)
            },
            Candidates::User { id } => plain("user", id),
            Candidates::ManagerOf { id } => plain("manager_of", id),
        }
    }
}

impl From<&TaskRow> for TaskShape {
    fn from(row: &TaskRow) -> Self {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_ref().map(ToString::to_string);
        TaskShape {
            task: TaskRef { instance: row.instance, work: row.work }.to_string(),
            instance: row.instance.to_string(),
            process: row.process.to_string(),
            step: row.step.to_string(),
            title: (&row.title).into(),
            status: row.status.word().into(),
            candidates: row.candidates.iter().map(CandidateShape::from).collect(),
            assignee: text(&row.assignee),
            form: text(&row.form),
            sign: text(&row.sign),
            outcomes: row.outcomes.iter().map(ToString::to_string).collect(),
            due: row.due.map(|due| due.to_string()),
            key: text(&row.key),
            revision: row.revision,
            opened_at: row.opened_at.to_string(),
            closed_at: row.closed_at.map(|at| at.to_string()),
            outcome: text(&row.outcome),
            completed_by: text(&row.completed_by),
        }
    }
}
