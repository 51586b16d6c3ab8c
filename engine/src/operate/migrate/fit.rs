//! Where steps and lists of one release are in another, and whether what is open at a step means the same there.

use std::collections::BTreeMap;

use super::{Moves, Plan};
use crate::event::BlockMove;
use crate::id::{BlockKey, StepKey};
use crate::language::definition::{Block, Definition, Step, StepKind, WaitFor};
use crate::state::{Body, Phase, Run, State};

/// What differs, in English and Chinese.
pub(super) type Why = (String, String);

/// The step of the new release that a step became, if it has one.
pub(super) fn step_of<'a>(plan: &'a Plan, step: &'a StepKey) -> &'a StepKey {
    plan.map.get(step).unwrap_or(step)
}

/// The list of the new release that a list became.
pub(super) fn block_of(new: &Definition, plan: &Plan, block: &Block) -> Option<BlockKey> {
    let key = match &block.owner {
        Some(owner) => match (plan.map.get(owner), block.key.strip_prefix(owner.as_ref())) {
            (Some(renamed), Some(rest)) => format!("{renamed}{rest}").into(),
            _ => block.key.clone(),
        },
        None => block.key.clone(),
    };
    new.blocks.contains_key(&key).then_some(key)
}

/// How every list of the old release is carried over; those that stay as they are are left out.
pub(super) fn moves(old: &Definition, new: &Definition, plan: &Plan) -> (Moves, BTreeMap<StepKey, StepKey>) {
    let mut moves = Moves::new();
    for block in old.blocks.values() {
        let Some(to) = block_of(new, plan, block) else { continue };
        let moved = block_move(new, plan, block, &to);
        let same = to == block.key
            && moved.places.iter().enumerate().all(|(index, place)| *place == Some(index as u64))
            && moved.next.iter().enumerate().all(|(index, place)| *place == index as u64);
        if !same {
            moves.insert(block.key.clone(), moved);
        }
    }
    let renamed = plan.map.iter().filter(|(from, to)| old.steps.contains_key(*from) && from != to);
    (moves, renamed.map(|(from, to)| (from.clone(), to.clone())).collect())
}

fn block_move(new: &Definition, plan: &Plan, block: &Block, to: &BlockKey) -> BlockMove {
    let place = |step: &StepKey| new.step(step_of(plan, step)).filter(|step| step.block == *to).map(|step| step.index);
    let places: Vec<Option<usize>> = block.steps.iter().map(place).collect();
    let length = new.block(to).map_or(0, |block| block.steps.len());
    let next = (0..=places.len()).map(|index| {
        let behind = places[..index].iter().rev().find_map(|place| *place).map(|place| place + 1);
        let ahead = places[index..].iter().find_map(|place| *place);
        match (behind, ahead) {
            // It has not begun: what is new at the front is for it as well.
            _ if index == 0 => 0,
            // What was put in between comes first, unless the order has changed.
            (Some(behind), Some(ahead)) if behind <= ahead => behind,
            (_, Some(ahead)) => ahead,
            (Some(behind), None) => behind,
            (None, None) => length,
        }
    });
    let next = next.map(|place| place as u64).collect();
    BlockMove {
        to: to.clone(),
        next,
        places: places.into_iter().map(|place| place.map(|place| place as u64)).collect(),
    }
}

/// Whether what is open at `run` goes on as the new release's step; else why not.
pub(super) fn fits(state: &State, run: &Run, old: &Step, new: &Step, target: &Definition) -> Result<(), Why> {
    if run.phase == Phase::Leaving {
        return Ok(());
    }
    if old.kind.keyword() != new.kind.keyword() {
        let (was, is) = (old.kind.keyword(), new.kind.keyword());
        return Err((format!("it was `{was}` and is `{is}`"), format!("原为 `{was}`，现为 `{is}`")));
    }
    match (&run.body, &new.kind) {
        (Body::Task(work), StepKind::Task(task)) => {
            let known = crate::step::task::outcomes(task);
            if let Some(lost) = work.task.outcomes.iter().find(|outcome| !known.contains(outcome)) {
                return Err((format!("the outcome `{lost}` is gone"), format!("结果 `{lost}` 已不存在")));
            }
            form(work.task.form.as_deref(), target)
        }
        (Body::Ballot { seats, .. }, StepKind::Approve(ballot)) => {
            if seats.iter().any(|seat| seat.seat.spec as usize >= ballot.seats.len()) {
                return Err(("a seat is gone".into(), "席位已减少".into()));
            }
            let mut works = seats.iter().filter_map(|seat| seat.work.as_ref());
            works.try_for_each(|work| form(work.task.form.as_deref(), target))
        }
        (Body::Job { activity, .. }, StepKind::Call(call)) if !activity.is_empty() && *activity != call.activity => {
            let (was, is) = (activity, &call.activity);
            Err((format!("it called `{was}` and calls `{is}`"), format!("原调用 `{was}`，现调用 `{is}`")))
        }
        (Body::Each { name, .. }, StepKind::Each(each)) if *name != each.name => {
            let (was, is) = (name, &each.name);
            Err((format!("an item was `{was}` and is `{is}`"), format!("项原名 `{was}`，现名 `{is}`")))
        }
        (Body::First { alternatives }, StepKind::First { alternatives: known }) => {
            match alternatives.iter().find(|name| known.iter().all(|one| one.name != **name)) {
                Some(lost) => Err((format!("the alternative `{lost}` is gone"), format!("分支 `{lost}` 已不存在"))),
                None => Ok(()),
            }
        }
        (Body::Child { process, .. }, StepKind::Run(child)) if *process != child.process => {
            let (was, is) = (process, &child.process);
            Err((format!("it ran `{was}` and runs `{is}`"), format!("原运行 `{was}`，现运行 `{is}`")))
        }
        (_, StepKind::Wait(wait)) => waits(state, run, wait),
        _ => Ok(()),
    }
}

fn form(name: Option<&str>, target: &Definition) -> Result<(), Why> {
    match name.filter(|name| !target.forms.contains_key(*name)) {
        Some(lost) => Err((format!("the form `{lost}` is gone"), format!("表单 `{lost}` 已不存在"))),
        None => Ok(()),
    }
}

/// A wait for time stays one, a wait for a message stays one for the same message.
fn waits(state: &State, run: &Run, wait: &WaitFor) -> Result<(), Why> {
    use crate::event::SubscriptionPurpose::Wait;
    let held = run.subscriptions.iter().filter_map(|id| state.subscriptions.get(id));
    let heard = held.filter(|held| held.purpose == Wait).map(|held| &held.message).next();
    let of_data = state.conditions_of(run.id).any(|waiting| waiting.purpose == Wait);
    match (heard, wait) {
        (None, WaitFor::Condition(_)) if of_data => Ok(()),
        _ if of_data => Err(("it waited for a condition".into(), "原为等待条件".into())),
        (Some(message), WaitFor::Message(wait)) if *message == wait.message => Ok(()),
        (None, WaitFor::For(_) | WaitFor::Until(_)) => Ok(()),
        _ => Err(("it waits for something else".into(), "等待的内容已不同".into())),
    }
}
