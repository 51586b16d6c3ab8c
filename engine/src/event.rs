//! What has happened to an instance. State is a fold over these and nothing else.
//!
//! Stored for ever (a contract: `docs/formats/event.md`, with a golden file). A variant or a field is
//! added, never changed: old events must fold to the same bytes. Events name steps and blocks by key and
//! hold our own codes and values only, no library's text.

mod operations;
mod undo;
mod worked;

use std::collections::BTreeMap;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::operations::{BlockMove, Closing, FieldFix};
pub use self::undo::{UndoLog, UndoOf, UndoThen};
pub use self::worked::{Chosen, Did, Place};
use crate::command::{ActivityFailure, Actor, Assertion, Cause, Command, DeliveryId, DeliveryResult, Verdict, WorkId};
use crate::id::{
    BlockKey, ConditionId, Digest, IncidentId, InstanceId, RunId, ScopeId, StepKey, SubscriptionId, TimerId, UserId,
};
use crate::incident::IncidentCode;
use crate::language::definition::{ActivityMode, Join, Path, Rest, Rule, SeatOrder, Text};
use crate::operate::TimersOnResume;
use crate::time::Timestamp;
use crate::value::Value;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    Started {
        process: Arc<str>,
        release: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Arc<str>>,
        input: Value,
        /// The declared data fields with their initial values.
        data: Value,
        initiator: Actor,
        cause: Cause,
    },
    /// A block began to be walked.
    ScopeOpened {
        scope: ScopeId,
        block: BlockKey,
        parent: RunId,
        purpose: Purpose,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Item>,
    },
    /// A block was walked to its end.
    ScopeEnded {
        scope: ScopeId,
    },
    /// A block was given up, with all that was open in it.
    ScopeClosed {
        scope: ScopeId,
    },
    /// What it was about to do was given up; an event decides where it goes on.
    ScopeHeld {
        scope: ScopeId,
    },
    /// A step's `when` did not hold.
    StepSkipped {
        scope: ScopeId,
        step: StepKey,
        index: usize,
    },
    StepEntered {
        run: RunId,
        scope: ScopeId,
        step: StepKey,
        index: usize,
        body: Body,
    },
    /// The step's own work is done; `then` says what the flow does.
    StepCompleted {
        run: RunId,
        outcome: Arc<str>,
        #[serde(default)]
        output: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Actor>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        writes: Vec<FieldWrite>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        milestone: Option<Arc<str>>,
        then: Then,
    },
    /// The steps of the outcome, or of the event that took the step's place, have ended: the flow goes on after it.
    StepLeft {
        run: RunId,
    },
    /// The step was given up before it was done.
    StepCancelled {
        run: RunId,
    },

    JobQueued {
        run: RunId,
        attempt: u32,
        activity: Arc<str>,
        mode: ActivityMode,
        input: Value,
        available_at: Timestamp,
    },
    /// An attempt failed; another follows, an outcome takes it, or an incident is raised.
    JobFailed {
        run: RunId,
        attempt: u32,
        failure: ActivityFailure,
    },

    TaskOpened {
        run: RunId,
        task: Box<Task>,
    },
    BallotOpened {
        run: RunId,
        rule: Rule,
        order: SeatOrder,
        seats: Vec<Seat>,
    },
    SeatOpened {
        work: WorkId,
        task: Box<Task>,
    },
    Claimed {
        work: WorkId,
        by: UserId,
    },
    Released {
        work: WorkId,
        by: UserId,
    },
    Assigned {
        work: WorkId,
        to: UserId,
        by: Actor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    Voted {
        work: WorkId,
        outcome: Arc<str>,
        by: Actor,
        #[serde(default)]
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Arc<str>>,
    },
    /// An e-signature: bound to what was displayed, and to the one who had just proved who they are.
    Signed {
        work: WorkId,
        signature: Box<Signature>,
    },
    /// A signature that a return or a change made void; it stays visible.
    SignatureVoided {
        work: WorkId,
        step: StepKey,
    },
    Commented {
        work: WorkId,
        by: Actor,
        text: Arc<str>,
    },
    /// Passing work on, asking others in, telling each other. Run 0 is the process itself.
    Worked {
        work: WorkId,
        by: Actor,
        did: Did,
    },

    TimerArmed {
        timer: TimerId,
        run: RunId,
        purpose: TimerPurpose,
        due: Timestamp,
    },
    TimerFired {
        timer: TimerId,
        due: Timestamp,
    },
    TimerDisarmed {
        timer: TimerId,
    },
    /// Somebody must be told that something is late, or about to be.
    Reminded {
        run: RunId,
        rung: u32,
        tell: Vec<Arc<str>>,
    },

    Subscribed {
        subscription: SubscriptionId,
        run: RunId,
        purpose: SubscriptionPurpose,
        message: Arc<str>,
        matches: Value,
    },
    Unsubscribed {
        subscription: SubscriptionId,
    },
    MessageReceived {
        subscription: SubscriptionId,
        message: Arc<str>,
        id: Arc<str>,
        payload: Value,
    },

    ChildStarted {
        run: RunId,
        child: InstanceId,
        process: Arc<str>,
        release: Digest,
        input: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tie: Option<ChildTie>,
    },
    ChildEnded {
        run: RunId,
        child: InstanceId,
        outcome: Arc<str>,
    },
    /// The step that awaited the child was given up: the child is cancelled.
    ChildAbandoned {
        run: RunId,
        child: InstanceId,
        /// What the child has done is to be undone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },

    /// A process that a step started is there.
    ChildConfirmed {
        run: RunId,
        child: InstanceId,
    },
    /// A child reached the milestone that was waited for.
    ChildReached {
        run: RunId,
        child: InstanceId,
        milestone: Arc<str>,
    },
    /// A child's end came after the step that awaited it was given up, or after this instance had ended.
    ChildOrphaned {
        run: RunId,
        child: InstanceId,
        outcome: Arc<str>,
    },
    /// The tie to a child that never was, or that an operator let go.
    ChildUntied {
        run: RunId,
        child: InstanceId,
    },
    /// The outcome is decided, but the end waits for other instances.
    EndHeld {
        outcome: Arc<str>,
    },
    /// Another instance waits for a milestone of this one.
    Watched {
        watcher: InstanceId,
        subscription: SubscriptionId,
        milestone: Arc<str>,
    },
    Unwatched {
        watcher: InstanceId,
        subscription: SubscriptionId,
        milestone: Arc<str>,
    },
    /// The other instance can reach the milestone no more.
    MilestoneMissed {
        subscription: SubscriptionId,
        outcome: Arc<str>,
    },
    MessageSent {
        run: RunId,
        message: Arc<str>,
        id: Arc<str>,
        payload: Value,
        ttl_micros: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        to_one: bool,
    },
    /// What its owner says became of it.
    MessageJudged {
        run: RunId,
        verdict: Verdict,
        to: Vec<InstanceId>,
    },
    SignalSent {
        run: RunId,
        signal: Arc<str>,
        payload: Value,
    },
    /// People are told something.
    Notified {
        run: RunId,
        to: Vec<Candidates>,
        text: Text,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mail: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook: Option<Arc<str>>,
    },
    /// A mail or a webhook has arrived, or never will.
    DeliveryFinished {
        delivery: DeliveryId,
        result: DeliveryResult,
    },
    /// It is tried anew.
    DeliveryRetried {
        delivery: DeliveryId,
    },

    /// An event of a step, a block or the process happened.
    HandlerTriggered {
        run: RunId,
        handler: Arc<str>,
    },
    /// A person raised an event of a host; that it happened follows.
    Raised {
        run: RunId,
        handler: Arc<str>,
        by: Actor,
        #[serde(default)]
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        writes: Vec<FieldWrite>,
    },
    /// Something in the process's own data is waited for. `holds`: it need not become true, but false first.
    ConditionArmed {
        condition: ConditionId,
        run: RunId,
        purpose: SubscriptionPurpose,
        #[serde(default)]
        holds: bool,
    },
    /// It became true, or false again.
    ConditionTurned {
        condition: ConditionId,
        holds: bool,
    },
    ConditionDisarmed {
        condition: ConditionId,
    },
    /// A step, or one of a child process, tells those around. `host` is the run whose event took it, if any did.
    Escalated {
        run: RunId,
        code: Arc<str>,
        #[serde(default)]
        detail: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<RunId>,
    },
    /// The process's own steps are over, with this outcome; what must be done alongside goes on.
    Ending {
        outcome: Arc<str>,
    },
    /// A jump backwards: the region was given up, `scope` goes on at `to`. `from` is empty when an operator had the
    /// step done anew.
    Returned {
        scope: ScopeId,
        to: StepKey,
        index: usize,
        from: StepKey,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<Box<Chosen>>,
    },

    IncidentRaised {
        incident: IncidentId,
        run: Option<RunId>,
        scope: Option<ScopeId>,
        code: IncidentCode,
        detail: Value,
    },
    IncidentResolved {
        incident: IncidentId,
        by: Actor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },

    Ended {
        outcome: Arc<str>,
        #[serde(default)]
        output: Value,
    },
    Cancelled {
        by: Actor,
        reason: Arc<str>,
    },

    /// When a step is due, where steps inside must know it; `provisional`: its calendar has no official notice of that year.
    DeadlineSet {
        run: RunId,
        due: Timestamp,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        provisional: bool,
    },
    /// Items were added to an `each` that grows.
    ItemsAdded {
        run: RunId,
        items: Value,
        keys: Vec<Arc<str>>,
    },
    /// What went on beside has ended, or was withdrawn with the step that began it.
    RestEnded {
        run: RunId,
    },
    /// A block was walked to its end, and waits for what goes on beside.
    ScopeRested {
        scope: ScopeId,
    },

    /// The step that is about to be completed can be undone by this block, which will read what is known now.
    UndoNoted {
        run: RunId,
        block: BlockKey,
        known: Value,
    },
    /// Completed steps begin to be undone, newest first, as children of `run`; each is taken out of its log.
    UndoBegun {
        run: RunId,
        of: Vec<UndoOf>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        parallel: bool,
        then: UndoThen,
    },
    /// Everything is undone.
    UndoEnded {
        run: RunId,
    },
    /// The instance is given up, and what it has done is being undone first.
    CancelBegun {
        by: Actor,
        reason: Arc<str>,
    },

    // What operators do, and sweeps.
    /// Nothing goes on until it is resumed.
    Suspended {
        by: Actor,
        reason: Arc<str>,
    },
    /// Deciding a command met a bug: the instance is put aside, with the command.
    Quarantined {
        why: Arc<str>,
        command: Value,
    },
    /// Timers, due dates and waits are set right, in chunks; then it goes on.
    ResumeBegun {
        by: Actor,
        reason: Arc<str>,
        timers: TimersOnResume,
        shift_micros: i64,
    },
    TimerMoved {
        timer: TimerId,
        due: Timestamp,
    },
    /// What a run shows as due moves.
    DueMoved {
        run: RunId,
        by_micros: i64,
    },
    /// A wait whose message was given back asks again.
    Resubscribed {
        subscription: SubscriptionId,
    },
    Resumed {},
    /// A result came while it was held: it is taken on resuming.
    ResultParked {
        number: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        command: Box<Command>,
    },
    ParkedTaken {
        number: u64,
    },
    /// A message came while it was held: it goes back to where messages wait.
    DeliveryDeferred {
        subscription: SubscriptionId,
        message: Arc<str>,
        id: Arc<str>,
    },
    /// An operator changed data.
    DataFixed {
        by: Actor,
        reason: Arc<str>,
        changes: Vec<FieldFix>,
    },
    /// An operator decided in place of whoever should have: what follows completes the step.
    Overridden {
        run: RunId,
        by: Actor,
        reason: Arc<str>,
    },
    /// An operator had a list go on at another of its steps.
    Moved {
        scope: ScopeId,
        to: StepKey,
        index: usize,
        by: Actor,
        reason: Arc<str>,
    },
    /// The blocks of a run with a number below `before` were given up: they are closed in chunks.
    ContentsCut {
        run: RunId,
        before: ScopeId,
    },
    /// The process ends as `then` says, when all that is open has been closed.
    ClosingBegun {
        then: Closing,
    },
    /// The instance goes on by another release.
    Migrated {
        from: Digest,
        to: Digest,
        by: Actor,
        reason: Arc<str>,
        /// Steps that have another key.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        steps: BTreeMap<StepKey, StepKey>,
        /// Lists that have another key, or whose steps have other places.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        blocks: BTreeMap<BlockKey, BlockMove>,
        /// Fields that are new, with their initial values.
        #[serde(default)]
        input: Value,
        #[serde(default)]
        data: Value,
    },
}

/// What ties a child to this instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildTie {
    /// The step that started it does not await its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub started: bool,
    /// The milestone that the step awaits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Arc<str>>,
    /// A milestone, or `end`: until then this instance does not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Arc<str>>,
}

