//! The compiled form of a process: a graph of steps inside nested blocks.
//!
//! A block is a list of steps that is entered once and left once. A step of a composite kind owns blocks
//! (its branches, its items' body, the steps of its outcomes and events), so the whole is a tree and the
//! only edge that is no nesting is [`Route::Back`], which leads to a step of a list around it.
//!
//! Everything is named by stable keys ([`StepKey`], [`BlockKey`]), never by its place, since events and
//! states outlive the build that compiled the definition. A new step kind is a new variant of [`StepKind`]
//! and a new file under `step/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{BlockKey, Digest, StepKey};
use crate::language::types::Type;
use crate::rules::calendar::Calendar;
use crate::rules::expression::Expression;
use crate::rules::schedule::Schedule;
use crate::rules::script::Script;
use crate::rules::span::DurationSpec;
use crate::rules::table::Table;
use crate::value::Value;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: Arc<str>,
    pub en: Arc<str>,
}

/// A process, checked and compiled, with everything it names.
#[derive(Debug)]
pub struct Definition {
    pub process: Arc<str>,
    /// SHA-256 of the release it was compiled from.
    pub release: Digest,
    pub title: Text,
    /// The role that may release it.
    pub owner: Arc<str>,
    pub risk: Risk,
    /// Roles that may read its instances.
    pub readers: Vec<Arc<str>>,
    /// Input and data fields that instances can be found by.
    pub search: Vec<Arc<str>>,
    /// The business key, unique while an instance runs.
    pub key: Option<Expression>,
    /// The calendar of business days, by its name in `calendars`.
    pub calendar: Option<Arc<str>>,
    pub calendars: BTreeMap<Arc<str>, Arc<Calendar>>,
    /// Ladders for what is late; `usual` is used by every deadline that names none.
    pub ladders: BTreeMap<Arc<str>, Vec<Rung>>,
    pub input: Vec<Field>,
    pub data: Vec<Field>,
    pub starts: Vec<Start>,
    /// The steps of the process itself: the block with the empty key.
    pub blocks: BTreeMap<BlockKey, Block>,
    pub steps: BTreeMap<StepKey, Arc<Step>>,
    /// Events of the process as a whole.
    pub handlers: Vec<Handler>,
    pub policy: Policy,
    pub tables: BTreeMap<Arc<str>, Arc<Table>>,
    pub scripts: BTreeMap<Arc<str>, Arc<Script>>,
    pub forms: BTreeMap<Arc<str>, Arc<Form>>,
    /// Activities it calls, from the catalogue.
    pub activities: BTreeMap<Arc<str>, Arc<ActivitySpec>>,
    /// Messages it waits for or starts from, from the catalogue.
    pub messages: BTreeMap<Arc<str>, Arc<MessageSpec>>,
    /// Texts by name: outcomes, meanings of signatures, notices.
    pub texts: BTreeMap<Arc<str>, Text>,
}

impl Definition {
    /// The block a key names. Keys come from this definition, or from events that it made.
    #[must_use]
    pub fn block(&self, key: &str) -> Option<&Block> {
        self.blocks.get(key)
    }

    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Arc<Step>> {
        self.steps.get(key)
    }

    /// Whether the step `inner` stands in a block that `outer` owns, at any depth.
    #[must_use]
    pub fn is_inside(&self, inner: &str, outer: &str) -> bool {
        let mut step = self.step(inner);
        while let Some(owner) = step.and_then(|step| self.block(&step.block)).and_then(|block| block.owner.as_ref()) {
            if owner.as_ref() == outer {
                return true;
            }
            step = self.step(owner);
        }
        false
    }

