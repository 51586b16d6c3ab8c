//! `approve`: a ballot of seats, with a rule, an order and vetoes.

use std::sync::Arc;

use crate::ballot::{self, Verdict};
use crate::command::{Actor, WorkId};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{self, Body, Candidates, Did, Event, Seat, TimerPurpose};
use crate::facts::{Ask, Fact, HOLDERS_MAX};
use crate::flow::{self, Done};
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::{BallotSpec, SeatOrder, Step, StepKind, Text};
use crate::state;
use crate::time::Timestamp;
use crate::value::{Map, Value};
use crate::work;

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
                Fact::Holders { holders } if holders.is_empty() => {
                    super::task::somebody(draft, step, std::slice::from_ref(&candidates))?;
                    // Where the policy waits, one seat stands for those who are to come: the group is never left out.
                    seats.push(opened(candidates));
                }
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
    let title = title(draft, step, ballot, place)?;
    let holder = super::returning_holder(draft, scope, step);
    let (run, due) = super::open_due(draft, scope, step, Body::Plain, place)?;
    draft.emit(Event::BallotOpened { run, rule: ballot.rule, order: ballot.order, seats });
    let cited = open_seats(draft, run, step, ballot, &Opening { title, due }, place)?;
    if cited {
        return decide(draft, run, step, ballot, None, None);
    }
    match holder {
        Some(holder) => work::hand_to(draft, run, &holder),
        None => Ok(()),
    }
}

fn title(draft: &mut Draft, step: &Step, ballot: &BallotSpec, place: &Place) -> Deciding<Text> {
    match &ballot.title {
        Some(title) => draft.both_texts(title, place),
        None => step.title.as_ref().map_or_else(|| Ok(named(&step.key)), |title| draft.both_texts(title, place)),
    }
}

fn named(step: &StepKey) -> Text {
    Text { zh: step.clone(), en: step.clone() }
}

/// What all seats of a ballot are opened with.
struct Opening {
    title: Text,
    due: Option<Timestamp>,
}

/// Opens the seats whose turn has come; true if an earlier approval stood for one of them.
fn open_seats(
    draft: &mut Draft,
    run: RunId,
    step: &Step,
    ballot: &BallotSpec,
    opening: &Opening,
    place: &Place,
) -> Deciding<bool> {
    let mut cited = false;
    loop {
        let due = draft.state().runs.get(&run).map(|run| run.body.due_seats()).unwrap_or_default();
        let Some(seat) = due.first() else { return Ok(cited) };
        let work = WorkId { run, seat: *seat };
        if !work::cite(draft, work)? {
            open_seat(draft, work, step, ballot, opening, place)?;
        } else if ballot::verdict(ballot.rule, seats(draft, run)) != Verdict::Open {
            return Ok(true);
        } else {
            cited = true;
        }
    }
}

fn open_seat(
    draft: &mut Draft,
    work: WorkId,
    step: &Step,
    ballot: &BallotSpec,
    opening: &Opening,
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
        None => opening.due,
    };
    let task = Box::new(event::Task {
        title: opening.title.clone(),
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

/// What follows from the votes that are on record: the ballot is decided, or seats open. What cannot follow is an
/// incident of the ballot; the votes stay.
pub(crate) fn settle(
    draft: &mut Draft,
    run: RunId,
    step: &Step,
    by: Option<&Actor>,
    back_to: Option<StepKey>,
) -> Deciding<()> {
    let StepKind::Approve(ballot) = &step.kind else { return Ok(()) };
    draft.attempt(run, |draft| decide(draft, run, step, ballot, by, back_to))
}

fn decide(
    draft: &mut Draft,
    run: RunId,
    step: &Step,
    ballot: &BallotSpec,
    by: Option<&Actor>,
    back_to: Option<StepKey>,
) -> Deciding<()> {
    loop {
        let outcome = match ballot::verdict(ballot.rule, seats(draft, run)) {
            Verdict::Approved => APPROVED,
            Verdict::Rejected => REJECTED,
            Verdict::Open if next_seats(draft, run, step, ballot)? => continue,
            Verdict::Open => return Ok(()),
        };
        let output = votes(seats(draft, run));
        let writes = match draft.writes(&step.writes, &output) {
            Ok(writes) => writes,
            Err(misfit) => return misfit.into_incident(),
        };
        let awaited = seats(draft, run).iter().any(state::SeatState::is_awaited);
        if awaited && draft.definition.policy.people.records_late_votes {
            let (work, by) = (WorkId { run, seat: 0 }, by.cloned().unwrap_or(Actor::System));
            draft.emit(Event::Worked { work, by, did: Did::Decided });
        }
        let done = Done { outcome: Arc::from(outcome), output, writes, by: by.cloned(), back_to };
        return flow::complete(draft, run, step, done);
    }
}

/// Opens the seats whose turn has come; true if an earlier approval stood for one of them.
fn next_seats(draft: &mut Draft, run: RunId, step: &Step, ballot: &BallotSpec) -> Deciding<bool> {
    let Some(open) = draft.state().runs.get(&run) else { return Ok(false) };
    let (scope, due) = (open.scope, open.body.due_seats());
    if due.is_empty() {
        return Ok(false);
    }
    let place = Place::scope(scope);
    let works = seats(draft, run).iter().find_map(|seat| seat.work.as_ref());
    let known = works.map(|work| Opening { title: work.task().title.clone(), due: work.task().due });
    let opening = match known {
        Some(opening) => opening,
        None => Opening { title: title(draft, step, ballot, &place)?, due: None },
    };
    if ballot.order == SeatOrder::InTurn && step.due.as_ref().is_some_and(|due| due.each_seat) {
        stop_clock(draft, run);
    }
    open_seats(draft, run, step, ballot, &opening, &place)
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
    let asked = seats.iter().filter(|seat| !seat.removed);
    let votes = asked.map(|seat| match &seat.vote {
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
