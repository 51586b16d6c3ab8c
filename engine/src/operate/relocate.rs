//! Moving: what is open somewhere is given up, and the list there, or one around it, goes on at another of its steps.
//!
//! A list is entered once and left once, so only its own walk can be moved: into the middle of a block that is not open
//! there is no way that leaves a sound state. [`targets`] says for every step whether it can be reached, and if not, why.

use std::sync::Arc;

use super::Spot;
use super::mend::{Found, locate};
use crate::command::Actor;
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::Event;
use crate::flow;
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::Definition;
use crate::rejection::Rejection;
use crate::state::{Cursor, ROOT_SCOPE, State};
use crate::step::back;

/// A step, and whether what is open at a spot can be moved there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub step: StepKey,
    /// Open steps that would be given up; at most [`GIVEN_UP_MAX`] of them.
    pub gives_up: Vec<StepKey>,
    /// Why not, in English and Chinese; none: it can.
    pub why_not: Option<(String, String)>,
}

/// Steps that are named as given up.
pub const GIVEN_UP_MAX: usize = 50;

/// Every step of the process, in its order, with whether the spot can be moved there.
pub fn targets(definition: &Definition, state: &State, at: Spot) -> Result<Vec<Target>, Rejection> {
    let start = scope_of(state, locate(state, at)?);
    let mut steps: Vec<_> = definition.steps.values().collect();
    steps.sort_by(|one, other| (one.span, &one.key).cmp(&(other.span, &other.key)));
    Ok(steps
        .into_iter()
        .map(|step| {
            let list = back::around(state, start, &step.block);
            let gives_up = list.map(|list| given_up(state, list)).unwrap_or_default();
            let why_not = list.is_none().then(|| why_not(definition, state, start, &step.key));
            Target { step: step.key.clone(), gives_up, why_not }
        })
        .collect())
}

fn scope_of(state: &State, found: Found) -> ScopeId {
    match found {
        Found::Run(run) => state.runs.get(&run).map_or(ROOT_SCOPE, |run| run.scope),
        Found::Blocked { scope, .. } => scope,
    }
}

/// The open steps of a list, at any depth.
fn given_up(state: &State, list: ScopeId) -> Vec<StepKey> {
    let mut found = Vec::new();
    let mut lists = vec![list];
    while let Some(list) = lists.pop() {
        let Some(Cursor::Open { run }) = state.scopes.get(&list).map(|scope| scope.cursor) else { continue };
        let Some(run) = state.runs.get(&run) else { continue };
        if found.len() == GIVEN_UP_MAX {
            break;
        }
        found.push(run.step.clone());
        lists.extend(run.children.iter().copied());
    }
    found
}

fn why_not(definition: &Definition, state: &State, start: ScopeId, step: &StepKey) -> (String, String) {
    let reachable =
        |key: &StepKey| definition.step(key).is_some_and(|step| back::around(state, start, &step.block).is_some());
    let mut around = definition.steps.keys().filter(|outer| definition.is_inside(step, outer) && reachable(outer));
    match around.next() {
        Some(outer) => (
            format!("it stands inside `{outer}`, which is entered as a whole: move to `{outer}`"),
            format!("它位于 `{outer}` 之内，只能整体进入：请移到 `{outer}`"),
        ),
        None => (
            "its list is not around here: it is entered only through what owns it".to_owned(),
            "它所在的列表不在此处外层，只能由其所属步骤进入".to_owned(),
        ),
    }
}

pub(crate) fn relocate(draft: &mut Draft, actor: &Actor, reason: &Arc<str>, at: Spot, to: &StepKey) -> Deciding<()> {
    let found = locate(draft.state(), at)?;
    let start = scope_of(draft.state(), found);
    let definition = draft.definition.clone();
    let Some(step) = definition.step(to) else {
        let (en, zh) = (format!("there is no step `{to}`"), format!("没有步骤 `{to}`"));
        return reject(Rejection::NotLegal { en: en.into(), zh: zh.into() });
    };
    let Some(list) = back::around(draft.state(), start, &step.block) else {
        let (en, zh) = why_not(&definition, draft.state(), start, to);
        return reject(Rejection::NotLegal { en: en.into(), zh: zh.into() });
    };
    let stands_at = match draft.state().scopes.get(&list).map(|scope| scope.cursor) {
        Some(Cursor::Open { run }) => draft.state().runs.get(&run).map_or(0, |run| run.index),
        Some(Cursor::Ready { index, .. } | Cursor::Blocked { index, .. }) => index,
        Some(Cursor::Held) | None => usize::MAX,
    };
    if step.index <= stands_at {
        back::void_signatures(draft, list, &step.block, step.index);
    }
    match draft.state().scopes.get(&list).map(|scope| scope.cursor) {
        Some(Cursor::Open { run }) => give_up(draft, run, actor, reason),
        Some(Cursor::Blocked { incident, .. }) => {
            draft.emit(Event::IncidentResolved { incident, by: actor.clone(), reason: Some(reason.clone()) });
        }
        _ => {}
    }
    back::close_events_around(draft, start, list);
    draft.emit(Event::Moved {
        scope: list,
        to: to.clone(),
        index: step.index,
        by: actor.clone(),
        reason: reason.clone(),
    });
    Ok(())
}

/// Gives up a run; an incident that stopped it is the operator's to resolve.
fn give_up(draft: &mut Draft, run: RunId, actor: &Actor, reason: &Arc<str>) {
    if let Some(incident) = draft.state().runs.get(&run).and_then(|run| run.incident) {
        draft.emit(Event::IncidentResolved { incident, by: actor.clone(), reason: Some(reason.clone()) });
    }
    flow::cancel_run(draft, run);
}
