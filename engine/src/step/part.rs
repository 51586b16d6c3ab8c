//! `do`: a part, expanded in place. What its last step gives is what the part gives, and its way out is the part's.

use crate::draft::{Deciding, Draft};
use crate::flow::{self, DONE, Done};
use crate::id::{BlockKey, RunId};
use crate::language::definition::Step;

pub(crate) fn ended(draft: &mut Draft, run: RunId, step: &Step, block: &BlockKey) -> Deciding<()> {
    let definition = draft.definition.clone();
    let state = draft.state();
    let Some(scope) = state.runs.get(&run).map(|run| run.scope) else { return Ok(()) };
    let last = definition.block(block).and_then(|block| block.steps.last());
    // One that was left out this time has a record of another time, or none.
    let given = last.and_then(|last| state.record_of(last, scope)).filter(|record| record.run > run).cloned();
    let Some(record) = given else { return flow::complete(draft, run, step, Done::plain(DONE)) };
    let writes = match draft.writes(&step.writes, &record.output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let done = Done { output: record.output, writes, by: record.by, ..Done::plain(&record.outcome) };
    flow::complete(draft, run, step, done)
}
