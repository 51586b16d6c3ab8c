//! Taking an instance to another release of its process, step by step.
//!
//! State names steps and blocks by key, so most of it means the same in the new release. What does not is judged here:
//! [`judge`] compares the two definitions around everything that is open and says, per spot, what happens: it goes on as it
//! is, it is given up, opened anew, or parked with an incident. The same judgement is the dry run and the migration; the
//! migration is one event, [`Event::Migrated`], with what it gave up before it. Waits keep their identity, timers their
//! moments, unless the plan lists the step under `durations`.

pub(crate) mod carry;
mod fit;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::judge::{Act, Judgement, What, judge};
use crate::command::Actor;
use crate::decide::reject;
use crate::draft::{Deciding, Draft, Stop};
use crate::event::{BlockMove, Event};
use crate::id::{BlockKey, Digest, StepKey};
use crate::rejection::Rejection;
use crate::value::Value;

/// What becomes of what the new release does not have. Branches are named by their block: `reviews/quality`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Steps that have another id in the new release.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<StepKey, StepKey>,
    /// Steps and branches whose open work is given up: the flow goes on behind them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cancel: BTreeSet<Arc<str>>,
    /// Steps and branches that stop with an incident, for an operator to decide one by one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub park: BTreeSet<Arc<str>>,
    /// Steps whose open work is given up and opened anew, as the new release has them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub restart: BTreeSet<StepKey>,
    /// Open steps whose waits and deadlines are computed anew, from their original start.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub durations: BTreeSet<StepKey>,
    /// What happens to an instance at which something else cannot be carried over.
    #[serde(default)]
    pub otherwise: Otherwise,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It stays at its release.
    #[default]
    Reject,
    /// It migrates, and the spot is parked with an incident.
    Park,
}

/// Something that cannot be carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The step, the branch or the field.
    pub at: Arc<str>,
    pub en: Arc<str>,
    pub zh: Arc<str>,
}

/// Migrates the instance: to the release that the draft was given as its target.
pub(crate) fn migrate(
    draft: &mut Draft,
    actor: &Actor,
    reason: &Arc<str>,
    release: Digest,
    plan: &Plan,
) -> Deciding<()> {
    let Some(new) = draft.target.clone().filter(|target| target.release == release) else {
        return Err(Stop::Diverged);
    };
    let old = draft.definition.clone();
    let Judgement { acts, faults, carried: _, blocks, steps } = judge(&old, &new, draft.state(), plan);
    if !faults.is_empty() {
        return reject(Rejection::CannotMigrate { faults });
    }
    let shown = super::mend::shown(draft.state(), &old);
    carry::prepare(draft, actor, reason, &acts);
    let missing = |fields: &[crate::language::definition::Field], held: &Value| -> Value {
        let added = fields.iter().filter(|field| held.get(&field.name).is_none());
        Value::map(added.map(|field| (field.name.clone(), field.initial.clone())).collect())
    };
    let (input, data) = (missing(&new.input, &draft.state().input), missing(&new.data, &draft.state().data));
    draft.emit(Event::Migrated {
        from: old.release,
        to: new.release,
        by: actor.clone(),
        reason: reason.clone(),
        steps,
        blocks,
        input,
        data,
    });
    draft.definition = new;
    carry::settle(draft, &old, &acts, plan)?;
    super::mend::void_changed(draft, &shown);
    Ok(())
}

/// Where the blocks of one definition are in another; blocks that are the same are left out.
pub(crate) type Moves = BTreeMap<BlockKey, BlockMove>;
