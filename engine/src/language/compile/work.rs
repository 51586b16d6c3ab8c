//! Work of machines: activities, tables, scripts, assignments, child processes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::Compiler;
use crate::language::definition::{Call, Path, Run, StepKind, Template};
use crate::language::diagnostics::{Code, nearest, registry as codes};
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;

impl Compiler<'_> {
    pub(crate) fn call(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let name = self.word(value, "活动名", "the name of an activity")?;
        let spec = self.library.activities.get(&name).cloned();
        if spec.is_none() {
            let names: Vec<Arc<str>> = self.library.activities.keys().cloned().collect();
            self.unknown(&codes::ACTIVITY_UNKNOWN, value, &name, "目录中的活动", "activity in the catalogue", &names);
        }
        let with = self.with(node, spec.as_ref().map(|spec| &spec.input));
        if let Some(spec) = &spec {
            self.arguments(node, value, &spec.input, &with);
        }
        Some(StepKind::Call(Call { activity: name, with }))
    }

    /// What an activity needs is given, and nothing that it does not know.
    fn arguments(&mut self, node: &Node, value: &Node, input: &Type, with: &BTreeMap<Arc<str>, Template>) {
        let Type::Record(fields) = input else { return };
        for (name, kind) in fields.iter() {
            let given = with.contains_key(name) || node.get("with").is_some_and(|with| with.get(name).is_some());
            if !given && !matches!(kind, Type::Optional(_) | Type::Any) {
                let message = text!(
                    format!("活动 `{}` 需要参数 `{name}`", value.text().unwrap_or("")),
                    format!("the activity `{}` needs `{name}`", value.text().unwrap_or(""))
                );
                let hint =
                    text!(format!("在 `with` 中加入 `{name}`（{kind}）"), format!("add `{name}` ({kind}) to `with`"));
                self.say(&codes::ACTIVITY_MISSING_INPUT, value, message, Some(hint));
            }
        }
        for entry in node.get("with").and_then(Node::entries).unwrap_or_default() {
            if !fields.contains_key(entry.key.as_str()) {
                let names: Vec<Arc<str>> = fields.keys().cloned().collect();
                let at = Node { start: entry.key_start, end: entry.key_end, kind: NodeKind::Broken };
                self.unknown(
                    &codes::ACTIVITY_UNKNOWN_INPUT,
                    &at,
                    &entry.key,
                    "此活动的参数",
                    "input of the activity",
                    &names,
                );
            }
        }
    }

    /// `with: { name: value }`, each typed by what the callee declares.
    pub(crate) fn with(&mut self, node: &Node, input: Option<&Type>) -> BTreeMap<Arc<str>, Template> {
        let mut values = BTreeMap::new();
        let Some(with) = node.get("with") else { return values };
        let NodeKind::Map { entries, .. } = &with.kind else {
            self.wrong(with, "参数表", "a map of arguments");
            return values;
        };
        for entry in entries {
            let kind = input.and_then(|input| input.field(&entry.key));
            if self.own_key(entry)
                && let Some(value) = self.template(&entry.value, kind.as_ref())
            {
                values.insert(entry.key.as_str().into(), value);
            }
        }
        values
    }

    /// A name of nothing that is there, with the nearest one that is.
    pub(crate) fn unknown(
        &mut self,
        code: &'static Code,
        node: &Node,
        name: &str,
        zh: &str,
        en: &str,
        known: &[Arc<str>],
    ) {
        if self.library.broken.iter().any(|broken| broken.as_ref() == name) {
            return;
        }
        let message = text!(format!("没有{zh} `{name}`"), format!("there is no {en} `{name}`"));
        let nearby = self.library.nearby.iter().map(|path| path.rsplit('/').next().unwrap_or(path));
        let stems = nearby.map(|file| file.strip_suffix(".rhai").unwrap_or(file));
        let stems = stems.map(|file| file.strip_suffix(".calendar.yaml").unwrap_or(file));
        let hint = nearest(name, known.iter().map(AsRef::as_ref).chain(stems))
            .map(|near| text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")));
        self.say(code, node, message, hint);
    }

    pub(crate) fn decide(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let table = self.word(value, "决策表文件", "the file of a table")?;
        if !self.library.tables.contains_key(&table) {
            let names: Vec<Arc<str>> = self.library.tables.keys().cloned().collect();
            self.unknown(&codes::TABLE_UNKNOWN, value, &table, "决策表", "table", &names);
        }
        Some(StepKind::Decide { table, with: self.with(node, None) })
    }

    pub(crate) fn script(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let script = self.word(value, "脚本名", "the name of a script")?;
        if !self.library.scripts.contains_key(&script) {
            let names: Vec<Arc<str>> = self.library.scripts.keys().cloned().collect();
            self.unknown(&codes::SCRIPT_UNKNOWN, value, &script, "脚本", "script", &names);
        }
        Some(StepKind::Script { script, with: self.with(node, None) })
    }

    /// `set: { field: value }`
    pub(crate) fn set(&mut self, node: &Node) -> Option<StepKind> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "字段到值的表", "a map from fields to values");
            return None;
        };
        let mut values: Vec<(Path, Template)> = Vec::new();
        for entry in entries {
            let Some(path) = self.path_at(&entry.key, entry.key_start, entry.key_end) else { continue };
            if let Some(step) = self.step.clone() {
                let places = self.places.entry(step).or_default();
                places.sets.push((path.clone(), entry.key_start, entry.key_end));
            }
            let kind = self.local_or_data_type(&path);
            if let Some(value) = self.template(&entry.value, kind.as_ref()) {
                values.push((path, value));
            }
        }
        Some(StepKind::Set { values })
    }

    /// The declared type of a path that may begin with the item at hand.
    pub(crate) fn local_or_data_type(&self, path: &[Arc<str>]) -> Option<Type> {
        let (first, rest) = path.split_first()?;
        match self.locals.iter().rev().find(|(name, _)| name == first) {
            Some((_, kind)) => rest.iter().try_fold(kind.clone(), |kind, name| kind.field(name)),
            None => self.data_type(path),
        }
    }

    pub(crate) fn run(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let process = self.name(value)?;
        Some(StepKind::Run(Run { process, with: self.with(node, None) }))
    }

    /// What a step gives to `into` and to the steps of its outcomes.
    pub(crate) fn output_type(&self, kind: &StepKind) -> Type {
        match kind {
            StepKind::Call(call) => {
                self.library.activities.get(&call.activity).map_or(Type::Any, |spec| spec.output.clone())
            }
            StepKind::Decide { table, .. } => self
                .library
                .tables
                .get(table)
                .map_or(Type::Any, |table| super::rules::output_type(table, |_, _| Type::Any)),
            StepKind::Task(task) => self.form_type(task.form.as_ref()),
            StepKind::Approve(ballot) if ballot.form.is_some() => self.form_type(ballot.form.as_ref()),
            StepKind::Wait(crate::language::definition::WaitFor::Message(wait)) => self.message_type(&wait.message),
            _ => Type::Any,
        }
    }

    pub(crate) fn form_type(&self, form: Option<&Arc<str>>) -> Type {
        let fields = form.and_then(|form| self.library.forms.get(form)).map(|form| form.fields.clone());
        fields.filter(|fields| !fields.is_empty()).map_or(Type::Any, |fields| Type::Record(Arc::new(fields)))
    }

    pub(crate) fn message_type(&self, message: &str) -> Type {
        self.library.messages.get(message).map_or(Type::Any, |spec| spec.fields.clone())
    }

    /// A table with one output gives it bare: naming it in `into` means the whole.
    pub(crate) fn single_output(&self, kind: Option<&StepKind>, from: Path) -> Path {
        match kind {
            Some(StepKind::Decide { table, .. }) => {
                let outputs = self.library.tables.get(table).map(|table| table.outputs()).unwrap_or_default();
                if matches!(outputs, [only] if only.path == from) { Path::new() } else { from }
            }
            _ => from,
        }
    }
}

/// What a business error gives to the steps that follow it.
pub(crate) fn error_type() -> Type {
    Type::Record(Arc::new(BTreeMap::from([
        ("code".into(), Type::String),
        ("message".into(), Type::String),
        ("detail".into(), Type::Any),
    ])))
}
