//! Rows and messages of what happens between instances and towards the outside: children, milestones, messages,
//! signals, notices, mails and webhooks.

use std::sync::Arc;

use super::changes::outgoing;
use super::{Outgoing, RowChange};
use crate::command::{Action, Cause, DeliveryId, Tie};
use crate::event::{Candidates, ChildTie, Event};
use crate::id::{InstanceId, RunId, StepKey, SubscriptionId};
use crate::language::definition::{Definition, END, MILESTONE, Text};
use crate::state::{Body, Run, State, WatchTo, Watcher};
use crate::time::Timestamp;
use crate::value::Value;

/// Something that people are told; in the inboxes of those it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeRow {
    pub instance: InstanceId,
    /// The transition that told it, and its place there.
    pub notice: DeliveryId,
    pub process: Arc<str>,
    pub key: Option<Arc<str>>,
    pub step: StepKey,
    pub kind: NoticeKind,
    pub text: Text,
    pub to: Vec<Candidates>,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A step says something.
    Notice,
    /// A deadline is near, or over.
    Reminder,
}

impl NoticeKind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NoticeKind::Notice => "notice",
            NoticeKind::Reminder => "reminder",
        }
    }
}

/// A mail or a webhook to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    pub instance: InstanceId,
    pub delivery: DeliveryId,
    pub process: Arc<str>,
    pub key: Option<Arc<str>>,
    pub step: StepKey,
    pub channel: Channel,
    pub to: Vec<Candidates>,
    pub text: Text,
    pub at: Timestamp,
    /// Where the house has no such channel, nothing is lost: the inbox has it as well.
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Channel {
    Mail,
    Webhook { name: Arc<str> },
}

/// The milestone behind a subscription's name; none for messages and signals.
#[must_use]
pub fn milestone_of(message: &str) -> Option<&str> {
    message.strip_prefix(MILESTONE)
}

/// Who a wait for a milestone asks.
fn asked(matches: &Value) -> Option<InstanceId> {
    matches.get("process").and_then(Value::as_str).and_then(|id| id.parse().ok())
}

pub(super) fn subscribe(
    instance: InstanceId,
    subscription: SubscriptionId,
    message: &Arc<str>,
    matches: &Value,
) -> RowChange {
    if let (Some(milestone), Some(to)) = (milestone_of(message), asked(matches)) {
        return outgoing(to, Action::Watch { watcher: instance, subscription, milestone: milestone.into() });
    }
    let (message, matches) = (message.clone(), matches.clone());
    RowChange::Outgoing(Outgoing::Subscribe { message, matches, instance, subscription })
}

pub(super) fn unsubscribe(
    instance: InstanceId,
    subscription: SubscriptionId,
    message: &Arc<str>,
    matches: &Value,
) -> RowChange {
    if let (Some(milestone), Some(to)) = (milestone_of(message), asked(matches)) {
        return outgoing(to, Action::Unwatch { watcher: instance, subscription, milestone: milestone.into() });
    }
    RowChange::Outgoing(Outgoing::Unsubscribe { message: message.clone(), instance, subscription })
}

/// What a child is told with its start.
pub(super) fn cause(parent: &State, run: RunId, tie: Option<&ChildTie>) -> Cause {
    let instance = parent.id();
    let mut until: Vec<Arc<str>> = Vec::new();
    if let Some(tie) = tie {
        until.extend(tie.until.clone());
        until.extend(tie.blocks.clone().filter(|blocks| blocks.as_ref() != END && tie.until.as_ref() != Some(blocks)));
    }
    let own = Tie { relation: tie.and_then(|tie| tie.relation.clone()), until, depth: parent.depth() + 1 };
    match tie {
        Some(tie) if tie.started => Cause::Linked { instance, run, tie: own },
        _ => Cause::Parent { instance, run, tie: own },
    }
}

