//! Values: `=` begins an expression, `${…}` stands in a text, the rest is literal and typed by its position.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::language::compile::Compiler;
use crate::language::compile::site::{Expectation, Site};
use crate::language::definition::{Path, Piece, Template, Text, TextTemplate};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind, Style};
use crate::language::types::Type;
use crate::rules::expression::Expression;
use crate::value::Value;

impl Compiler<'_> {
    /// An expression where only an expression makes sense.
    pub(crate) fn expression(&mut self, node: &Node, wanted: Expectation) -> Option<Expression> {
        let Some(written) = node.text() else {
            self.wrong(node, "表达式", "an expression");
            return None;
        };
        if !written.starts_with('=') {
            let message = text!("这里应为表达式", "this must be an expression");
            let hint = text!(format!("以 `=` 开头：`={written}`"), format!("begin it with `=`: `={written}`"));
            self.say(&codes::EXPR_LITERAL, node, message, Some(hint));
            return None;
        }
        let places = node.places(&self.source.chars);
        self.parse(&written[1..], places.get(1..).unwrap_or_default().to_vec(), wanted)
    }

    /// Stands for an expression that was told about, so that what depends on it is not told as well.
    pub(crate) fn unread(&self) -> Option<Expression> {
        Expression::parse("key ?? key").ok()
    }

    /// Parses an expression whose characters stand at `places`, and keeps it for the checks.
    pub(crate) fn parse(&mut self, written: &str, places: Vec<usize>, wanted: Expectation) -> Option<Expression> {
        let mut quoted: Option<char> = None;
        for (place, c) in written.chars().enumerate() {
            match quoted {
                Some(quote) if c == quote => quoted = None,
                Some(_) => {}
                None if matches!(c, '"' | '`' | '\'') => quoted = Some(c),
                None if crate::language::syntax::is_wide(c) => {
                    let at = places.get(place).copied().unwrap_or_default();
                    self.sink.add(crate::language::syntax::full_width(self.source, at));
                    return None;
                }
                None => {}
            }
        }
        match Expression::parse(written) {
            Ok(expression) => {
                let (locals, step) = (self.locals.clone(), self.step.clone());
                self.sites.push(Site { expression: expression.clone(), places, locals, wanted, step });
                Some(expression)
            }
            Err(error) => {
                let last = places.last().copied().unwrap_or_default();
                let at = places.get(error.offset).copied().unwrap_or(last);
                self.say_at(&codes::EXPR_SYNTAX, at, at + 1, Text { zh: error.zh.into(), en: error.en.into() }, None);
                None
            }
        }
    }

    /// A value of a declared type, if one is known.
    pub(crate) fn template(&mut self, node: &Node, kind: Option<&Type>) -> Option<Template> {
        match &node.kind {
            NodeKind::Scalar { text, .. } if text.starts_with('=') => {
                let wanted = kind.map_or(Expectation::Any, |kind| Expectation::Typed(kind.clone()));
                self.expression(node, wanted).map(Template::Expression)
            }
            NodeKind::Scalar { text, .. } if text.contains("${") => self.pieces(node).map(Template::Text),
            NodeKind::Scalar { text, style } => {
                let value = self.literal(node, text, *style, kind)?;
                Some(Template::Literal(value))
            }
            NodeKind::List(items) => {
                let inner = match kind {
                    Some(Type::List(inner)) => Some((**inner).clone()),
                    _ => None,
                };
                Some(Template::List(items.iter().filter_map(|item| self.template(item, inner.as_ref())).collect()))
            }
            NodeKind::Map { entries, .. } => {
                let mut record = std::collections::BTreeMap::new();
                for entry in entries {
                    let inner = kind.and_then(|kind| kind.field(&entry.key));
                    if self.own_key(entry)
                        && let Some(value) = self.template(&entry.value, inner.as_ref())
                    {
                        record.insert(entry.key.as_str().into(), value);
                    }
                }
                Some(Template::Record(record))
            }
            NodeKind::Null => {
                let message = text!("这里没有值", "there is no value here");
                let hint =
                    text!("没有值写作 `=()`；空文字写作 \"\"", "write `=()` for nothing, \"\" for an empty text");
                self.say_at(&codes::SHAPE_WRONG_KIND, node.start, node.end, message, Some(hint));
                None
            }
            NodeKind::Broken => None,
        }
    }

    /// A literal, typed by its declared position; without one, by what was written plainly.
    pub(crate) fn literal(&mut self, node: &Node, text: &str, style: Style, kind: Option<&Type>) -> Option<Value> {
        let plain = style == Style::Plain;
        let mut declared = kind;
        while let Some(Type::Optional(inner)) = declared {
            declared = Some(inner);
        }
        let value = match declared {
            None | Some(Type::Any | Type::AnyRecord) if plain => {
                if node.kind.is_boolean_word() {
                    self.ambiguous(node, text);
                    return None;
                }
                untyped(text)
            }
            Some(Type::Boolean) if plain && matches!(text, "true" | "false") => Value::Bool(text == "true"),
            Some(Type::Integer { .. } | Type::Decimal | Type::Money(_)) if plain => {
                number(text).unwrap_or(Value::text(text))
            }
            Some(Type::DateTime) => {
                crate::time::Timestamp::parse(text).map_or_else(|| Value::text(text), |at| Value::text(at.to_string()))
            }
            _ => Value::text(text),
        };
        if let Some(kind) = kind
            && let Err(mismatch) = kind.check(&value)
        {
            let wanted = &mismatch.wanted;
            let message = text!(format!("`{text}` 不是 {wanted} 类型的值"), format!("`{text}` is no {wanted}"));
            let hint = node
                .kind
                .is_boolean_word()
                .then(|| text!("布尔值写作 `true` 或 `false`", "a boolean is written `true` or `false`"));
            self.say(&codes::TYPE_MISMATCH, node, message, hint);
            return None;
        }
        Some(value)
    }

    fn ambiguous(&mut self, node: &Node, written: &str) {
        let message = text!(
            format!("不同的 YAML 解析器对 `{written}` 的理解不同"),
            format!("readers of YAML disagree on what `{written}` is")
        );
        let hint = text!(
            format!("文字写作 \"{written}\"，布尔值写作 `true` 或 `false`"),
            format!("write \"{written}\" for the text, `true` or `false` for the boolean")
        );
        self.say(&codes::YAML_AMBIGUOUS_SCALAR, node, message, Some(hint));
    }

    /// A text with holes, `${…}`.
    pub(crate) fn pieces(&mut self, node: &Node) -> Option<Vec<Piece>> {
        let written = self.word(node, "文字", "a text")?;
        let chars: Vec<char> = written.chars().collect();
        let places = node.places(&self.source.chars);
        let (mut pieces, mut literal, mut at) = (Vec::new(), String::new(), 0);
        while at < chars.len() {
            if !(chars[at] == '$' && chars.get(at + 1) == Some(&'{')) {
                literal.push(chars[at]);
                at += 1;
                continue;
            }
            let Some(end) = hole_end(&chars, at + 2) else {
                let start = places.get(at).copied().unwrap_or(node.start);
                let message = text!("`${` 没有对应的 `}`", "this `${` has no `}`");
                self.say_at(&codes::EXPR_SYNTAX, start, start + 2, message, None);
                return None;
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
            }
            let inside: String = chars[at + 2..end].iter().collect();
            let inner = places.get(at + 2..=end).unwrap_or_default().to_vec();
            pieces.push(Piece::Hole(self.parse(&inside, inner, Expectation::Any)?));
            at = end + 1;
        }
        if !literal.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Some(pieces)
    }

    /// A text in both languages, each of which may have holes; or the name of one in `texts.yaml`.
    pub(crate) fn text_template(&mut self, node: &Node) -> Option<TextTemplate> {
        if let Some(name) = node.text() {
            let Some(found) = self.library.texts.get(name) else {
                self.unknown_text(node, name);
                return None;
            };
            let whole = |text: &Arc<str>| vec![Piece::Literal(text.clone())];
            return Some(TextTemplate { zh: whole(&found.zh), en: whole(&found.en) });
        }
        let [zh, en] = self.both_languages(node)?;
        Some(TextTemplate { zh: self.pieces(zh)?, en: self.pieces(en)? })
    }

    /// A text without holes.
    pub(crate) fn plain_text(&mut self, node: &Node) -> Option<Text> {
        if let Some(name) = node.text() {
            let found = self.library.texts.get(name).cloned();
            if found.is_none() {
                self.unknown_text(node, name);
            }
            return found;
        }
        let [zh, en] = self.both_languages(node)?;
        Some(Text { zh: self.word(zh, "文字", "a text")?, en: self.word(en, "文字", "a text")? })
    }

    fn both_languages<'n>(&mut self, node: &'n Node) -> Option<[&'n Node; 2]> {
        self.shape(node, "a text", &["zh", "en"])?;
        for (language, zh) in [("zh", "中文"), ("en", "英文")] {
            if node.get(language).is_none() {
                let message = text!(format!("缺少{zh}（{language}）"), format!("the text in `{language}` is missing"));
                self.say_at(&codes::TEXT_MISSING_LANGUAGE, node.start, node.end, message, None);
            }
        }
        Some([node.get("zh")?, node.get("en")?])
    }

    fn unknown_text(&mut self, node: &Node, name: &str) {
        let near = crate::language::diagnostics::nearest(name, self.library.texts.keys().map(AsRef::as_ref));
        let message = text!(format!("texts.yaml 中没有 `{name}`"), format!("texts.yaml has no `{name}`"));
        let hint = match near {
            Some(near) => text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")),
            None => {
                text!("写作 { zh: …, en: … }，或加入 texts.yaml", "write { zh: …, en: … }, or add it to texts.yaml")
            }
        };
        self.say(&codes::TEXT_UNKNOWN, node, message, Some(hint));
    }

    /// `limits.contain`: a field, or a field of a record in it.
    pub(crate) fn path(&mut self, node: &Node) -> Option<Path> {
        let word = self.word(node, "字段", "a field")?;
        self.path_at(&word, node.start, node.end)
    }

    pub(crate) fn path_at(&mut self, word: &str, start: usize, end: usize) -> Option<Path> {
        let parts: Path = word.split('.').map(Arc::from).collect();
        parts.iter().all(|part| self.name_at(part, start, end)).then_some(parts)
    }
}

/// The `}` that closes a hole; braces and quotes inside belong to the expression.
fn hole_end(chars: &[char], from: usize) -> Option<usize> {
    let (mut depth, mut quoted) = (0u32, None);
    for (place, c) in chars.iter().enumerate().skip(from) {
        match (quoted, c) {
            (Some(quote), c) if *c == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quoted = Some(*c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(place),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What was written plainly where nothing declares a type.
fn untyped(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::text(text)),
    }
}

/// A number as it is written: digits, perhaps a sign, perhaps a fraction; no leading zeros.
pub(crate) fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let clean = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !clean(whole) || (whole.len() > 1 && whole.starts_with('0')) || !fraction.is_none_or(clean) {
        return None;
    }
    match fraction {
        None => text.parse::<i64>().ok().filter(|number| number.abs() <= crate::value::INTEGER_MAX).map(Value::Int),
        Some(_) => Decimal::from_str_exact(text).ok().map(Value::Decimal),
    }
}
