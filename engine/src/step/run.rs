//! `run`: another process as a child, awaited to its end. Children share their parent's shard.

use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::Place;
use crate::event::{Body, Event};
use crate::facts::{Ask, Fact};
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Run, Step};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, child: &Run, place: &Place) -> Deciding<()> {
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
    draft.emit(Event::ChildStarted { run, child: id, process, release, input });
    Ok(())
}
