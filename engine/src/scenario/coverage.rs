//! Which steps and branches of a process its scenarios reached.
//!
//! A point is a step that was entered, a way out of it, a branch, an event, or being left out by its `when`.
//! A step with one way out has no point for that way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{Event, Purpose};
use crate::flow::DONE;
use crate::id::{RunId, StepKey};
use crate::language::definition::{Definition, Handler, Span, Step, StepKind};
use crate::state::ROOT_RUN;
use crate::step::approve::{APPROVED, REJECTED};
use crate::step::choose::branch_name;

/// Something that a scenario can reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    Step(StepKey),
    /// Its `when` did not hold.
    LeftOut(StepKey),
    Outcome(StepKey, Arc<str>),
    Branch(StepKey, Arc<str>),
    /// Of a step; of the process with no step.
    Event(Option<StepKey>, Arc<str>),
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Point::Step(step) => write!(f, "step {step}"),
            Point::LeftOut(step) => write!(f, "{step} left out by its `when`"),
            Point::Outcome(step, outcome) => write!(f, "{step}: {outcome}"),
            Point::Branch(step, branch) => write!(f, "{step}, branch {branch}"),
            Point::Event(Some(step), event) => write!(f, "{step}, event {event}"),
            Point::Event(None, event) => write!(f, "event {event}"),
        }
    }
}

/// How much was reached, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub steps_reached: usize,
    pub steps: usize,
    pub branches_reached: usize,
    pub branches: usize,
    /// In the order of the definition's file.
    pub missing: Vec<(Span, Point)>,
}

impl Coverage {
    /// Of all points, rounded down: 100 means all.
    #[must_use]
    pub fn percent(&self) -> u32 {
        let all = self.steps + self.branches;
        let reached = self.steps_reached + self.branches_reached;
        (reached * 100).checked_div(all).and_then(|percent| u32::try_from(percent).ok()).unwrap_or(100)
    }

    pub(super) fn of(definition: &Definition, reached: &BTreeSet<Point>) -> Self {
        let mut coverage = Coverage::default();
        for (point, span) in points(definition) {
            let hit = usize::from(reached.contains(&point));
            if matches!(point, Point::Step(_)) {
                coverage.steps += 1;
                coverage.steps_reached += hit;
            } else {
                coverage.branches += 1;
                coverage.branches_reached += hit;
            }
            if hit == 0 {
                coverage.missing.push((span, point));
            }
        }
        coverage.missing.sort();
        coverage
    }
}

/// Everything there is to reach.
fn points(definition: &Definition) -> BTreeMap<Point, Span> {
    let mut points = BTreeMap::new();
    for step in definition.steps.values() {
        points.insert(Point::Step(step.key.clone()), step.span);
        if step.when.is_some() {
            points.insert(Point::LeftOut(step.key.clone()), step.span);
        }
        let outcomes = outcomes(step);
        if outcomes.len() > 1 {
            points.extend(outcomes.into_iter().map(|name| (Point::Outcome(step.key.clone(), name), step.span)));
        }
        if let StepKind::Parallel { branches, .. } = &step.kind {
            let names = branches.iter().map(|branch| branch.name.clone());
            points.extend(names.map(|name| (Point::Branch(step.key.clone(), name), step.span)));
        }
        points.extend(events(Some(&step.key), &step.handlers));
    }
    points.extend(events(None, &definition.handlers));
    points
}

fn events<'d>(step: Option<&'d StepKey>, handlers: &'d [Handler]) -> impl Iterator<Item = (Point, Span)> + 'd {
    handlers.iter().map(move |handler| (Point::Event(step.cloned(), handler.name.clone()), handler.span))
}

/// The ways out of a step, by the names that events give them.
fn outcomes(step: &Step) -> BTreeSet<Arc<str>> {
    let mut names: BTreeSet<Arc<str>> = step.outcomes.keys().cloned().collect();
    match &step.kind {
        StepKind::Task(task) => names.extend(crate::step::task::outcomes(task)),
        StepKind::Approve(_) => names.extend([APPROVED.into(), REJECTED.into()]),
        StepKind::Choose { branches } => {
            names.extend(branches.iter().enumerate().map(|(number, branch)| branch_name(branch, number).into()));
        }
        StepKind::First { alternatives } => names.extend(alternatives.iter().map(|one| one.name.clone())),
        // A child's outcomes are its own; those that lead somewhere are named here.
        StepKind::Run(_) | StepKind::Start(_) | StepKind::Do { .. } => {}
        _ => {
            names.insert(DONE.into());
        }
    }
    names
}

/// Collects points from what happened to one instance.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) points: BTreeSet<Point>,
    pub(super) runs: BTreeMap<RunId, StepKey>,
}

impl Seen {
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            Event::StepEntered { run, step, .. } => {
                self.runs.insert(*run, step.clone());
                self.points.insert(Point::Step(step.clone()));
            }
            Event::StepSkipped { step, .. } => {
                self.points.insert(Point::LeftOut(step.clone()));
            }
            Event::StepCompleted { run, outcome, .. } => {
                if let Some(step) = self.runs.get(run) {
                    self.points.insert(Point::Outcome(step.clone(), outcome.clone()));
                }
            }
            Event::ScopeOpened { parent, purpose: Purpose::Branch { name }, .. } => {
                if let Some(step) = self.runs.get(parent) {
                    self.points.insert(Point::Branch(step.clone(), name.clone()));
                }
            }
            Event::HandlerTriggered { run, handler } if *run == ROOT_RUN => {
                self.points.insert(Point::Event(None, handler.clone()));
            }
            Event::HandlerTriggered { run, handler } => {
                self.points.insert(Point::Event(self.runs.get(run).cloned(), handler.clone()));
            }
            _ => {}
        }
    }

    pub(super) fn reached(&self, step: &str) -> bool {
        self.points.contains(&Point::Step(step.into()))
    }
}
