//! `parallel`: named branches that run at the same time, joined by all, any, or a number of them.

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, Purpose};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Join, ParallelBranch, Rest, Step};
use crate::state;

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    branches: &[ParallelBranch],
    (join, rest): (Join, Rest),
    place: &Place,
) -> Deciding<()> {
    let mut chosen = Vec::new();
    for branch in branches {
        let runs = match &branch.when {
            Some(when) => draft.holds(when, place)?,
            None => true,
        };
        if runs {
            chosen.push(branch);
        }
    }
    let names = chosen.iter().map(|branch| branch.name.clone()).collect();
    let run = super::open(draft, scope, step, Body::Parallel { branches: names, join, rest }, place)?;
    if chosen.is_empty() {
        return flow::complete(draft, run, step, Done::plain(DONE));
    }
    for branch in chosen {
        draft.open_scope(run, &branch.block, Purpose::Branch { name: branch.name.clone() }, None);
    }
    Ok(())
}

/// How many of `all` must have ended.
pub(crate) fn needed(join: Join, all: u64) -> u64 {
    match join {
        Join::All => all,
        Join::Any => all.min(1),
        Join::AtLeast(least) => all.min(u64::from(least)),
    }
}

pub(crate) fn branch_ended(draft: &mut Draft, run: RunId, step: &Step) -> Deciding<()> {
    if flow::rest::is_left_behind(draft, run) {
        flow::rest::one_ended(draft, run);
        return Ok(());
    }
    let Some(open) = draft.state().runs.get(&run) else { return Ok(()) };
    let state::Body::Parallel { branches, join, rest, ended } = &open.body else { return Ok(()) };
    let (all, ended, rest) = (branches.len() as u64, u64::from(*ended), *rest);
    if ended < needed(*join, all) {
        return Ok(());
    }
    flow::rest::join(draft, run, step, rest, ended == all, Done::plain(DONE))
}
