//! What compiling one process needs and makes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{BlockKey, StepKey};
use crate::language::compile::Library;
use crate::language::compile::parts::Parts;
use crate::language::compile::site::Site;
use crate::language::definition::{Block, Field, Path, Rung, Step, Text, Write};
use crate::language::diagnostics::{Code, Sink};
use crate::language::syntax::{Node, Source};
use crate::language::types::Type;

/// A name that must mean something in the finished definition.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) kind: ReferenceKind,
    pub(crate) name: Arc<str>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The step in which it stands, and the block.
    pub(crate) step: Option<StepKey>,
    pub(crate) block: BlockKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// A step to go back to.
    Back,
    /// A step to be undone.
    Undo,
    /// A step whose actors are excluded.
    Not,
    /// A field, step or record that is shown to a signer.
    Shows,
    /// The meaning of a signature.
    Meaning,
    /// A ladder of `late`.
    Ladder,
    /// A calendar by its name here.
    Calendar,
    /// A milestone of this process.
    Milestone,
    /// A role of people.
    Role,
}

/// A duration in business time needs a calendar; kept until the process's is known.
#[derive(Clone, Debug)]
pub(crate) struct BusinessTime {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A write, where it stands, and the type of what it takes from.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) write: Write,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) output: Type,
}

/// Where a step and its parts stand, for findings made later.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepPlaces {
    pub(crate) id: (usize, usize),
    pub(crate) kind: (usize, usize),
    /// By key of the step: `outcomes`, `sign`, `rule`, a target of `into`…
    pub(crate) parts: BTreeMap<String, (usize, usize)>,
    /// Its kind could not be read, and was told about.
    pub(crate) broken: bool,
    pub(crate) writes: Vec<Written>,
    /// Targets of `set`, with what is known of their values.
    pub(crate) sets: Vec<(Path, usize, usize)>,
}

/// Compiles one process; findings go to the sink, and whatever could be read is kept.
pub(crate) struct Compiler<'a> {
    pub(crate) source: &'a Source,
    pub(crate) library: &'a Library,
    pub(crate) sink: &'a mut Sink,
    pub(crate) input: Vec<Field>,
    pub(crate) data: Vec<Field>,
    pub(crate) ladders: BTreeMap<Arc<str>, Vec<Rung>>,
    pub(crate) blocks: BTreeMap<BlockKey, Block>,
    pub(crate) steps: BTreeMap<StepKey, Arc<Step>>,
    pub(crate) sites: Vec<Site>,
    pub(crate) references: Vec<Reference>,
    pub(crate) places: BTreeMap<StepKey, StepPlaces>,
    pub(crate) business: Vec<BusinessTime>,
    /// Items of `each`, `message`, `output`: innermost last.
    pub(crate) locals: Vec<(Arc<str>, Type)>,
    /// The step being compiled.
    pub(crate) step: Option<StepKey>,
    pub(crate) block: BlockKey,
    pub(crate) process_places: BTreeMap<String, (usize, usize)>,
    /// The keys that it knows, by the part that may have them: for the schema.
    pub(crate) shapes: crate::language::schema::Shapes,
    /// Names of calendars, also of those whose file is broken.
    pub(crate) calendar_names: Vec<Arc<str>>,
    pub(crate) parts: Parts,
    /// What events of people write, and the step they are of.
    pub(crate) event_writes: Vec<(Option<StepKey>, Written)>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(source: &'a Source, library: &'a Library, sink: &'a mut Sink) -> Self {
        Compiler {
            source,
            library,
            sink,
            input: Vec::new(),
            data: Vec::new(),
            ladders: BTreeMap::new(),
            blocks: BTreeMap::new(),
            steps: BTreeMap::new(),
            sites: Vec::new(),
            references: Vec::new(),
            places: BTreeMap::new(),
            business: Vec::new(),
            locals: Vec::new(),
            step: None,
            block: "".into(),
            process_places: BTreeMap::new(),
            shapes: crate::language::schema::Shapes::new(),
            calendar_names: Vec::new(),
            parts: Parts::default(),
            event_writes: Vec::new(),
        }
    }

    /// A finding about a node.
    pub(crate) fn say(&mut self, code: &'static Code, node: &Node, message: Text, hint: Option<Text>) {
        self.say_at(code, node.start, node.end, message, hint);
    }

    pub(crate) fn say_at(&mut self, code: &'static Code, start: usize, end: usize, message: Text, hint: Option<Text>) {
        self.sink.add(self.source.finding(code, start, end, message, hint));
    }

    /// Notes a name that is checked when the whole definition is known.
    pub(crate) fn refer(&mut self, kind: ReferenceKind, name: &str, node: &Node) {
        let (step, block) = (self.step.clone(), self.block.clone());
        self.references.push(Reference { kind, name: name.into(), start: node.start, end: node.end, step, block });
    }

    /// Runs with one more name in scope.
    pub(crate) fn with_local<T>(&mut self, name: &str, kind: Type, work: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push((name.into(), kind));
        let done = work(self);
        self.locals.pop();
        done
    }

    /// Runs with a name more in scope, if there is one.
    pub(crate) fn with_locals<T>(&mut self, local: Option<(Arc<str>, Type)>, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.locals.len();
        self.locals.extend(local);
        let done = work(self);
        self.locals.truncate(outer);
        done
    }

    /// The declared type of a field of the data at a path.
    pub(crate) fn data_type(&self, path: &[Arc<str>]) -> Option<Type> {
        let (first, rest) = path.split_first()?;
        let field = self.data.iter().find(|field| field.name == *first)?;
        rest.iter().try_fold(field.kind.clone(), |kind, name| kind.field(name))
    }

    /// Notes where a part of the current step stands.
    pub(crate) fn note(&mut self, part: &str, start: usize, end: usize) {
        match self.step.clone() {
            Some(step) => self.places.entry(step).or_default().parts.insert(part.into(), (start, end)),
            None => self.process_places.insert(part.into(), (start, end)),
        };
    }
}
