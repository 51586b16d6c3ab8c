//! Expressions: names that exist, fields that exist, kinds that compare, values that may be unset.

use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::check::scope::{Scope, inside_part};
use crate::language::check::types::fits;
use crate::language::compile::{Expectation, Site};
use crate::language::definition::{Branch, Definition, Route, StepKind, Text, part_of};
use crate::language::diagnostics::registry as codes;
use crate::language::types::Type;
use crate::rules::expression::{Expression, TypeFaultKind};

impl Check<'_, '_> {
    pub(super) fn expressions(&mut self) {
        let known = self.scope();
        for site in std::mem::take(&mut self.compiler.sites) {
            self.expression(&site, &known);
            self.functions(&site);
            self.compiler.sites.push(site);
        }
    }

    /// The type of an expression, if it has one that is known.
    pub(super) fn infer(&self, of: &Expression) -> Option<Type> {
        let known = super::scope::variables(self.definition);
        let locals = self.site(of).map(|site| site.locals.clone()).unwrap_or_default();
        of.infer(&|name| lookup(name, &locals, &known)).ok()
    }

    fn expression(&mut self, site: &Site, known: &Scope) {
        let inside = inside_part(site, known);
        let known = inside.as_ref().unwrap_or(known);
        let source: Vec<char> = site.expression.source().chars().collect();
        let given = match site.expression.infer(&|name| lookup(name, &site.locals, known)) {
            Ok(given) => given,
            Err(fault) => {
                let message = Text { zh: fault.zh.into(), en: fault.en.into() };
                if let Some(minus) = hyphen(&source, fault.offset) {
                    let place = site.range(minus, 1);
                    let message = text!("这里的连字符是减号", "this hyphen is a minus");
                    let hint = text!("名称用下划线：`approve_plan`", "names have underscores: `approve_plan`");
                    return self.say(&codes::EXPR_HYPHEN, place, message, Some(hint));
                }
                let name: Arc<str> = match &fault.kind {
                    TypeFaultKind::UnknownVariable(name) | TypeFaultKind::UnknownField(name) => name.clone(),
                    TypeFaultKind::UnlikeTypes | TypeFaultKind::WrongType => "".into(),
                };
                let of_steps =
                    matches!(fault.kind, TypeFaultKind::UnknownField(_)) && after_steps(&source, fault.offset);
                let code = if of_steps { &codes::EXPR_UNKNOWN_STEP } else { code_of(&fault.kind) };
                let place = site.range(fault.offset, name.chars().count().max(1));
                let hint = match fault.kind {
                    TypeFaultKind::UnknownVariable(_) => {
                        let locals = site.locals.iter().map(|(name, _)| name.as_ref());
                        self.near(&name, known.keys().map(AsRef::as_ref).chain(locals))
                    }
                    TypeFaultKind::UnknownField(_) => self.near(&name, field_names(self.definition, &name)),
                    _ => None,
                };
                return self.say(code, place, message, hint);
            }
        };
        self.unset(site, known, &source);
        let (fine, wanted) = match &site.wanted {
            Expectation::Any => return,
            Expectation::When | Expectation::Boolean => (fits(&given, &Type::Boolean), "boolean".to_owned()),
            Expectation::List => (matches!(strip(&given), Type::List(_) | Type::Any), "list".to_owned()),
            Expectation::Time => (
                matches!(strip(&given), Type::Duration | Type::DateTime | Type::Date | Type::String | Type::Any),
                "duration or moment".to_owned(),
            ),
            Expectation::Typed(kind) => (fits(&given, kind), kind.to_string()),
        };
        if !fine {
            let message = text!(
                format!("这里需要 {wanted}，表达式给出 {given}"),
                format!("this place wants {wanted}, the expression gives {given}")
            );
            self.say(&codes::EXPR_TYPE, site.whole(), message, None);
        }
    }

