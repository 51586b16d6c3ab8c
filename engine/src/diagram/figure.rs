//! What is drawn, without where: a process reduced to nested shapes with their labels in one language.
//!
//! Made by [`read`](super::read()) from a definition; tests make it by hand.

/// A process to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    pub process: String,
    pub title: String,
    /// What stands under the title: owner, risk.
    pub subtitle: String,
    /// Who and what may start it, a line each.
    pub starts: Vec<String>,
    pub body: Vec<Node>,
    /// What may happen at any time, and the heading of that part.
    pub events: Vec<Event>,
    pub events_title: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The step's key: `data-step` in the picture, and what [`Target`] names.
    pub id: String,
    pub shape: Shape,
    /// Where its outcomes lead. Empty: the flow goes on.
    pub exits: Vec<Alternative>,
    /// What may happen while it is open.
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One piece of work.
    Card {
        look: Look,
        title: String,
        notes: Vec<String>,
        optional: bool,
    },
    /// One of several ways.
    Split {
        look: SplitLook,
        caption: String,
        branches: Vec<Alternative>,
    },
    /// All ways at the same time; `join` says when it goes on, empty for all of them.
    Parallel {
        caption: String,
        branches: Vec<Alternative>,
        join: String,
    },
    /// A list of steps that belong together.
    Frame {
        look: FrameLook,
        title: String,
        notes: Vec<String>,
        optional: bool,
        body: Vec<Node>,
    },
    End {
        outcome: String,
    },
    Fail {
        error: String,
    },
    Back {
        label: String,
        targets: Vec<Target>,
    },
}

/// A step that a jump leads back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(pub String);

/// A way out or a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternative {
    pub label: String,
    /// Empty: straight on.
    pub body: Vec<Node>,
}

/// Something that may happen while its host is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub look: EventLook,
    pub label: String,
    pub body: Vec<Node>,
    /// The host is given up, and the flow goes on from here.
    pub takes_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Task,
    Approve,
    Call,
    Table,
    Script,
    Set,
    Undo,
    Timer,
    Message,
    Notice,
    Condition,
    Escalate,
    Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitLook {
    Choose,
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameLook {
    Block,
    Each,
    Repeat,
    Parallel,
    Choose,
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventLook {
    Message,
    Error,
    Timer,
    Person,
    Condition,
    Escalation,
    /// A list of steps that runs beside.
    Alongside,
}

impl Look {
    /// The word for style sheets.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Look::Task => "task",
            Look::Approve => "approve",
            Look::Call => "call",
            Look::Table => "decide",
            Look::Script => "script",
            Look::Set => "set",
            Look::Undo => "undo",
            Look::Timer => "wait",
            Look::Message => "message",
            Look::Notice => "notice",
            Look::Condition => "condition",
            Look::Escalate => "escalate",
            Look::Run => "run",
        }
    }
}

/// Whether the flow goes on after these steps; a layout draws no line after an end.
#[must_use]
pub(super) fn goes_on(body: &[Node]) -> bool {
    body.last().is_none_or(node_goes_on)
}

fn node_goes_on(node: &Node) -> bool {
    let by_event = node.events.iter().any(|event| event.takes_over && goes_on(&event.body));
    let by_itself = match &node.shape {
        Shape::End { .. } | Shape::Fail { .. } | Shape::Back { .. } => false,
        Shape::Split { branches, .. } | Shape::Parallel { branches, .. } => {
            branches.is_empty() || branches.iter().any(|branch| goes_on(&branch.body))
        }
        Shape::Frame { body, .. } if node.exits.is_empty() => goes_on(body),
        Shape::Card { .. } | Shape::Frame { .. } => {
            node.exits.is_empty() || node.exits.iter().any(|exit| goes_on(&exit.body))
        }
    };
    by_event || by_itself
}
