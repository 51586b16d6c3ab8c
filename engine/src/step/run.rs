//! `run`: another process as a child, awaited to its end or to a milestone. `start`: one that is not awaited.
//! Children share their parent's shard.

use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::Place;
use crate::event::{Body, ChildTie, Event};
use crate::facts::{Ask, Fact};
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Run, Step};
use crate::value::Value;

/// How many parents an instance may have above it: a process that runs itself for ever is stopped here.
pub(crate) const CHILDREN_DEEP_MAX: u32 = 64;

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    child: &Run,
    started: bool,
    place: &Place,
) -> Deciding<()> {
    if draft.state().depth() >= CHILDREN_DEEP_MAX {
        let detail = [("limit", Value::from("children_deep")), ("at_most", Value::Int(i64::from(CHILDREN_DEEP_MAX)))];
        return incident(IncidentCode::LimitReached, Value::record(detail));
    }
    let input = draft.record(&child.with, place)?;
    let process = child.process.clone();
    let (release, id) = match draft.ask(Ask::Child { process: process.clone() })? {
        Fact::Child { release: Some(release), child } => (release, child),
        Fact::Child { release: None, .. } => {
            return incident(IncidentCode::NoRelease, Value::record([("process", Value::Text(process))]));
        }
        _ => return Err(Stop::Diverged),
    };
    let run = super::open(draft, scope, step, Body::Plain, place)?;
    draft.emit(Event::ChildStarted { run, child: id, process, release, input, tie: tie(child, started) });
    Ok(())
}

/// A child that is awaited to its end and linked to nothing needs none.
fn tie(child: &Run, started: bool) -> Option<ChildTie> {
    let link = child.link.as_ref();
    let tie = ChildTie {
        started,
        until: child.until.clone(),
        relation: link.map(|link| link.relation.clone()),
        blocks: link.and_then(|link| link.blocks_end_until.clone()),
    };
    (started || tie.until.is_some() || link.is_some()).then_some(tie)
}
