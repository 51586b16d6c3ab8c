//! From a compiled definition to the figure that is drawn.

use super::figure::{Alternative, Event, EventLook, Figure, FrameLook, Look, Node, Shape, SplitLook, Target, goes_on};
use super::labels::{Labels, last_part};
use super::words::Language;
use crate::language::definition::{
    Back, Branch, Definition, Each, Handler, HandlerAction, ParallelBranch, Repeat, RepeatKind, Risk, Route, Start,
    Step, StepKind, Trigger, WaitFor,
};

/// The outcomes of a ballot.
const BALLOT: [&str; 2] = ["approved", "rejected"];

/// Reduces a definition to shapes and labels in one language.
#[must_use]
pub fn read(definition: &Definition, language: Language) -> Figure {
    let reader = Reader { labels: Labels { definition, language } };
    Figure {
        process: definition.process.to_string(),
        title: reader.labels.text(&definition.title).to_owned(),
        subtitle: reader.subtitle(),
        starts: definition.starts.iter().map(|start| reader.start(start)).collect(),
        body: reader.block(""),
        events: reader.beside(),
        events_title: language.pick("任何时候", "At any time").into(),
    }
}

struct Reader<'d> {
    labels: Labels<'d>,
}

impl Reader<'_> {
    fn subtitle(&self) -> String {
        let definition = self.labels.definition;
        let language = self.labels.language;
        let risk = match definition.risk {
            Risk::Low => language.pick("低", "low"),
            Risk::Medium => language.pick("中", "medium"),
            Risk::High => language.pick("高", "high"),
        };
        let owner = language.labelled("归口", "owner", &self.labels.name(&definition.owner));
        format!("{} · {owner} · {}", definition.process, language.labelled("风险", "risk", risk))
    }

    fn start(&self, start: &Start) -> String {
        let language = self.labels.language;
        match start {
            Start::People { roles, .. } => {
                language.list(&roles.iter().map(|role| self.labels.name(role)).collect::<Vec<_>>())
            }
            Start::Message { message, .. } => language.labelled("消息", "message", message),
            Start::Process { processes } => {
                let names: Vec<String> = processes.iter().map(|process| self.labels.name(process)).collect();
                language.labelled("流程", "process", &language.list(&names))
            }
            Start::Schedule { .. } => language.pick("定时", "on a schedule").into(),
        }
    }

    fn block(&self, key: &str) -> Vec<Node> {
        let definition = self.labels.definition;
        let steps = definition.block(key).map_or(&[][..], |block| &block.steps);
        steps.iter().filter_map(|key| definition.step(key)).map(|step| self.node(step)).collect()
    }

    fn node(&self, step: &Step) -> Node {
        let mut node = Node {
            id: step.key.to_string(),
            shape: self.shape(step),
            exits: self.exits(step),
            events: step.handlers.iter().map(|handler| self.event(handler)).collect(),
        };
        if let Some(when) = &step.when
            && !goes_on(std::slice::from_ref(&node))
        {
            // All its own ways out lead away, so the way past it must be seen.
            let past = |zh, en| Alternative { label: self.labels.language.pick(zh, en).into(), body: Vec::new() };
            if !matches!(node.shape, Shape::End { .. } | Shape::Fail { .. } | Shape::Back { .. }) {
                node.exits.insert(0, past("跳过", "left out"));
                return node;
            }
            let holds = Alternative { label: when.source().to_owned(), body: vec![node] };
            let branches = vec![holds, past("否则", "otherwise")];
            let shape = Shape::Split { look: SplitLook::Choose, caption: String::new(), branches };
            node = Node { id: String::new(), shape, exits: Vec::new(), events: Vec::new() };
        }
        node
    }

    fn shape(&self, step: &Step) -> Shape {
        let look = match &step.kind {
            StepKind::Call(_) => Look::Call,
            StepKind::Task(_) => Look::Task,
            StepKind::Approve(_) => Look::Approve,
            StepKind::Decide { .. } => Look::Table,
            StepKind::Script { .. } => Look::Script,
            StepKind::Set { .. } | StepKind::Add { .. } => Look::Set,
            StepKind::Compensate { .. } => Look::Undo,
            StepKind::Wait(wait) => wait_look(wait),
            StepKind::Run(_) | StepKind::Start(_) => Look::Run,
            StepKind::Send(_) | StepKind::Signal(_) => Look::Message,
            StepKind::Notify(_) => Look::Notice,
            StepKind::Escalate { .. } => Look::Escalate,
            StepKind::Choose { branches } => {
                let branches = branches.iter().map(|branch| self.branch(branch)).collect();
                return Shape::Split { look: SplitLook::Choose, caption: self.caption(step), branches };
            }
            StepKind::First { alternatives } => {
                let branches = alternatives.iter().map(|alternative| {
                    let look = wait_look(&alternative.wait);
                    let title = self.labels.name(&alternative.name);
                    let notes = vec![self.labels.wait(&alternative.wait)];
                    let shape = Shape::Card { look, title, notes, optional: false };
                    let wait = Node { id: String::new(), shape, exits: Vec::new(), events: Vec::new() };
                    let body = std::iter::once(wait).chain(self.route(&alternative.route)).collect();
                    Alternative { label: String::new(), body }
                });
                let branches = branches.collect();
                return Shape::Split { look: SplitLook::First, caption: self.caption(step), branches };
            }
            StepKind::Parallel { branches, join, rest } => {
                let branches = branches.iter().map(|branch| self.parallel_branch(branch)).collect();
                return Shape::Parallel { caption: self.caption(step), branches, join: self.labels.join(*join, *rest) };
            }
            StepKind::Each(each) => return self.each(step, each),
            StepKind::Repeat(repeat) => return self.repeat(step, repeat),
            StepKind::Steps { block } | StepKind::Do { block, .. } => {
                return self.frame(step, FrameLook::Block, Vec::new(), block);
            }
            StepKind::End { outcome } => return Shape::End { outcome: self.labels.name(outcome) },
            StepKind::Fail { error, .. } => return Shape::Fail { error: self.labels.name(error) },
            StepKind::BackTo(back) => return self.back(back),
        };
        let mut notes = self.labels.notes(step);
        notes.extend(self.ways_on(step));
        Shape::Card { look, title: self.labels.title(step), notes, optional: step.when.is_some() }
    }

    fn frame(&self, step: &Step, look: FrameLook, more: Vec<String>, block: &str) -> Shape {
        let mut notes = more;
        notes.extend(self.labels.notes(step));
        let title = self.labels.title(step);
        Shape::Frame { look, title, notes, optional: step.when.is_some(), body: self.block(block) }
    }

    fn each(&self, step: &Step, each: &Each) -> Shape {
        let mut notes = vec![match self.labels.language {
            Language::Zh => format!("{} 中的每个 {}，同时 {} 个", each.of.source(), each.name, each.at_once),
            Language::En => format!("each {} of {}, {} at once", each.name, each.of.source(), each.at_once),
        }];
        notes.extend(Some(self.labels.join(each.join, each.rest)).filter(|join| !join.is_empty()));
        self.frame(step, FrameLook::Each, notes, &each.block)
    }

    fn repeat(&self, step: &Step, repeat: &Repeat) -> Shape {
        let language = self.labels.language;
        let mut notes = Vec::new();
        match &repeat.kind {
            RepeatKind::While(condition) => notes.push(language.labelled("当…重复", "while", condition.source())),
            RepeatKind::Until(condition) => notes.push(language.labelled("重复直到", "until", condition.source())),
            RepeatKind::Always => {}
        }
        if let Some(every) = &repeat.every {
            notes.push(language.labelled("每隔", "every", &language.duration(&self.labels.template(every))));
        }
        notes.push(language.labelled("最多", "at most", &repeat.at_most.to_string()));
        self.frame(step, FrameLook::Repeat, notes, &repeat.block)
    }

    fn caption(&self, step: &Step) -> String {
        let title = self.labels.title(step);
        match &step.when {
            Some(when) => format!("{title} ({})", self.labels.language.labelled("当", "if", when.source())),
            None => title,
        }
    }

    fn branch(&self, branch: &Branch) -> Alternative {
        let label = match &branch.when {
            Some(when) => when.source().to_owned(),
            None => self.labels.language.pick("否则", "otherwise").to_owned(),
        };
        Alternative { label, body: self.route(&branch.route) }
    }

    fn parallel_branch(&self, branch: &ParallelBranch) -> Alternative {
        let name = self.labels.name(&branch.name);
        let label = match &branch.when {
            Some(when) => format!("{name} ({})", self.labels.language.labelled("当", "if", when.source())),
            None => name,
        };
        Alternative { label, body: self.block(&branch.block) }
    }

    fn route(&self, route: &Route) -> Vec<Node> {
        let shape = match route {
            Route::Next => return Vec::new(),
            Route::Steps(block) => return self.block(block),
            Route::End { outcome } => Shape::End { outcome: self.labels.name(outcome) },
            Route::Back(back) => self.back(back),
        };
        vec![Node { id: String::new(), shape, exits: Vec::new(), events: Vec::new() }]
    }

    fn back(&self, back: &Back) -> Shape {
        let definition = self.labels.definition;
        let names = back.targets.iter().map(|key| {
            definition.step(key).map_or_else(|| self.labels.name(last_part(key)), |step| self.labels.title(step))
        });
        let mut label = names.collect::<Vec<_>>().join(" / ");
        if let Some(at_most) = back.at_most {
            label = match self.labels.language {
                Language::Zh => format!("{label}（最多 {at_most} 次）"),
                Language::En => format!("{label} (at most {at_most} times)"),
            };
        }
        Shape::Back { label, targets: back.targets.iter().map(|key| Target(key.to_string())).collect() }
    }

    /// Ways out that lead straight on are no branches; their names still matter to the one who reads.
    fn ways_on(&self, step: &Step) -> Option<String> {
        let outcomes = self.outcomes(step);
        let by_itself = outcomes.iter().any(String::is_empty);
        let leads_on =
            |name: &&String| step.outcomes.get(name.as_str()).is_none_or(|route| matches!(route, Route::Next));
        let names: Vec<String> = outcomes
            .iter()
            .filter(leads_on)
            .filter(|name| !name.is_empty())
            .map(|name| self.labels.name(name))
            .collect();
        match (by_itself, names.is_empty(), self.labels.language) {
            (_, true, _) => None,
            // An error that the process lets pass.
            (true, false, Language::Zh) => Some(format!("遇 {} 仍继续", names.join("、"))),
            (true, false, Language::En) => Some(format!("goes on after {}", names.join(", "))),
            (false, false, _) => (names.len() == outcomes.len() && names.len() > 1).then(|| names.join(" / ")),
        }
    }

    fn outcomes(&self, step: &Step) -> Vec<String> {
        let mut names: Vec<String> = match &step.kind {
            StepKind::Task(task) if !task.outcomes.is_empty() => {
                task.outcomes.iter().map(ToString::to_string).collect()
            }
            StepKind::Approve(_) => BALLOT.iter().map(ToString::to_string).collect(),
            // Having done its work is the way out without a name.
            _ => vec![String::new()],
        };
        for name in step.outcomes.keys() {
            if !names.iter().any(|known| **known == **name) {
                names.push(name.to_string());
            }
        }
        names
    }

    fn exits(&self, step: &Step) -> Vec<Alternative> {
        if matches!(step.kind, StepKind::Choose { .. } | StepKind::First { .. }) {
            return Vec::new();
        }
        let mut straight: Option<Alternative> = None;
        let mut others = Vec::new();
        let outcomes = self.outcomes(step);
        let by_itself = outcomes.iter().any(String::is_empty);
        for name in outcomes {
            let body = step.outcomes.get(name.as_str()).map_or_else(Vec::new, |route| self.route(route));
            let unsaid = body.is_empty() && by_itself;
            let label = if unsaid { String::new() } else { self.labels.name(&name) };
            if !body.is_empty() {
                others.push(Alternative { label, body });
            } else if let Some(straight) = &mut straight {
                if !straight.label.is_empty() && !label.is_empty() {
                    straight.label += " / ";
                }
                straight.label += &label;
            } else {
                straight = Some(Alternative { label, body });
            }
        }
        if others.is_empty() { Vec::new() } else { straight.into_iter().chain(others).collect() }
    }

    /// What may happen to the process at any time, and what runs alongside.
    fn beside(&self) -> Vec<Event> {
        let definition = self.labels.definition;
        let lists = definition.alongside.iter().map(|list| Event {
            look: EventLook::Alongside,
            label: self.labels.alongside(list),
            body: self.block(&list.block),
            takes_over: false,
        });
        lists.chain(definition.handlers.iter().map(|handler| self.event(handler))).collect()
    }

    fn event(&self, handler: &Handler) -> Event {
        let language = self.labels.language;
        let look = match &handler.on {
            Trigger::Message(_) => EventLook::Message,
            Trigger::Error(_) => EventLook::Error,
            Trigger::After(_) => EventLook::Timer,
            Trigger::Person(_) => EventLook::Person,
            Trigger::Condition(_) => EventLook::Condition,
            Trigger::Escalation(_) => EventLook::Escalation,
        };
        let name = match &handler.on {
            Trigger::Person(event) if event.title.is_some() => {
                event.title.as_ref().map(|title| self.labels.template_text(title)).unwrap_or_default()
            }
            _ => self.labels.name(&handler.name),
        };
        let mut label = language.labelled(&name, &name, &self.labels.trigger(&handler.on));
        let open_while = match &handler.on {
            Trigger::Person(event) => event.open_while.as_ref(),
            _ => None,
        };
        if let Some(when) = handler.when.as_ref().or(open_while) {
            label = format!("{label} ({})", language.labelled("当", "if", when.source()));
        }
        let (block, takes_over) = match &handler.action {
            HandlerAction::Steps(block) => (block, handler.ends_step),
            HandlerAction::Instead { block, .. } => (block, true),
        };
        Event { look, label, body: self.block(block), takes_over }
    }
}

fn wait_look(wait: &WaitFor) -> Look {
    match wait {
        WaitFor::For(_) | WaitFor::Until(_) => Look::Timer,
        WaitFor::Message(_) | WaitFor::Milestone(_) => Look::Message,
        WaitFor::Condition(_) => Look::Condition,
    }
}