    /// The declared field of this name in the process's data.
    #[must_use]
    pub fn data_field(&self, name: &str) -> Option<&Field> {
        self.data.iter().find(|field| field.name.as_ref() == name)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risk {
    Low,
    #[default]
    Medium,
    High,
}

/// A typed field of `input` or `data`.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub kind: Type,
    /// What it holds before anyone writes it; null if nothing.
    pub initial: Value,
    /// Roles that may see it; empty: every reader of the instance.
    pub seen_by: Vec<Arc<str>>,
    /// Roles that may see a part of a record, by the part's name.
    pub part_seen_by: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// A list of steps.
#[derive(Clone, Debug)]
pub struct Block {
    pub key: BlockKey,
    /// The step that owns it; none for the root and for blocks of the process's own events.
    pub owner: Option<StepKey>,
    pub steps: Vec<StepKey>,
}

/// Where something stands in its file; line and column begin at 1 and count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    pub line: u32,
    pub column: u32,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    pub key: StepKey,
    /// The block it is in, and its place there.
    pub block: BlockKey,
    pub index: usize,
    pub title: Option<TextTemplate>,
    pub when: Option<Expression>,
    pub kind: StepKind,
    /// `into` and `fills`: what of the output goes where.
    pub writes: Vec<Write>,
    /// Where each outcome leads; one that is not named goes on to the next step.
    pub outcomes: BTreeMap<Arc<str>, Route>,
    pub handlers: Vec<Handler>,
    pub due: Option<Due>,
    pub retry: Option<Retry>,
    pub milestone: Option<Arc<str>>,
    pub span: Span,
}

/// One kind of work; the table in `docs/language.md` says what each means.
#[derive(Clone, Debug)]
pub enum StepKind {
    Call(Call),
    Task(TaskSpec),
    Approve(BallotSpec),
    Decide {
        table: Arc<str>,
        with: BTreeMap<Arc<str>, Template>,
    },
    Script {
        script: Arc<str>,
        with: BTreeMap<Arc<str>, Template>,
    },
    Set {
        values: Vec<(Path, Template)>,
    },
    Choose {
        branches: Vec<Branch>,
    },
    Parallel {
        branches: Vec<ParallelBranch>,
        join: Join,
        rest: Rest,
    },
    Each(Each),
    Repeat(Repeat),
    Wait(WaitFor),
    First {
        alternatives: Vec<Alternative>,
    },
    Run(Run),
    Steps {
        block: BlockKey,
    },
    End {
        outcome: Arc<str>,
    },
    /// Ends the nearest block around it that has a handler for the error; without one: an incident.
    Fail {
        error: Arc<str>,
        message: Option<TextTemplate>,
    },
    BackTo(Back),
}

impl StepKind {
    /// The word that stands in the YAML.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            StepKind::Call(_) => "call",
            StepKind::Task(_) => "task",
            StepKind::Approve(_) => "approve",
            StepKind::Decide { .. } => "decide",
            StepKind::Script { .. } => "script",
            StepKind::Set { .. } => "set",
            StepKind::Choose { .. } => "choose",
            StepKind::Parallel { .. } => "parallel",
            StepKind::Each(_) => "each",
            StepKind::Repeat(_) => "repeat",
            StepKind::Wait(_) => "wait",
            StepKind::First { .. } => "first",
            StepKind::Run(_) => "run",
            StepKind::Steps { .. } => "steps",
            StepKind::End { .. } => "end",
            StepKind::Fail { .. } => "fail",
            StepKind::BackTo(_) => "back_to",
        }
    }
}

/// A field, or a field of a record in it: `limits.contain`.
pub type Path = Vec<Arc<str>>;

/// `to` takes the part `from` of the step's output; an empty `from` is the whole output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub to: Path,
    pub from: Path,
}

/// A value to be made when it is needed: a literal, an expression, or a text with holes.
#[derive(Clone, Debug)]
pub enum Template {
    Literal(Value),
    Expression(Expression),
    Text(Vec<Piece>),
    List(Vec<Template>),
    Record(BTreeMap<Arc<str>, Template>),
}

/// A piece of an interpolated text.
#[derive(Clone, Debug)]
pub enum Piece {
    Literal(Arc<str>),
    Hole(Expression),
}

/// A text in both languages that may have holes.
#[derive(Clone, Debug)]
pub struct TextTemplate {
    pub zh: Vec<Piece>,
    pub en: Vec<Piece>,
}

/// Where the flow goes after an outcome or a branch.
#[derive(Clone, Debug)]
pub enum Route {
    /// The step after this one.
    Next,
    End {
        outcome: Arc<str>,
    },
    Back(Back),
    /// A list of steps, after which the flow goes on to the next step.
    Steps(BlockKey),
}

/// The one jump, backwards: to a step of a list around it.
#[derive(Clone, Debug)]
pub struct Back {
    /// More than one: the person who causes it chooses.
    pub targets: Vec<StepKey>,
    /// How often this jump may be taken in one instance; then an incident.
    pub at_most: Option<u32>,
    /// Undo completed steps of the region that have a compensation.
    pub undo: bool,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub activity: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
}

