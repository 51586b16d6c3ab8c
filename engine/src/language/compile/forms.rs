//! Forms and schemas: JSON Schema documents of the bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::Digest;
use crate::language::compile::typing::schema_kind;
use crate::language::definition::Form;
use crate::language::diagnostics::Sink;
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::Source;
use crate::language::types::Type;

/// How deep a document may nest.
const DEPTH_MAX: usize = 64;

/// Compiles a form; what is wrong with it is told at its place in its own file.
pub(super) fn form(file: &str, bytes: &[u8], sink: &mut Sink) -> Option<Arc<Form>> {
    let (source, document) = document(file, bytes, sink)?;
    let schema = match jsonschema::validator_for(&document) {
        Ok(schema) => schema,
        Err(error) => {
            let why = error.to_string();
            let message = text!("不是合法的 JSON Schema", format!("this is no JSON Schema: {why}"));
            sink.add(source.finding(&codes::FORM_INVALID, 0, 1, message, None));
            return None;
        }
    };
    let fields = match schema_kind(&document) {
        Type::Record(fields) => (*fields).clone(),
        _ => BTreeMap::new(),
    };
    Some(Arc::new(Form { name: file.into(), digest: Digest::of(bytes), document, schema, fields }))
}

/// The type that a schema file declares.
pub(super) fn schema(file: &str, bytes: &[u8], sink: &mut Sink) -> Option<Type> {
    document(file, bytes, sink).map(|(_, document)| schema_kind(&document))
}

fn document(file: &str, bytes: &[u8], sink: &mut Sink) -> Option<(Source, serde_json::Value)> {
    let source = Source::new(file, &String::from_utf8_lossy(bytes));
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(document) if depth(&document) <= DEPTH_MAX && document.is_object() => Some((source, document)),
        Ok(_) => {
            let message = text!("表单必须是一个 JSON 对象", "a form is one JSON object");
            sink.add(source.finding(&codes::FORM_INVALID, 0, 1, message, None));
            None
        }
        Err(error) => {
            let at = source.offset(error.line(), error.column().saturating_sub(1));
            let message =
                text!(format!("第 {} 行起不是合法的 JSON", error.line()), format!("this is no JSON: {error}"));
            sink.add(source.finding(&codes::FORM_INVALID, at, at + 1, message, None));
            None
        }
    }
}

fn depth(document: &serde_json::Value) -> usize {
    match document {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}