/// Why a block was opened under a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum Purpose {
    /// The steps of a block, a round of a loop, or the process itself.
    Body,
    Branch {
        name: Arc<str>,
    },
    Item,
    /// The steps behind an outcome or a choice.
    Route,
    /// Steps of an event that run beside the host.
    Beside {
        handler: Arc<str>,
    },
    /// A list beside the process's own steps.
    Alongside {
        name: Arc<str>,
    },
    /// Steps of an event that took the host's place.
    Instead {
        handler: Arc<str>,
    },
    /// Steps that undo another.
    Undo {
        lane: u64,
        entry: u64,
    },
}

/// One item of an `each`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The variable's name inside.
    pub name: Arc<str>,
    pub index: u64,
    pub key: Arc<str>,
    pub value: Value,
}

/// What a step is while it is open, as far as it cannot be read from events that follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// Done in the transition in which it was entered, or waiting for an event that names it.
    Plain,
    /// Branches that were chosen, and how many ends make it done.
    Parallel {
        branches: Vec<Arc<str>>,
        join: Join,
        rest: Rest,
    },
    Each {
        name: Arc<str>,
        items: Value,
        keys: Vec<Arc<str>>,
        at_once: u32,
        join: Join,
        rest: Rest,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        grows: bool,
    },
    Repeat,
    First {
        alternatives: Vec<Arc<str>>,
    },
    /// No step's own work: the way back, on which completed steps are undone.
    Undo,
}

