//! A step: its kind, what it writes, and where its outcomes lead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Alternative, BallotSpec, Branch, Call, Compensation, Due, Each, Handler, Join, Notify, ParallelBranch, Repeat,
    Rest, Retry, Run, Send, Signal, Span, TaskSpec, WaitFor,
};
use crate::id::{BlockKey, StepKey};
use crate::rules::expression::Expression;
use crate::value::Value;

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
    /// What undoes it once it is completed.
    pub compensate: Option<Compensation>,
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
    /// Appends to lists; items of an open `each` that grows begin at once.
    Add {
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
    /// Another process, not waited for.
    Start(Run),
    Send(Send),
    Signal(Signal),
    Notify(Notify),
    Steps {
        block: BlockKey,
    },
    /// A part, expanded in place: its steps are named after this one, `carry_out.do_it`.
    Do {
        part: Arc<str>,
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
    /// Undoes completed steps, newest first: a step, with all inside it; without one, what the block around has done.
    Compensate {
        of: Option<StepKey>,
        parallel: bool,
    },
    /// Tells the nearest event around that takes the code, and goes on.
    Escalate {
        code: Arc<str>,
        with: BTreeMap<Arc<str>, Template>,
    },
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
            StepKind::Add { .. } => "add",
            StepKind::Choose { .. } => "choose",
            StepKind::Parallel { .. } => "parallel",
            StepKind::Each(_) => "each",
            StepKind::Repeat(_) => "repeat",
            StepKind::Wait(_) => "wait",
            StepKind::First { .. } => "first",
            StepKind::Run(_) => "run",
            StepKind::Start(_) => "start",
            StepKind::Send(_) => "send",
            StepKind::Signal(_) => "signal",
            StepKind::Notify(_) => "notify",
            StepKind::Steps { .. } => "steps",
            StepKind::Do { .. } => "do",
            StepKind::End { .. } => "end",
            StepKind::Fail { .. } => "fail",
            StepKind::BackTo(_) => "back_to",
            StepKind::Compensate { .. } => "compensate",
            StepKind::Escalate { .. } => "escalate",
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

impl Step {
    /// Every return that the step may take.
    pub(crate) fn backs(&self) -> Vec<&Back> {
        let mut routes: Vec<&Route> = self.outcomes.values().collect();
        match &self.kind {
            StepKind::BackTo(back) => return vec![back],
            StepKind::Choose { branches } => routes.extend(branches.iter().map(|branch| &branch.route)),
            StepKind::First { alternatives } => {
                routes.extend(alternatives.iter().map(|alternative| &alternative.route));
            }
            _ => {}
        }
        routes.into_iter().filter_map(|route| if let Route::Back(back) = route { Some(back) } else { None }).collect()
    }
}

impl StepKind {
    /// Whether steps of its own run inside it while it is open.
    pub(crate) fn has_inside(&self) -> bool {
        matches!(
            self,
            StepKind::Steps { .. }
                | StepKind::Do { .. }
                | StepKind::Parallel { .. }
                | StepKind::Each(_)
                | StepKind::Repeat(_)
        )
    }
}
