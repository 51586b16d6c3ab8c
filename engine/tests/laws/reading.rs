//! Looking at the world, and doing in it what people and workers do.

use std::sync::Arc;

use countersign_engine::command::{Action, Actor, Command, JobResult, Raise, WorkId};
use countersign_engine::event::Event;
use countersign_engine::id::{InstanceId, RunId};
use countersign_engine::incident::IncidentCode;
use countersign_engine::project::{JobRow, TaskStatus};
use countersign_engine::rejection::Rejection;
use countersign_engine::state::State;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::complete;

impl World {
    pub(crate) fn state(&self, id: InstanceId) -> &State {
        &self.instances[&id].state
    }

    pub(crate) fn outcome(&self, id: InstanceId) -> Option<String> {
        self.state(id).outcome().map(ToString::to_string)
    }

    pub(crate) fn data(&self, id: InstanceId, field: &str) -> Value {
        self.state(id).data().get(field).cloned().unwrap_or_default()
    }

    /// The open steps, sorted, with the keys of the items they are in.
    pub(crate) fn open(&self, id: InstanceId) -> Vec<String> {
        let name = |(step, _, items): (&Arc<str>, RunId, Vec<Arc<str>>)| match items.is_empty() {
            true => step.to_string(),
            false => format!("{step}[{}]", items.join(",")),
        };
        let mut open: Vec<String> = self.state(id).open_steps().map(name).collect();
        open.sort();
        open
    }

    pub(crate) fn run(&self, id: InstanceId, step: &str) -> RunId {
        let found = self.state(id).open_steps().find(|(open, _, _)| open.as_ref() == step);
        found.unwrap_or_else(|| panic!("{step} is not open; open are {:?}", self.open(id))).1
    }

    pub(crate) fn work(&self, id: InstanceId, step: &str) -> WorkId {
        WorkId { run: self.run(id, step), seat: 0 }
    }

    pub(crate) fn item_work(&self, id: InstanceId, step: &str, item: &str) -> WorkId {
        let mut open = self.state(id).open_steps();
        let found = open.find(|(open, _, items)| open.as_ref() == step && items.iter().any(|key| key.as_ref() == item));
        WorkId { run: found.expect("the item's step is open").1, seat: 0 }
    }

    pub(crate) fn complete(&mut self, id: InstanceId, step: &str, who: &str, outcome: &str) -> Result<(), Rejection> {
        let work = self.work(id, step);
        self.complete_work(id, work, Actor::person(who), outcome)
    }

    pub(crate) fn complete_work(
        &mut self,
        id: InstanceId,
        work: WorkId,
        actor: Actor,
        outcome: &str,
    ) -> Result<(), Rejection> {
        let action = Action::Complete(complete(work, outcome));
        self.submit(id, Command { actor, action })
    }

    pub(crate) fn vote(
        &mut self,
        id: InstanceId,
        step: &str,
        seat: u32,
        who: &str,
        yes: bool,
    ) -> Result<(), Rejection> {
        let work = WorkId { run: self.run(id, step), seat };
        self.complete_work(id, work, Actor::person(who), if yes { "approved" } else { "rejected" })
    }

    /// Raises an event of an open step, or of the process if `step` is empty.
    pub(crate) fn raise(
        &mut self,
        id: InstanceId,
        step: &str,
        event: &str,
        who: &str,
        answer: Value,
    ) -> Result<(), Rejection> {
        let host = if step.is_empty() { RunId(0) } else { self.run(id, step) };
        let raise = Raise { host, event: event.into(), answer, reason: None, signature: None };
        self.act(id, who, Action::Raise(raise))
    }

    pub(crate) fn jobs(&self, id: InstanceId) -> Vec<JobRow> {
        self.tables.jobs.values().filter(|row| row.instance == id).cloned().collect()
    }

    pub(crate) fn finish_job(&mut self, id: InstanceId, job: &JobRow, result: JobResult) -> Result<(), Rejection> {
        self.system(id, Action::FinishJob { run: job.run, attempt: job.attempt, result })
    }

    pub(crate) fn task_status(&self, id: InstanceId, work: WorkId) -> TaskStatus {
        self.tables.tasks[&(id, work)].status
    }

    pub(crate) fn incidents(&self, id: InstanceId) -> Vec<IncidentCode> {
        self.state(id).open_incidents().map(|incident| incident.code()).collect()
    }

    pub(crate) fn retry(&mut self, id: InstanceId) -> Result<(), Rejection> {
        let incident = self.state(id).open_incidents().next().expect("an incident is open").id();
        self.act(id, "admin", Action::Retry { incident, reason: "mended".into() })
    }

    pub(crate) fn events(&self, id: InstanceId) -> impl Iterator<Item = &Event> {
        self.instances[&id].rows.iter().flat_map(|row| &row.events)
    }

    pub(crate) fn count(&self, id: InstanceId, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events(id).filter(|event| wanted(event)).count()
    }

    pub(crate) fn versions(&self, id: InstanceId) -> usize {
        self.instances[&id].rows.len()
    }
}
