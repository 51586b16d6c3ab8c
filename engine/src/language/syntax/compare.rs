//! Two parsers must read the same. Where they do not, a third reader will not either: quotes settle it.

use saphyr::{MarkedYaml, Scalar, YamlData};

use crate::language::diagnostics::Sink;
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::node::NodeKind;
use crate::language::syntax::{Source, traps};

/// Compares the tree with that of the second parser.
pub(super) fn compare(source: &Source, text: &str, first: &MarkedYaml<'_>, sink: &mut Sink) {
    match serde_yaml::from_str::<serde_yaml::Value>(text) {
        Ok(second) => walk(source, first, &second, sink),
        Err(error) => {
            if sink.has_errors() {
                return;
            }
            let at = error.location().map_or(0, |place| source.offset(place.line(), place.column().saturating_sub(1)));
            sink.add(traps::explain(source, at, &error.to_string()));
        }
    }
}

fn walk(source: &Source, first: &MarkedYaml<'_>, second: &serde_yaml::Value, sink: &mut Sink) {
    match (&first.data, second) {
        (YamlData::Mapping(entries), serde_yaml::Value::Mapping(others)) => {
            for ((key, value), (other_key, other_value)) in entries.iter().zip(others.iter()) {
                scalar(source, key, other_key, sink);
                walk(source, value, other_value, sink);
            }
        }
        (YamlData::Sequence(items), serde_yaml::Value::Sequence(others)) => {
            for (item, other) in items.iter().zip(others.iter()) {
                walk(source, item, other, sink);
            }
        }
        _ => scalar(source, first, second, sink),
    }
}

fn scalar(source: &Source, first: &MarkedYaml<'_>, second: &serde_yaml::Value, sink: &mut Sink) {
    let same = match (&first.data, second) {
        (YamlData::Value(Scalar::Null) | YamlData::BadValue, serde_yaml::Value::Null) => true,
        (YamlData::Value(Scalar::Boolean(one)), serde_yaml::Value::Bool(two)) => one == two,
        (YamlData::Value(Scalar::Integer(one)), serde_yaml::Value::Number(two)) => two.as_i64() == Some(*one),
        (YamlData::Value(Scalar::FloatingPoint(_)), serde_yaml::Value::Number(_)) => true,
        (YamlData::Value(Scalar::String(one)), serde_yaml::Value::String(two)) => one == two,
        (YamlData::Tagged(..) | YamlData::Mapping(_) | YamlData::Sequence(_), _) => true,
        _ => false,
    };
    if same {
        return;
    }
    let (start, end) = (first.span.start.index(), first.span.end.index());
    let written = source.slice(start, end);
    if written.starts_with(['*', '&', '!']) {
        return;
    }
    ambiguous(source, start, end, &written, sink);
}

/// Words that readers of YAML take for booleans, though ours do not.
const BOOLEAN_WORDS: [&str; 8] = ["yes", "no", "on", "off", "y", "n", "Yes", "No"];

fn ambiguous(source: &Source, start: usize, end: usize, written: &str, sink: &mut Sink) {
    let message = text!(
        format!("不同的 YAML 解析器对 `{written}` 的理解不同"),
        format!("readers of YAML disagree on what `{written}` is")
    );
    let hint = text!(format!("加引号：\"{written}\""), format!("quote it: \"{written}\""));
    sink.add(source.finding(&codes::YAML_AMBIGUOUS_SCALAR, start, end, message, Some(hint)));
}

impl NodeKind {
    /// A plain scalar that readers of YAML 1.1 take for a boolean or nothing.
    #[must_use]
    pub fn is_boolean_word(&self) -> bool {
        matches!(self, NodeKind::Scalar { text, style: super::Style::Plain } if BOOLEAN_WORDS.contains(&text.as_str()))
    }
}