/// What the catalogue says of an activity (`processes/catalogue/*.yaml`).
#[derive(Clone, Debug)]
pub struct ActivitySpec {
    pub name: Arc<str>,
    pub mode: ActivityMode,
    pub input: Type,
    pub output: Type,
    /// Business errors: each is one more way out.
    pub errors: Vec<Arc<str>>,
    /// For a remote job: how long a worker may be silent, in microseconds.
    pub lease_micros: i64,
}

/// What the catalogue says of a message.
#[derive(Clone, Debug)]
pub struct MessageSpec {
    pub name: Arc<str>,
    pub fields: Type,
    /// How long it is kept for somebody who waits for it later, in microseconds.
    pub ttl_micros: i64,
}

/// Where an activity runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityMode {
    /// In the transition's own transaction: exactly once.
    Inline,
    /// Long work of our own, in its own transaction.
    Background,
    /// A worker in any language: at least once, with a stable key and a fence.
    Remote,
}

#[derive(Clone, Debug)]
pub struct TaskSpec {
    pub title: TextTemplate,
    pub to: Vec<Candidate>,
    pub form: Option<Arc<str>>,
    /// Four eyes: who acted there, or for whom they acted, may not act here.
    pub not: Vec<NotWho>,
    /// What is displayed, hashed and signed.
    pub shows: Vec<Path>,
    /// The meaning of the signature that completing demands.
    pub sign: Option<Arc<str>>,
    /// The ways a person may complete it, in the order of the YAML; empty: one, `done`.
    pub outcomes: Vec<Arc<str>>,
}

/// Who may take a task or a seat. Each is resolved at the moment of acting.
#[derive(Clone, Debug)]
pub enum Candidate {
    Role { role: Template, scope: BTreeMap<Arc<str>, Template> },
    User(Template),
    ManagerOf(Template),
    Initiator,
}

/// Who is excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWho {
    Initiator,
    Step(StepKey),
}

