//! Types as they are written: `integer 1..10`, `list of string`, `[ a, b ]`, `{ record: … }`, `like field`, a JSON Schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::Compiler;
use crate::language::definition::Field;
use crate::language::diagnostics::{nearest, registry as codes};
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;
use crate::value::Value;

const WORDS: [&str; 12] = [
    "string", "text", "integer", "decimal", "boolean", "date", "datetime", "duration", "user", "role", "file", "record",
];

impl Compiler<'_> {
    /// The fields of `input` or `data`.
    pub(crate) fn fields(&mut self, node: &Node, data: bool) {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "字段表", "a map of fields");
            return;
        };
        for entry in entries {
            let Some(name) = self.name_key(entry) else { continue };
            if data && !self.not_reserved(&name, entry.key_start, entry.key_end) {
                continue;
            }
            if let Some(field) = self.field(name, &entry.value) {
                if data { self.data.push(field) } else { self.input.push(field) }
            }
        }
    }

    fn field(&mut self, name: Arc<str>, node: &Node) -> Option<Field> {
        let long = node.get("type").is_some() || node.get("initial").is_some() || node.get("seen_by").is_some();
        let mut field =
            Field { name, kind: Type::Any, initial: Value::Null, seen_by: Vec::new(), part_seen_by: BTreeMap::new() };
        if !long {
            field.kind = self.kind_of(node).unwrap_or(Type::Any);
            return Some(field);
        }
        self.shape(node, "a field", &["type", "schema", "initial", "seen_by", "list", "record"])?;
        // A type that cannot be read was told about: the field is there all the same.
        let kind = match (node.get("schema"), node.get("type")) {
            (Some(schema), _) => self.schema_type(schema),
            (None, Some(kind)) => self.kind_of(kind),
            (None, None) => self.kind_of(&without(node, &["initial", "seen_by"])),
        };
        field.kind = kind.unwrap_or(Type::Any);
        if let Some(initial) = node.get("initial") {
            field.initial = self.constant(initial, &field.kind).unwrap_or_default();
        }
        match node.get("seen_by").map(|seen| (seen, &seen.kind)) {
            Some((_, NodeKind::Map { entries, .. })) => {
                for entry in entries {
                    if field.kind.field(&entry.key).is_none() {
                        self.no_field(entry.key_start, entry.key_end, &entry.key, &field.kind);
                    }
                    let roles = self.roles(&entry.value, &[]);
                    field.part_seen_by.insert(entry.key.as_str().into(), roles);
                }
            }
            Some((seen, _)) => field.seen_by = self.roles(seen, &[]),
            None => {}
        }
        Some(field)
    }

    pub(crate) fn no_field(&mut self, start: usize, end: usize, name: &str, kind: &Type) {
        let names: Vec<&str> = match kind {
            Type::Record(fields) => fields.keys().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        };
        let message = text!(format!("{kind} 没有字段 `{name}`"), format!("{kind} has no field `{name}`"));
        let hint = nearest(name, names.iter().copied())
            .map(|near| text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")));
        self.say_at(&codes::EXPR_UNKNOWN_FIELD, start, end, message, hint);
    }

    /// A value that is known now: no expressions.
    pub(crate) fn constant(&mut self, node: &Node, kind: &Type) -> Option<Value> {
        use crate::language::definition::Template;
        fn value(template: Template) -> Option<Value> {
            match template {
                Template::Literal(value) => Some(value),
                Template::List(items) => items.into_iter().map(value).collect::<Option<Vec<_>>>().map(Value::list),
                Template::Record(entries) => entries
                    .into_iter()
                    .map(|(name, part)| value(part).map(|part| (name, part)))
                    .collect::<Option<Vec<_>>>()
                    .map(Value::record),
                Template::Expression(_) | Template::Text(_) => None,
            }
        }
        let template = self.template(node, Some(kind))?;
        let constant = value(template);
        match &constant {
            None => self.wrong(node, "固定值，不能是表达式", "a fixed value, not an expression"),
            Some(constant) => {
                if let Err(mismatch) = kind.check(constant) {
                    let (path, wanted) = (&mismatch.path, &mismatch.wanted);
                    let at = if path.is_empty() { String::new() } else { format!("（`{path}`）") };
                    let message = text!(
                        format!("初始值不符合类型 {wanted}{at}"),
                        format!("the initial value does not fit: {mismatch}")
                    );
                    self.say(&codes::TYPE_MISMATCH, node, message, None);
                }
            }
        }
        constant
    }

    /// A type expression.
    pub(crate) fn kind_of(&mut self, node: &Node) -> Option<Type> {
        match &node.kind {
            NodeKind::Scalar { text, .. } => {
                let written = text.trim().to_owned();
                self.kind_word(node, &written)
            }
            NodeKind::List(items) => {
                let words = items.iter().filter_map(|item| self.word(item, "一个词", "a word")).collect();
                Some(Type::OneOf(words))
            }
            NodeKind::Map { .. } => {
                if let Some(schema) = node.get("schema") {
                    return self.schema_type(schema);
                }
                self.shape(node, "a type", &["record", "list", "schema"])?;
                if let Some(inner) = node.get("list") {
                    return match &inner.kind {
                        NodeKind::Map { .. } if inner.get("record").is_none() && inner.get("list").is_none() => {
                            self.record(inner)
                        }
                        _ => self.kind_of(inner),
                    }
                    .map(|kind| Type::List(Arc::new(kind)));
                }
                node.get("record").and_then(|record| self.record(record))
            }
            _ => {
                self.wrong(node, "类型", "a type");
                None
            }
        }
    }

    /// A record's fields, each with its type.
    pub(crate) fn record(&mut self, node: &Node) -> Option<Type> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "字段表", "a map of fields");
            return None;
        };
        let mut fields = BTreeMap::new();
        for entry in entries {
            if let Some(name) = self.name_key(entry) {
                let kind = self.kind_of(&entry.value).unwrap_or(Type::Any);
                fields.insert(name, kind);
            }
        }
        Some(Type::Record(Arc::new(fields)))
    }

    fn kind_word(&mut self, node: &Node, written: &str) -> Option<Type> {
        if let Some(inner) = written.strip_prefix("optional ") {
            return self.kind_word(node, inner.trim()).map(|kind| Type::Optional(Arc::new(kind)));
        }
        if let Some(inner) = written.strip_prefix("list of ") {
            return self.kind_word(node, inner.trim()).map(|kind| Type::List(Arc::new(kind)));
        }
        if let Some(field) = written.strip_prefix("like ") {
            return self.like(node, field.trim());
        }
        if let Some(currency) = written.strip_prefix("money ") {
            let currency = currency.trim();
            if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Some(Type::Money(currency.into()));
            }
        }
        if let Some(range) = written.strip_prefix("integer ")
            && let Some((min, max)) = range.trim().split_once("..")
        {
            let side = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<i64>().map(Some) };
            if let (Ok(min), Ok(max)) = (side(min), side(max))
                && (min.is_none() || max.is_none() || min <= max)
            {
                return Some(Type::Integer { min, max });
            }
        }
        Some(match written {
            "string" | "text" => Type::String,
            "integer" => Type::Integer { min: None, max: None },
            "decimal" => Type::Decimal,
            "boolean" => Type::Boolean,
            "date" => Type::Date,
            "datetime" => Type::DateTime,
            "duration" => Type::Duration,
            "user" => Type::User,
            "role" => Type::Role,
            "file" => Type::File,
            "record" => Type::AnyRecord,
            "anything" => Type::Any,
            _ => {
                let message = text!(format!("`{written}` 不是类型"), format!("`{written}` is no type"));
                let hint = match nearest(written, WORDS) {
                    Some(near) => text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")),
                    None => text!(
                        format!(
                            "类型有：{}、money CNY、integer 1..10、list of …、optional …、like …",
                            WORDS.join("、")
                        ),
                        format!(
                            "types are {}, money CNY, integer 1..10, list of …, optional …, like …",
                            WORDS.join(", ")
                        )
                    ),
                };
                self.say(&codes::TYPE_INVALID, node, message, Some(hint));
                return None;
            }
        })
    }

    /// The type of a field that was declared before.
    fn like(&mut self, node: &Node, written: &str) -> Option<Type> {
        let path: Vec<&str> = written.split('.').collect();
        let (input, rest) = match path.split_first() {
            Some((&"input", rest)) => (true, rest),
            _ => (false, path.as_slice()),
        };
        let fields = if input { &self.input } else { &self.data };
        let kind = rest.split_first().and_then(|(first, rest)| {
            let field = fields.iter().find(|field| field.name.as_ref() == *first)?;
            rest.iter().try_fold(field.kind.clone(), |kind, name| kind.field(name))
        });
        if kind.is_none() {
            let near = nearest(written, self.data.iter().map(|field| field.name.as_ref())).map(str::to_owned);
            let message =
                text!(format!("之前没有声明字段 `{written}`"), format!("no field `{written}` is declared before this"));
            let hint = near.map(|near| text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")));
            self.say(&codes::TYPE_UNKNOWN_LIKE, node, message, hint);
        }
        kind
    }

    fn schema_type(&mut self, node: &Node) -> Option<Type> {
        let name = self.word(node, "文件名", "a file name")?;
        let found = self.library.schemas.get(&name).cloned();
        if found.is_none() {
            let message = text!(format!("没有模式文件 `{name}`"), format!("there is no schema `{name}`"));
            self.say(&codes::SCHEMA_UNKNOWN, node, message, None);
        }
        found
    }
}

