//! `approve`: a ballot of seats, with a rule, an order and vetoes.

use std::sync::Arc;

use crate::ballot::{self, Verdict};
use crate::command::{Actor, WorkId};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{self, Body, Candidates, Event, Seat, TimerPurpose};
use crate::facts::{Ask, Fact, HOLDERS_MAX};
use crate::flow::{self, Done};
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::{BallotSpec, SeatOrder, Step, StepKind, Text};
use crate::state;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// The two ways to vote.
pub(crate) const APPROVED: &str = "approved";
pub(crate) const REJECTED: &str = "rejected";

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    ballot: &BallotSpec,
    place: &Place,
) -> Deciding<()> {
    let mut seats = Vec::new();
    for (spec, seat) in (0u32..).zip(&ballot.seats) {
        if let Some(when) = &seat.when
            && !draft.holds(when, place)?
        {
            continue;
        }
        let candidates = super::task::resolve(draft, &seat.who, place)?;
        let sign = seat.sign.clone().or_else(|| ballot.sign.clone());
        let opened =
            |candidates: Candidates| Seat { spec, must: seat.must, candidates, sign: sign.clone(), group: seat.each };
        if seat.each.is_some() {
            match draft.ask(Ask::Holders { candidates: candidates.clone(), at_most: HOLDERS_MAX })? {
                Fact::Holders { holders } if holders.is_empty() => super::task::somebody(draft, step, &[candidates])?,
                Fact::Holders { holders } => {
                    seats.extend(holders.into_iter().map(|id| opened(Candidates::User { id })));
                }
                _ => return Err(Stop::Diverged),
            }
        } else {
            super::task::somebody(draft, step, std::slice::from_ref(&candidates))?;
            seats.push(opened(candidates));
        }
    }
    if seats.is_empty() {
        return super::task::nobody(Value::record([("step", Value::Text(step.key.clone()))]));
    }
    let title = match &ballot.title {
        Some(title) => draft.both_texts(title, place)?,
        None => step.title.as_ref().map_or_else(|| Ok(named(&step.key)), |title| draft.both_texts(title, place))?,
    };
    let (run, due) = super::open_due(draft, scope, step, Body::Plain, place)?;
    let count = seats.len() as u32;
    draft.emit(Event::BallotOpened { run, rule: ballot.rule, order: ballot.order, seats });
    let first = match ballot.order {
        SeatOrder::AtOnce => count,
        SeatOrder::InTurn => 1,
    };
    for seat in 0..first {
        open_seat(draft, WorkId { run, seat }, step, ballot, title.clone(), due, place)?;
    }
    Ok(())
}

fn named(step: &StepKey) -> Text {
    Text { zh: step.clone(), en: step.clone() }
}

fn open_seat(
    draft: &mut Draft,
    work: WorkId,
    step: &Step,
    ballot: &BallotSpec,
    title: Text,
    due: Option<Timestamp>,
    place: &Place,
) -> Deciding<()> {
    let Some(seat) = seats(draft, work.run).get(work.seat as usize).map(|seat| seat.seat.clone()) else {
        return Ok(());
    };
    let due = match step.due.as_ref().filter(|due| due.each_seat) {
        Some(each) => {
            let deadline = draft.deadline(step, each, place)?;
            draft.arm_deadline(work.run, step, each, deadline)?;
            Some(deadline)
        }
        None => due,
    };
    let task = Box::new(event::Task {
        title,
        candidates: vec![seat.candidates],
        form: ballot.form.clone(),
        sign: seat.sign,
        outcomes: vec![APPROVED.into(), REJECTED.into()],
        due,
    });
    draft.emit(Event::SeatOpened { work, task });
    Ok(())
}

fn seats(draft: &Draft, run: RunId) -> &[state::SeatState] {
    match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(state::Body::Ballot { seats, .. }) => seats,
        _ => &[],
    }
}

/// A vote was cast: decides the ballot, or opens the next seat.
pub(crate) fn voted(
    draft: &mut Draft,
    work: WorkId,
    step: &Step,
    by: &Actor,
    back_to: Option<StepKey>,
) -> Deciding<()> {
    let StepKind::Approve(ballot) = &step.kind else { return Ok(()) };
    let seats = seats(draft, work.run);
    let outcome = match ballot::verdict(ballot.rule, seats) {
        Verdict::Approved => APPROVED,
        Verdict::Rejected => REJECTED,
        Verdict::Open => return next_seat(draft, work, step, ballot),
    };
    let output = votes(seats);
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let done = Done { outcome: Arc::from(outcome), output, writes, by: Some(by.clone()), back_to };
    flow::complete(draft, work.run, step, done)
}

fn next_seat(draft: &mut Draft, work: WorkId, step: &Step, ballot: &BallotSpec) -> Deciding<()> {
    let seats = seats(draft, work.run);
    let next = (0u32..).zip(seats).find(|(_, seat)| seat.work.is_none()).map(|(number, _)| number);
    let title = seats.iter().find_map(|seat| seat.work.as_ref()).map(|work| work.task().title.clone());
    let due = seats.iter().find_map(|seat| seat.work.as_ref()).and_then(|work| work.task().due);
    let (Some(seat), Some(title)) = (next, title) else { return Ok(()) };
    let Some(scope) = draft.state().runs.get(&work.run).map(|run| run.scope) else { return Ok(()) };
    if step.due.as_ref().is_some_and(|due| due.each_seat) {
        stop_clock(draft, work.run);
    }
    open_seat(draft, WorkId { run: work.run, seat }, step, ballot, title, due, &Place::scope(scope))
}

/// The clock of the seat that has voted stands still.
fn stop_clock(draft: &mut Draft, run: RunId) {
    let state = draft.state();
    let own = state.timers.values().filter(|timer| timer.run == run);
    let of_seat = own.filter(|timer| matches!(timer.purpose, TimerPurpose::Due | TimerPurpose::Rung { .. }));
    let stopped: Vec<_> = of_seat.map(|timer| timer.id).collect();
    for timer in stopped {
        draft.emit(Event::TimerDisarmed { timer });
    }
}

/// The votes by seat, as the step's output: `{ votes: [ { outcome, by, comment, answer } ], … }`.
fn votes(seats: &[state::SeatState]) -> Value {
    let votes = seats.iter().map(|seat| match &seat.vote {
        None => Value::Null,
        Some(vote) => Value::record([
            ("outcome", Value::Text(vote.outcome.clone())),
            ("by", vote.by.id().map_or(Value::Null, |id| Value::Text(id.clone()))),
            ("comment", vote.comment.clone().map_or(Value::Null, Value::Text)),
            ("answer", vote.answer.clone()),
        ]),
    });
    let mut output = Map::new();
    output.insert("votes".into(), Value::list(votes.collect()));
    Value::map(output)
}