/// A value written to a data field, or to the item of an `each`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldWrite {
    pub path: Path,
    pub value: Value,
}

/// What the flow does when a step is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "go", rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// To the next step of its block.
    Next,
    /// Into steps of its own, then on: a scope opened under this run follows.
    Into,
    /// To the next step, while what is still open in it goes on beside.
    Apart,
    /// Nowhere: the process ends, or an event says where.
    Stop,
}

/// Work for a person, as it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub title: Text,
    pub candidates: Vec<Candidates>,
    /// Nobody of these may act: four eyes, as it was when it was opened; more is checked at the moment of acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Arc<str>>,
    pub outcomes: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// Who may take a piece of work, with its expressions evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case", deny_unknown_fields)]
pub enum Candidates {
    /// Holders of a role, within a scope (`site: SZ`).
    Role {
        role: Arc<str>,
        #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
        scope: std::collections::BTreeMap<Arc<str>, Arc<str>>,
    },
    User {
        id: UserId,
    },
    ManagerOf {
        id: UserId,
    },
}

/// One seat of a ballot, by its number from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The seat in the definition that it comes from.
    pub spec: u32,
    pub must: bool,
    pub candidates: Candidates,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Arc<str>>,
    /// The quorum of its group, for seats of one `each`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Rule>,
}

/// The record of an e-signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    pub meaning: Arc<str>,
    pub meaning_text: Text,
    /// SHA-256 of the record's RFC 8785 bytes: values as displayed, form, step, meaning, fence.
    pub record: Digest,
    /// The record itself, so that what was signed can be shown for ever.
    pub shown: Value,
    pub definition: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Digest>,
    pub assertion: Assertion,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case", deny_unknown_fields)]
pub enum TimerPurpose {
    /// A `wait`, or the pause between rounds of a `repeat`.
    Wait,
    /// An alternative of `first`.
    Alternative { name: Arc<str> },
    /// A rung of the ladder of a deadline.
    Rung { rung: u32 },
    /// The deadline itself, where an outcome `late` takes it.
    Due,
    /// An `after` event of the host.
    After { handler: Arc<str>, count: u32 },
    /// The next attempt of an inline activity.
    Retry { attempt: u32 },
}

/// What a subscription is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case", deny_unknown_fields)]
pub enum SubscriptionPurpose {
    Wait,
    Alternative { name: Arc<str> },
    Handler { handler: Arc<str> },
}