/// A ballot: 会签, 或签, 依次, 票签.
#[derive(Clone, Debug)]
pub struct BallotSpec {
    pub title: Option<TextTemplate>,
    pub seats: Vec<SeatSpec>,
    pub rule: Rule,
    pub order: SeatOrder,
    pub not: Vec<NotWho>,
    pub shows: Vec<Path>,
    pub form: Option<Arc<str>>,
    /// The meaning that every seat signs with, unless it has its own.
    pub sign: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub struct SeatSpec {
    pub who: Candidate,
    /// No decision before it has voted, and its no is the ballot's.
    pub must: bool,
    pub when: Option<Expression>,
    pub sign: Option<Arc<str>>,
    /// A seat for every holder, with a quorum of their own.
    pub each: Option<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    All,
    Any,
    AtLeast(u32),
    /// Of the seats, in millionths: 0.67 is 670 000.
    Ratio(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatOrder {
    AtOnce,
    InTurn,
}

#[derive(Clone, Debug)]
pub struct Branch {
    /// None: `otherwise`.
    pub when: Option<Expression>,
    pub route: Route,
}

#[derive(Clone, Debug)]
pub struct ParallelBranch {
    pub name: Arc<str>,
    pub when: Option<Expression>,
    pub block: BlockKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    All,
    Any,
    AtLeast(u32),
}

/// What becomes of branches that are still open when the join is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    Cancel,
    Finish,
}

#[derive(Clone, Debug)]
pub struct Each {
    pub of: Expression,
    pub name: Arc<str>,
    /// Names an item in histories and scenarios; without one, its place from 0.
    pub key: Option<Expression>,
    /// How many items run at the same time.
    pub at_once: u32,
    pub block: BlockKey,
    pub join: Join,
    pub rest: Rest,
}

#[derive(Clone, Debug)]
pub struct Repeat {
    pub kind: RepeatKind,
    /// Rounds after which it is an incident.
    pub at_most: u32,
    /// The pause before every round but the first, for `every`.
    pub every: Option<Template>,
    pub block: BlockKey,
}

#[derive(Clone, Debug)]
pub enum RepeatKind {
    /// Tested before each round.
    While(Expression),
    /// Tested after each round.
    Until(Expression),
    /// Only `every` and `at_most` bound it.
    Always,
}

#[derive(Clone, Debug)]
pub enum WaitFor {
    /// A duration: a text such as `90 days`, or an expression that gives one.
    For(Template),
    /// A moment.
    Until(Template),
    Message(MessageWait),
}

/// A subscription: equalities on fields of the message, so that they are indexed; `when` narrows.
#[derive(Clone, Debug)]
pub struct MessageWait {
    pub message: Arc<str>,
    pub matches: BTreeMap<Arc<str>, Template>,
    pub when: Option<Expression>,
}

#[derive(Clone, Debug)]
pub struct Alternative {
    pub name: Arc<str>,
    pub wait: WaitFor,
    pub writes: Vec<Write>,
    /// The steps that follow when it wins.
    pub route: Route,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub process: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
}

/// Something that may happen while its host (a step, a block, the process) is open.
#[derive(Clone, Debug)]
pub struct Handler {
    pub name: Arc<str>,
    pub on: Trigger,
    pub when: Option<Expression>,
    pub action: HandlerAction,
    /// Its steps end the host's step when they end.
    pub ends_step: bool,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Trigger {
    Message(MessageWait),
    /// Business errors of steps inside, by code; `any` catches all.
    Error(Arc<str>),
    /// Durations from the host's first opening.
    After(Vec<Template>),
}

#[derive(Clone, Debug)]
pub enum HandlerAction {
    /// Runs beside what goes on.
    Steps(BlockKey),
    /// Gives up what is running; then the flow goes on after the host.
    Instead { block: BlockKey, undo: bool },
}

/// A deadline: how long, by which calendar, from when, and what happens when it is late.
#[derive(Clone, Debug)]
pub struct Due {
    /// `5 business days`, a moment, or an expression that gives either.
    pub within: Template,
    /// The calendar, by its name in the definition; none: the process's.
    pub calendar: Option<Arc<str>>,
    /// The moment the clock runs from; none: the step's first opening.
    pub after: Option<Expression>,
    /// The ladder's name; none: `usual`, if there is one.
    pub ladder: Option<Arc<str>>,
    /// For ballots: the clock of each seat from its own opening.
    pub each_seat: bool,
}

/// One rung of a ladder: when, relative to the deadline, whom to tell, what else to do.
#[derive(Clone, Debug)]
pub struct Rung {
    pub at: RungAt,
    pub tell: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RungAt {
    Before(DurationSpec),
    Due,
    After(DurationSpec),
}

/// How often a failed activity is tried again, and after how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub attempts: u32,
    pub wait_micros: i64,
    pub factor: u32,
    pub max_micros: i64,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: 3, wait_micros: 1_000_000, factor: 2, max_micros: 300_000_000 }
    }
}

/// Who and what may start an instance.
#[derive(Clone, Debug)]
pub enum Start {
    People {
        roles: Vec<Arc<str>>,
        form: Option<Arc<str>>,
        sign: Option<Arc<str>>,
    },
    /// `or_event`: a running instance with this key gets it as an event instead.
    Message {
        message: Arc<str>,
        or_event: bool,
    },
    Process {
        processes: Vec<Arc<str>>,
    },
    Schedule {
        schedule: Schedule,
        with: BTreeMap<Arc<str>, Template>,
    },
}

/// What to do where the rules leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub nobody_eligible: NobodyEligible,
    pub initiator_approves: InitiatorApproves,
    pub duplicate_key: DuplicateKey,
    pub boundary: Boundary,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            nobody_eligible: NobodyEligible::Incident,
            initiator_approves: InitiatorApproves::Allow,
            duplicate_key: DuplicateKey::Reject,
            boundary: Boundary::Wait,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NobodyEligible {
    Incident,
    /// The task opens and waits for somebody to get the role.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitiatorApproves {
    Refuse,
    Allow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKey {
    Reject,
    ReturnExisting,
}

/// Where a transition ends: at the next wait, or after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    Wait,
    Commit,
}

/// A form: a JSON Schema of the answer, with texts.
pub struct Form {
    pub name: Arc<str>,
    pub digest: Digest,
    /// The document as written, for clients to draw.
    pub document: serde_json::Value,
    pub schema: jsonschema::Validator,
    /// Names of the answer's fields, with their types where the schema tells them.
    pub fields: BTreeMap<Arc<str>, Type>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("name", &self.name).finish_non_exhaustive()
    }
}
