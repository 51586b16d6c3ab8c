//! Tables of the process: whole, without contradictions, and giving what the fields hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::compile::{Written, add};
use crate::language::definition::{StepKind, Template};
use crate::language::diagnostics::registry as codes;
use crate::language::types::Type;
use crate::rules::table::{Collect, HitPolicy, Table};

impl Check<'_, '_> {
    pub(super) fn tables(&mut self) {
        let library = self.compiler.library;
        for (name, table) in &library.tables {
            let Some(source) = library.sources.get(name) else { continue };
            let brought = self.brought(name);
            let findings = table.analyze_with(&|input| self.table_input(input, &brought));
            for finding in findings {
                let code = match finding.code {
                    "table_gap" => &codes::TABLE_GAP,
                    "table_overlap" | "table_conflict" => &codes::TABLE_OVERLAP,
                    "table_word" => &codes::TABLE_WORD_UNKNOWN,
                    "table_unreachable" => &codes::TABLE_ROW_NEVER,
                    _ => &codes::TABLE_UNPROVED,
                };
                add(self.compiler.sink, source, code, (finding.line, finding.column), (finding.zh, finding.en));
            }
            let known = self.scope();
            for part in table.expressions() {
                let value = |name: &str| (name == "value" && part.has_value).then_some(Type::Any);
                if let Err(fault) = part
                    .expression
                    .infer(&|name| value(name).or_else(|| brought.get(name).or(known.get(name)).cloned()))
                {
                    let code = super::expressions::code_of(&fault.kind);
                    let column = part.column + u32::try_from(fault.offset).unwrap_or(0);
                    add(self.compiler.sink, source, code, (part.line, column), (fault.zh, fault.en));
                }
            }
        }
        for step in self.steps() {
            let StepKind::Decide { table, .. } = &step.kind else { continue };
            if let Some(table) = library.tables.get(table) {
                self.literals_fit(&step, table);
            }
        }
    }

    /// What the steps that use a table bring to it by `with`, such as the item of an `each`.
    fn brought(&self, table: &str) -> BTreeMap<Arc<str>, Type> {
        let mut brought = BTreeMap::new();
        for step in self.steps() {
            let StepKind::Decide { table: used, with } = &step.kind else { continue };
            for (name, template) in with.iter().filter(|_| used.as_ref() == table) {
                let kind = match template {
                    Template::Expression(expression) => self.infer(expression),
                    _ => None,
                };
                brought.insert(name.clone(), kind.unwrap_or(Type::Any));
            }
        }
        brought
    }

    fn table_input(&self, input: &crate::rules::table::Input, brought: &BTreeMap<Arc<str>, Type>) -> Option<Type> {
        let known = self.scope();
        input.expression.infer(&|name| brought.get(name).or(known.get(name)).cloned()).ok()
    }

    /// What the rows say fits the fields that the step writes it to.
    fn literals_fit(&mut self, step: &crate::language::definition::Step, table: &Table) {
        let Some(places) = self.compiler.places.get(&step.key) else { return };
        for Written { write, start, end, .. } in places.writes.clone() {
            let Some(wanted) = self.target(step, &write.to).and_then(|kind| one_row(table.hit(), kind)) else {
                continue;
            };
            for (index, output) in table.outputs().iter().enumerate() {
                let bare = table.outputs().len() == 1;
                let rest = match output.path.strip_prefix(write.from.as_slice()) {
                    Some(_) if bare => &[][..],
                    Some(rest) => rest,
                    None => continue,
                };
                let kind = rest.iter().try_fold(wanted.clone(), |kind, name| kind.field(name));
                let name = output.path.join(".");
                let values = table.literals(index).unwrap_or_default();
                let wrong = match &kind {
                    None => Some("—".to_owned()),
                    Some(kind) => {
                        values.iter().find(|value| kind.check(value).is_err()).map(|value| value.to_json().to_string())
                    }
                };
                if let Some(value) = wrong {
                    let kind = kind.map_or_else(|| wanted.to_string(), |kind| kind.to_string());
                    let to = write.to.join(".");
                    let message = text!(
                        format!("决策表的输出 `{name}` 有值 {value}，不符合 `{to}`（{kind}）"),
                        format!("the output `{name}` of the table has {value}, which does not fit `{to}` ({kind})")
                    );
                    self.say(&codes::WRITE_TYPE, (start, end), message, None);
                }
            }
        }
    }
}

/// The type that the values of one row must have for a field of this type: a list where every row that matches
/// gives an element. Nothing where rows are only counted.
fn one_row(hit: HitPolicy, kind: Type) -> Option<Type> {
    match (hit, kind) {
        (HitPolicy::Collect(Collect::Count), _) => None,
        (hit, Type::Optional(inner)) => one_row(hit, (*inner).clone()),
        (HitPolicy::Collect(Collect::List) | HitPolicy::RuleOrder, kind) => match kind {
            Type::List(inner) => Some((*inner).clone()),
            Type::Any => Some(Type::Any),
            // No row's value is a list, so whatever the rows give is told.
            other => Some(Type::List(other.into())),
        },
        (_, kind) => Some(kind),
    }
}