pub(super) fn rows(
    definition: &Definition,
    before: Option<&State>,
    after: &State,
    events: &[Event],
    version: u64,
    rows: &mut Vec<RowChange>,
) {
    if let (None, Cause::Linked { instance, run, .. }) = (before, &after.cause) {
        rows.push(outgoing(*instance, Action::ConfirmChild { run: *run, child: after.id() }));
    }
    milestones(before, after, events, rows);
    let mut seq = 0u32;
    for event in events {
        let mut place = || {
            seq += 1;
            DeliveryId { version, seq: seq - 1 }
        };
        match event {
            Event::MessageSent { run, message, id, payload, ttl_micros, to_one } => {
                rows.push(RowChange::Outgoing(Outgoing::Publish {
                    message: message.clone(),
                    id: id.clone(),
                    payload: payload.clone(),
                    ttl_micros: *ttl_micros,
                    to_one: *to_one,
                    instance: after.id(),
                    run: *run,
                }));
            }
            Event::SignalSent { run, signal, payload } => {
                let (signal, payload) = (signal.clone(), payload.clone());
                rows.push(RowChange::Outgoing(Outgoing::Signal { signal, payload, instance: after.id(), run: *run }));
            }
            Event::Notified { run, to, text, mail, webhook } => {
                let told = Told { state: after, step: step_of(events, *run), kind: NoticeKind::Notice, to, text };
                if !to.is_empty() {
                    rows.push(told.notice(place()));
                }
                if *mail {
                    rows.push(told.delivery(place(), Channel::Mail, false));
                }
                if let Some(name) = webhook {
                    rows.push(told.delivery(place(), Channel::Webhook { name: name.clone() }, false));
                }
            }
            Event::Reminded { run, tell, .. } => {
                let Some(late) = after.runs.get(run).or_else(|| before.and_then(|state| state.runs.get(run))) else {
                    continue;
                };
                let (to, text) = (reminded(definition, late, tell), reminder(definition, late));
                let (kind, step) = (NoticeKind::Reminder, late.step.clone());
                let told = Told { state: after, step, kind, to: &to, text: &text };
                if !to.is_empty() {
                    rows.push(told.notice(place()));
                    rows.push(told.delivery(place(), Channel::Mail, true));
                }
            }
            Event::DeliveryFinished { delivery, result } => rows.push(RowChange::DeliveryDone {
                instance: after.id(),
                delivery: *delivery,
                result: Some(result.clone()),
            }),
            Event::DeliveryRetried { delivery } => {
                rows.push(RowChange::DeliveryDone { instance: after.id(), delivery: *delivery, result: None });
            }
            _ => {}
        }
    }
}

/// Whoever waits for a milestone hears that it is reached, or that it never will be.
fn milestones(before: Option<&State>, after: &State, events: &[Event], rows: &mut Vec<RowChange>) {
    for event in events {
        if let Event::Watched { watcher, subscription, milestone } = event {
            let watcher = Watcher { instance: *watcher, to: WatchTo::Subscription(*subscription) };
            if after.milestones.contains_key(milestone) {
                rows.push(reached(after, milestone, &watcher));
            } else if is_over(after) {
                rows.extend(missed(after, &watcher));
            }
        }
    }
    let known = before.map_or(0, |before| before.milestones.size());
    if after.milestones.size() > known {
        let fresh = |name: &&Arc<str>| before.is_none_or(|before| !before.milestones.contains_key(*name));
        for milestone in after.milestones.keys().filter(fresh) {
            for watcher in watchers(before, after, milestone) {
                rows.push(reached(after, milestone, &watcher));
            }
        }
    }
    if is_over(after) && before.is_some_and(|before| !is_over(before)) {
        for watcher in after.watchers.values().flatten() {
            let told = events.iter().any(|event| matches!(event, Event::Watched { watcher: new, subscription, .. } if *new == watcher.instance && WatchTo::Subscription(*subscription) == watcher.to));
            if !told {
                rows.extend(missed(after, watcher));
            }
        }
    }
}

/// Those who waited before, and the parent of an instance that reached it with its start.
fn watchers(before: Option<&State>, after: &State, milestone: &Arc<str>) -> Vec<Watcher> {
    match before {
        Some(before) => before.watchers.get(milestone).cloned().unwrap_or_default(),
        None => match &after.cause {
            Cause::Parent { instance, run, tie } | Cause::Linked { instance, run, tie }
                if tie.until.contains(milestone) =>
            {
                vec![Watcher { instance: *instance, to: WatchTo::Run(*run) }]
            }
            _ => Vec::new(),
        },
    }
}

/// Its steps are done: what is not reached now is reached no more.
fn is_over(state: &State) -> bool {
    !state.is_live() || state.held_end.is_some()
}

fn reached(state: &State, milestone: &Arc<str>, watcher: &Watcher) -> RowChange {
    let action = match watcher.to {
        WatchTo::Run(run) => {
            let (milestone, output) = (milestone.clone(), state.data.clone());
            Action::ReachChild { run, child: state.id(), milestone, output }
        }
        WatchTo::Subscription(subscription) => {
            let at = state.milestones.get(milestone).map(|at| Value::text(at.to_string())).unwrap_or_default();
            Action::Deliver {
                subscription,
                message: format!("{MILESTONE}{milestone}").into(),
                id: format!("{}/{milestone}", state.id()).into(),
                payload: Value::record([
                    ("instance", Value::from(state.id().to_string())),
                    ("process", Value::Text(state.process().clone())),
                    ("milestone", Value::Text(milestone.clone())),
                    ("at", at),
                ]),
            }
        }
    };
    outgoing(watcher.instance, action)
}

