//! What a process may name: the other files of its bundle, each compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::{catalogue, forms, texts};
use crate::language::definition::{ActivitySpec, Form, MessageSpec, Text};
use crate::language::diagnostics::Sink;
use crate::language::release::Bundle;
use crate::language::syntax::Source;
use crate::language::types::Type;
use crate::rules::calendar::Calendar;
use crate::rules::script::Script;
use crate::rules::table::Table;

/// Compiled files by the name under which a process names them.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) texts: BTreeMap<Arc<str>, Text>,
    pub(crate) forms: BTreeMap<Arc<str>, Arc<Form>>,
    pub(crate) schemas: BTreeMap<Arc<str>, Type>,
    pub(crate) tables: BTreeMap<Arc<str>, Arc<Table>>,
    pub(crate) scripts: BTreeMap<Arc<str>, Arc<Script>>,
    pub(crate) calendars: BTreeMap<Arc<str>, Arc<Calendar>>,
    pub(crate) activities: BTreeMap<Arc<str>, Arc<ActivitySpec>>,
    pub(crate) messages: BTreeMap<Arc<str>, Arc<MessageSpec>>,
    /// Roles that the catalogue declares; none: any name is a role.
    pub(crate) roles: std::collections::BTreeSet<Arc<str>>,
    /// Files that are there but broken: they were told about, so naming them is no second finding.
    pub(crate) broken: Vec<Arc<str>>,
    /// The texts of tables, for findings made when the process is known.
    pub(crate) sources: BTreeMap<Arc<str>, Source>,
    /// Names beside the bundle, for hints.
    pub(crate) nearby: Vec<String>,
}

impl Library {
    /// Compiles every file of the bundle but the process itself.
    pub(crate) fn read(bundle: &Bundle, sink: &mut Sink) -> Self {
        let mut library = Library { nearby: bundle.nearby.iter().cloned().collect(), ..Library::default() };
        // Schemas come first, since catalogues name them.
        let is_schema = |path: &str| path.ends_with(".json") && !path.ends_with(".form.json");
        let (schemas, others): (Vec<_>, Vec<_>) = bundle.files.iter().partition(|(path, _)| is_schema(path));
        for (path, bytes) in schemas.into_iter().chain(others) {
            let file = path.rsplit('/').next().unwrap_or(path);
            let name: Arc<str> = file.into();
            if path == "process.yaml" {
                continue;
            } else if path == "texts.yaml" {
                library.texts = texts::texts(path, bytes, sink);
            } else if path.starts_with("catalogue/") {
                catalogue::catalogue(path, bytes, &mut library, sink);
            } else if file.ends_with(".form.json") {
                let form = forms::form(path, bytes, sink);
                library.keep(name, form, |library| &mut library.forms);
            } else if file.ends_with(".json") {
                let schema = forms::schema(path, bytes, sink);
                library.keep(name, schema, |library| &mut library.schemas);
            } else {
                library.rule(path, file, bytes, sink);
            }
        }
        library
    }

    /// A table, a script or a calendar: their own parsers say what is wrong.
    fn rule(&mut self, path: &str, file: &str, bytes: &[u8], sink: &mut Sink) {
        use crate::language::compile::rules;
        if file.ends_with(".table.yaml") {
            let table = rules::table(path, bytes, sink);
            self.sources.insert(file.into(), Source::new(path, &String::from_utf8_lossy(bytes)));
            self.keep(file.into(), table.map(Arc::new), |library| &mut library.tables);
        } else if let Some(stem) = file.strip_suffix(".rhai") {
            let script = rules::script(path, bytes, sink);
            self.keep(stem.into(), script.map(Arc::new), |library| &mut library.scripts);
        } else if let Some(stem) = file.strip_suffix(".calendar.yaml") {
            let calendar = rules::calendar(path, bytes, sink);
            self.keep(stem.into(), calendar.map(Arc::new), |library| &mut library.calendars);
        }
    }

    fn keep<T>(&mut self, name: Arc<str>, made: Option<T>, kind: fn(&mut Self) -> &mut BTreeMap<Arc<str>, T>) {
        match made {
            Some(made) => {
                kind(self).insert(name, made);
            }
            None => self.broken.push(name),
        }
    }
}