/// The node without some of its keys.
fn without(node: &Node, keys: &[&str]) -> Node {
    let mut node = node.clone();
    if let NodeKind::Map { entries, .. } = &mut node.kind {
        entries.retain(|entry| !keys.contains(&entry.key.as_str()));
    }
    node
}

/// The type that a JSON Schema declares, as far as it does; `x-type` holds one in our own words.
#[must_use]
pub(crate) fn schema_kind(schema: &serde_json::Value) -> Type {
    let word = |key: &str| schema.get(key).and_then(serde_json::Value::as_str).unwrap_or("");
    if let Some(words) = schema.get("enum").and_then(serde_json::Value::as_array) {
        let words: Option<Vec<Arc<str>>> = words.iter().map(|word| word.as_str().map(Arc::from)).collect();
        return words.map_or(Type::Any, Type::OneOf);
    }
    match word("x-type") {
        "user" => return Type::User,
        "role" => return Type::Role,
        "file" => return Type::File,
        "duration" => return Type::Duration,
        other => {
            if let Some(currency) = other.strip_prefix("money ") {
                return Type::Money(currency.into());
            }
        }
    }
    match word("type") {
        "string" => match word("format") {
            "date" => Type::Date,
            "date-time" => Type::DateTime,
            "decimal" => Type::Decimal,
            _ => Type::String,
        },
        "integer" => {
            let bound = |key: &str| schema.get(key).and_then(serde_json::Value::as_i64);
            Type::Integer { min: bound("minimum"), max: bound("maximum") }
        }
        "number" => Type::Decimal,
        "boolean" => Type::Boolean,
        "array" => Type::List(Arc::new(schema.get("items").map_or(Type::Any, schema_kind))),
        "object" => schema.get("properties").and_then(serde_json::Value::as_object).map_or(Type::AnyRecord, |all| {
            let required = |name: &str| {
                let list = schema.get("required").and_then(serde_json::Value::as_array);
                list.is_some_and(|list| list.iter().any(|word| word.as_str() == Some(name)))
            };
            let fields = all.iter().map(|(name, part)| {
                let kind = schema_kind(part);
                (Arc::from(name.as_str()), if required(name) { kind } else { Type::Optional(Arc::new(kind)) })
            });
            Type::Record(Arc::new(fields.collect()))
        }),
        _ => Type::Any,
    }
}