    /// Comparing a value that may be unset is an error when it runs; `??` or a test against `()` settles it.
    fn unset(&mut self, site: &Site, known: &Scope, source: &[char]) {
        let settled = self.conditions_around(site);
        for reference in site.expression.references() {
            let Some((first, rest)) = reference.path.split_first() else { continue };
            let kind = lookup(first, &site.locals, known);
            let kind = rest.iter().try_fold(kind, |kind, name| Some(kind?.field(name))).flatten();
            let written = reference.path.join(".");
            let end = reference.offset + written.chars().count();
            let tested = {
                let whole: String = source.iter().filter(|c| !c.is_whitespace()).collect();
                let present = format!("{written}!=()");
                whole.contains(&present)
                    || whole.contains(&format!("{written}==()"))
                    || settled.iter().any(|condition| condition.split("&&").any(|part| part == present))
            };
            let compares =
                |text: &str| text.starts_with(['<', '>']) || text.starts_with("==") || text.starts_with("!=");
            let after: String = source[end.min(source.len())..].iter().collect();
            let before: String = source[..reference.offset.min(source.len())].iter().collect();
            let before = before.trim_end();
            let compared = compares(after.trim_start())
                || before.ends_with(['<', '>'])
                || before.ends_with("==")
                || before.ends_with("!=")
                || before.ends_with("<=")
                || before.ends_with(">=");
            if matches!(kind, Some(Type::Optional(_))) && compared && !tested {
                let message = text!(
                    format!("`{written}` 可能没有值，不能直接比较"),
                    format!("`{written}` may be unset and cannot be compared as it is")
                );
                let hint = text!(
                    format!("用 `??` 给出替代值：`({written} ?? …)`"),
                    format!("say with `??` what stands for it: `({written} ?? …)`")
                );
                self.say(
                    &codes::EXPR_UNSET,
                    site.range(reference.offset, written.chars().count()),
                    message,
                    Some(hint),
                );
            }
        }
    }

    /// Conditions that hold wherever the expression is computed, without blanks: of its step, and of the steps and branches around.
    fn conditions_around(&self, site: &Site) -> Vec<String> {
        let Some(step) = site.step.as_ref().and_then(|key| self.definition.step(key)) else { return Vec::new() };
        let mut conditions: Vec<&Expression> = step.when.iter().collect();
        let mut block = &step.block;
        let around = self.around(step);
        for around in &around {
            match &around.kind {
                StepKind::Parallel { branches, .. } => conditions
                    .extend(branches.iter().filter(|branch| branch.block == *block).filter_map(|b| b.when.as_ref())),
                StepKind::Choose { branches } => {
                    let taken = |branch: &&Branch| matches!(&branch.route, Route::Steps(steps) if steps == block);
                    conditions.extend(branches.iter().filter(taken).filter_map(|branch| branch.when.as_ref()));
                }
                _ => {}
            }
            block = &around.block;
            conditions.extend(around.when.as_ref());
        }
        conditions.iter().map(|when| when.source().chars().filter(|c| !c.is_whitespace()).collect()).collect()
    }

    /// Steps and milestones that functions name.
    fn functions(&mut self, site: &Site) {
        for used in site.expression.functions() {
            let Some((name, offset)) = used.texts.first() else { continue };
            let place = |from: usize| site.range(from, name.chars().count() + 2);
            match used.name.as_ref() {
                "visits" | "visited" | "any_outcome" | "any_no"
                    if self.definition.named(site.step.as_deref().map_or("", part_of), name).is_none() =>
                {
                    let message = text!(format!("没有步骤 `{name}`"), format!("there is no step `{name}`"));
                    let hint = self.near(name, self.definition.steps.keys().map(AsRef::as_ref));
                    self.say(&codes::EXPR_UNKNOWN_STEP, place(*offset), message, hint);
                }
                "next"
                    if !self
                        .definition
                        .key
                        .as_ref()
                        .is_some_and(|key| std::ptr::eq(key.source().as_ptr(), site.expression.source().as_ptr())) =>
                {
                    let message = text!("`next` 只用于业务键 `key`", "`next` is only for the business key, `key`");
                    let hint = text!("在别处用 `key` 取得它", "read it as `key` elsewhere");
                    let place = site.range(used.offset, "next".len());
                    self.say(&codes::EXPR_NEXT_OUTSIDE_KEY, place, message, Some(hint));
                }
                "reached" => self.milestone(name, place(*offset)),
                _ => {}
            }
        }
    }
}

