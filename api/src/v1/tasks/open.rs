//! A task that the caller may look at, with what stands behind it.

use std::sync::Arc;

use engine::command::Action;
use engine::language::definition::{Definition, Path, Step, StepKind};
use engine::project::TaskRow;
use engine::state::State;

use crate::backend::{Backend, Key};
use crate::extract::{Caller, IfMatch, TaskRef};
use crate::problem::{Code, Problem};
use crate::v1::access;
use crate::v1::shape::Done;

/// A task, open or closed.
pub(crate) struct Seen {
    pub row: TaskRow,
    pub state: Arc<State>,
    pub definition: Arc<Definition>,
}

/// Finds a task that the caller may see.
pub(crate) async fn seen(backend: &Backend, caller: &Caller, task: TaskRef) -> Result<Seen, Problem> {
    let readable = access::instance(backend, caller, task.instance).await.map_err(|problem| match problem.code {
        Code::UnknownInstance => Problem::plain(Code::NotFound),
        _ => problem,
    })?;
    let row = store::task::find(&mut backend.database().read().await?, task.instance, task.work).await?;
    let row = row.ok_or_else(|| Problem::plain(Code::NotFound))?;
    Ok(Seen { row, state: readable.state, definition: readable.definition })
}

/// The same, refused when it is no more what the caller saw.
pub(crate) async fn unchanged(
    backend: &Backend,
    caller: &Caller,
    task: TaskRef,
    seen_at: IfMatch,
) -> Result<Seen, Problem> {
    let seen = seen(backend, caller, task).await?;
    seen_at.check(seen.row.revision)?;
    Ok(seen)
}

/// Acts on a task as the caller saw it. A retry gets its first answer, whatever the task has become since.
pub(crate) async fn act(
    backend: &Backend,
    caller: &Caller,
    task: TaskRef,
    seen_at: IfMatch,
    key: Option<Key>,
    action: Action,
) -> Result<Done, Problem> {
    if let Some(receipt) = backend.answered(caller, key.as_ref()).await? {
        return Ok(Done::from(&receipt));
    }
    unchanged(backend, caller, task, seen_at).await?;
    let action = seen_at.guard(task.work, action);
    Ok(Done::from(&backend.submit(caller, task.instance, action, key).await?))
}

impl Seen {
    pub(crate) fn step(&self) -> Option<&Arc<Step>> {
        self.definition.step(&self.row.step)
    }

    /// What the step displays.
    pub(crate) fn shows(&self) -> &[Path] {
        match self.step().map(|step| &step.kind) {
            Some(StepKind::Task(task)) => &task.shows,
            Some(StepKind::Approve(ballot)) => &ballot.shows,
            _ => &[],
        }
    }
}