/// A parent hears of the end itself; others hear that it will not come.
fn missed(state: &State, watcher: &Watcher) -> Option<RowChange> {
    let WatchTo::Subscription(subscription) = watcher.to else { return None };
    let outcome = state.outcome.clone().or_else(|| state.held_end.clone()).unwrap_or_default();
    Some(outgoing(watcher.instance, Action::MissMilestone { subscription, outcome }))
}

impl Outgoing {
    /// What one who asks for a milestone hears where asking was refused: the instance has ended, or there is none.
    #[must_use]
    pub fn of_watch(state: Option<&State>, action: &Action) -> Option<Self> {
        let Action::Watch { watcher, subscription, milestone } = action else { return None };
        let waits = Watcher { instance: *watcher, to: WatchTo::Subscription(*subscription) };
        let row = match state {
            Some(state) if state.milestones.contains_key(milestone) => reached(state, milestone, &waits),
            Some(state) => missed(state, &waits)?,
            None => {
                let outcome = "unknown_instance".into();
                outgoing(*watcher, Action::MissMilestone { subscription: *subscription, outcome })
            }
        };
        match row {
            RowChange::Outgoing(outgoing) => Some(outgoing),
            _ => None,
        }
    }
}

/// What people are told, and by which step.
struct Told<'a> {
    state: &'a State,
    step: StepKey,
    kind: NoticeKind,
    to: &'a [Candidates],
    text: &'a Text,
}

impl Told<'_> {
    fn notice(&self, notice: DeliveryId) -> RowChange {
        RowChange::Notice(NoticeRow {
            instance: self.state.id(),
            notice,
            process: self.state.process().clone(),
            key: self.state.key().cloned(),
            step: self.step.clone(),
            kind: self.kind,
            text: self.text.clone(),
            to: self.to.to_vec(),
            at: self.state.updated_at(),
        })
    }

    fn delivery(&self, delivery: DeliveryId, channel: Channel, optional: bool) -> RowChange {
        RowChange::Delivery(DeliveryRow {
            instance: self.state.id(),
            delivery,
            process: self.state.process().clone(),
            key: self.state.key().cloned(),
            step: self.step.clone(),
            channel,
            to: self.to.to_vec(),
            text: self.text.clone(),
            at: self.state.updated_at(),
            optional,
        })
    }
}

/// The step of a run that was entered in this very transition.
fn step_of(events: &[Event], wanted: RunId) -> StepKey {
    let of = |event: &Event| match event {
        Event::StepEntered { run, step, .. } if *run == wanted => Some(step.clone()),
        _ => None,
    };
    events.iter().find_map(of).unwrap_or_default()
}

/// Whom a rung of a ladder means: `holder`, `manager_of_holder`, or a role.
fn reminded(definition: &Definition, late: &Run, tell: &[Arc<str>]) -> Vec<Candidates> {
    let mut told: Vec<Candidates> = Vec::new();
    let holders = holders(late);
    for word in tell {
        let meant = match word.as_ref() {
            "holder" => holders.clone(),
            "manager_of_holder" => {
                let managers = holders.iter().filter_map(|holder| match holder {
                    Candidates::User { id } => Some(Candidates::ManagerOf { id: id.clone() }),
                    _ => None,
                });
                managers.collect()
            }
            _ => vec![Candidates::Role { role: word.clone(), scope: std::collections::BTreeMap::new() }],
        };
        // Where nobody holds it yet, whoever answers for the process does.
        let owner = || vec![Candidates::Role { role: definition.owner.clone(), scope: Default::default() }];
        let meant = if meant.is_empty() { owner() } else { meant };
        for one in meant {
            if !told.contains(&one) {
                told.push(one);
            }
        }
    }
    told
}

/// Who has the work, or could take it.
fn holders(run: &Run) -> Vec<Candidates> {
    let of = |work: &crate::state::Work| match &work.assignee {
        Some(id) => vec![Candidates::User { id: id.clone() }],
        None => work.task.candidates.clone(),
    };
    match &run.body {
        Body::Task(work) => of(work),
        Body::Ballot { seats, .. } => {
            let open = seats.iter().filter(|seat| seat.vote.is_none()).filter_map(|seat| seat.work.as_ref());
            open.flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

fn reminder(definition: &Definition, late: &Run) -> Text {
    let title = match &late.body {
        Body::Task(work) => work.task.title.clone(),
        Body::Ballot { seats, .. } => {
            seats.iter().find_map(|seat| seat.work.as_ref()).map(|work| work.task.title.clone()).unwrap_or_default()
        }
        _ => Text { zh: late.step.clone(), en: late.step.clone() },
    };
    let due = late.due.map(|due| due.to_string()).unwrap_or_default();
    let process = &definition.title;
    Text {
        zh: format!("催办：{}「{}」，期限 {due}", process.zh, title.zh).into(),
        en: format!("Reminder: {}, {}, due {due}", process.en, title.en).into(),
    }
}