impl Check<'_, '_> {
    /// A milestone that some step of this process reaches.
    pub(super) fn milestone(&mut self, name: &Arc<str>, place: (usize, usize)) {
        let milestones: Vec<Arc<str>> =
            self.definition.steps.values().filter_map(|step| step.milestone.clone()).collect();
        if !milestones.contains(name) {
            let message = text!(format!("没有里程碑 `{name}`"), format!("there is no milestone `{name}`"));
            let hint = self.near(name, milestones.iter().map(AsRef::as_ref));
            self.say(&codes::EXPR_UNKNOWN_MILESTONE, place, message, hint);
        }
    }
}

/// The code of a fault of types.
pub(super) fn code_of(kind: &TypeFaultKind) -> &'static crate::language::diagnostics::Code {
    match kind {
        TypeFaultKind::UnknownVariable(_) => &codes::EXPR_UNKNOWN_VARIABLE,
        TypeFaultKind::UnknownField(_) => &codes::EXPR_UNKNOWN_FIELD,
        TypeFaultKind::UnlikeTypes | TypeFaultKind::WrongType => &codes::EXPR_TYPE,
    }
}

fn lookup(name: &str, locals: &[(Arc<str>, Type)], known: &Scope) -> Option<Type> {
    let local = locals.iter().rev().find(|(local, _)| local.as_ref() == name).map(|(_, kind)| kind.clone());
    local.or_else(|| known.get(name).cloned())
}

fn strip(kind: &Type) -> &Type {
    match kind {
        Type::Optional(inner) => strip(inner),
        other => other,
    }
}

/// A minus between two words without blanks, around the place of a fault: a hyphen in a name.
fn hyphen(source: &[char], offset: usize) -> Option<usize> {
    let word = |c: &char| c.is_alphanumeric() || *c == '_' || *c == '.';
    let from = source[..offset.min(source.len())].iter().rposition(|c| !word(c));
    let to = source.iter().skip(offset).position(|c| !word(c)).map(|length| offset + length);
    [from, to].into_iter().flatten().find(|place| {
        source[*place] == '-'
            && place
                .checked_sub(1)
                .and_then(|before| source.get(before))
                .is_some_and(|c| c.is_alphabetic() || *c == '_')
            && source.get(place + 1).is_some_and(|c| c.is_alphabetic())
    })
}

fn after_steps(source: &[char], offset: usize) -> bool {
    let before: String = source[..offset.min(source.len())].iter().collect();
    let before = before.trim_end().trim_end_matches('.');
    before.ends_with("steps") && !before.ends_with('_') && !before.ends_with(".steps")
}

/// Names of fields that a misspelt one may have meant.
fn field_names<'a>(definition: &'a Definition, _written: &str) -> Vec<&'a str> {
    fn add<'a>(kind: &'a Type, names: &mut Vec<&'a str>) {
        match kind {
            Type::Record(fields) => {
                for (name, kind) in fields.iter() {
                    names.push(name);
                    add(kind, names);
                }
            }
            Type::List(inner) | Type::Optional(inner) => add(inner, names),
            _ => {}
        }
    }
    let mut names: Vec<&str> = definition.input.iter().map(|field| field.name.as_ref()).collect();
    definition.data.iter().chain(&definition.input).for_each(|field| add(&field.kind, &mut names));
    names.extend(definition.steps.keys().map(AsRef::as_ref));
    names
}
