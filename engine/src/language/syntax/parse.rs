//! From bytes to a tree: parsed twice, compared, and everything YAML would lose refused.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use crate::language::diagnostics::registry as codes;
use crate::language::diagnostics::{Diagnostic, Sink};
use crate::language::syntax::node::{Entry, Node, NodeKind, Style};
use crate::language::syntax::{Source, compare, traps};

/// How large a file may be, and how deep it may nest.
const BYTES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 64;
const INDENT_MAX: usize = 200;

/// Parses one file. The tree is missing only if the file is no YAML at all.
pub fn parse(file: &str, bytes: &[u8], sink: &mut Sink) -> (Source, Option<Node>) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let source = Source::new(file, &good);
            let end = source.chars.len();
            let message = text!("这里不是 UTF-8 编码", "the file is not UTF-8 from here on");
            sink.add(source.finding(&codes::YAML_ENCODING, end, end, message, None));
            return (source, None);
        }
    };
    let source = Source::new(file, text);
    if let Err(finding) = bounded(&source, bytes.len()) {
        sink.add(*finding);
        return (source, None);
    }
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            let at = source.offset(error.marker().line(), error.marker().col());
            sink.add(traps::explain(&source, at, error.info()));
            return (source, None);
        }
    };
    let Some(first) = documents.first().filter(|_| documents.len() == 1) else {
        let at = documents.get(1).map_or(0, |second| second.span.start.index());
        let message = text!("一个文件只能有一份 YAML 文档", "a file holds exactly one YAML document");
        sink.add(source.finding(&codes::YAML_DOCUMENTS, at, at, message, None));
        return (source, None);
    };
    let mut reader = Reader { source: &source, sink };
    let mut tree = reader.node(first);
    traps::refuse(&source, &mut tree, sink);
    compare::compare(&source, text, first, sink);
    (source, Some(tree))
}

/// Refuses what could exhaust the stack of the parsers: they descend once a level.
fn bounded(source: &Source, bytes: usize) -> Result<(), Box<Diagnostic>> {
    if bytes > BYTES_MAX {
        let message = text!(format!("文件超过 {BYTES_MAX} 字节"), format!("the file is larger than {BYTES_MAX} bytes"));
        return Err(Box::new(source.finding(&codes::YAML_TOO_LARGE, 0, 0, message, None)));
    }
    let (mut depth, mut indent, mut leading) = (0usize, 0usize, true);
    for (place, c) in source.chars.iter().enumerate() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (indent, leading) = match c {
            '\n' | '\r' => (0, true),
            ' ' | '\t' | '-' | '?' | ':' if leading => (indent + 1, true),
            _ => (indent, false),
        };
        if depth > DEPTH_MAX || indent > INDENT_MAX {
            let message =
                text!(format!("嵌套超过 {DEPTH_MAX} 层"), format!("this nests deeper than {DEPTH_MAX} levels"));
            return Err(Box::new(source.finding(&codes::YAML_TOO_DEEP, place, place + 1, message, None)));
        }
    }
    Ok(())
}

struct Reader<'a> {
    source: &'a Source,
    sink: &'a mut Sink,
}

impl Reader<'_> {
    fn node(&mut self, yaml: &MarkedYaml<'_>) -> Node {
        let (start, end) = (yaml.span.start.index(), yaml.span.end.index().max(yaml.span.start.index()));
        if self.refused(start) {
            return Node { start, end, kind: NodeKind::Broken };
        }
        let kind = match &yaml.data {
            YamlData::Mapping(entries) => NodeKind::Map {
                flow: self.source.chars.get(start) == Some(&'{'),
                entries: entries.iter().filter_map(|(key, value)| self.entry(key, value)).collect(),
            },
            YamlData::Sequence(items) => NodeKind::List(items.iter().map(|item| self.node(item)).collect()),
            YamlData::Value(Scalar::Null) => NodeKind::Null,
            YamlData::Value(scalar) => self.scalar(scalar, start, end),
            YamlData::Tagged(_, inner) => self.node(inner).kind,
            YamlData::Representation(text, _, _) => {
                NodeKind::Scalar { text: text.to_string(), style: self.style(start) }
            }
            YamlData::BadValue | YamlData::Alias(_) => NodeKind::Null,
        };
        Node { start, end, kind }
    }

    /// An anchor, an alias or a tag where a node begins: all three hide what a reader sees.
    fn refused(&mut self, start: usize) -> bool {
        let before = self.source.slice(self.source.line_start(start), start);
        let word_before = before.split_whitespace().next_back().unwrap_or("").chars().next();
        let indicator = match (self.source.chars.get(start), word_before) {
            (Some(c @ ('&' | '*' | '!')), _) => *c,
            (_, Some(c @ ('&' | '!'))) if before.ends_with(' ') => c,
            _ => return false,
        };
        let (code, message) = match indicator {
            '&' => (&codes::YAML_ANCHOR, text!("不使用锚点（&）", "anchors (`&`) are not used here")),
            '*' => (&codes::YAML_ALIAS, text!("不使用别名（*）", "aliases (`*`) are not used here")),
            _ => (&codes::YAML_TAG, text!("不使用标签（!）", "tags (`!`) are not used here")),
        };
        let hint = text!(
            "把内容写出来；若文字以此符号开头，请加引号",
            "write the content out; quote a text that begins with this character"
        );
        self.sink.add(self.source.finding(code, start, start + 1, message, Some(hint)));
        true
    }

    fn entry(&mut self, key: &MarkedYaml<'_>, value: &MarkedYaml<'_>) -> Option<Entry> {
        let node = self.node(key);
        let (key_start, key_end) = (node.start, node.end);
        let value = self.node(value);
        match node.kind {
            NodeKind::Scalar { text, style } if text == "<<" && style == Style::Plain => {
                let message = text!("不使用合并键（<<）", "merge keys (`<<`) are not used here");
                let hint = text!("把字段写出来", "write the fields out");
                self.sink.add(self.source.finding(&codes::YAML_MERGE_KEY, key_start, key_end, message, Some(hint)));
                None
            }
            NodeKind::Scalar { text, style } => Some(Entry { key: text, key_style: style, key_start, key_end, value }),
            NodeKind::Null => {
                let key = self.source.slice(key_start, key_end);
                Some(Entry { key, key_style: Style::Plain, key_start, key_end, value })
            }
            NodeKind::Broken => None,
            NodeKind::List(_) | NodeKind::Map { .. } => {
                let message = text!("键必须是一个词", "a key must be one word");
                self.sink.add(self.source.finding(&codes::YAML_SYNTAX, key_start, key_end, message, None));
                None
            }
        }
    }

    fn scalar(&self, scalar: &Scalar<'_>, start: usize, end: usize) -> NodeKind {
        let text = match scalar {
            Scalar::String(text) => text.to_string(),
            _ => self.source.slice(start, end).trim_end().to_owned(),
        };
        NodeKind::Scalar { text, style: self.style(start) }
    }

    fn style(&self, start: usize) -> Style {
        match self.source.chars.get(start) {
            Some('"') => return Style::Double,
            Some('\'') => return Style::Single,
            _ => {}
        }
        let line = self.source.line_start(start);
        let own_line = self.source.chars[line.min(start)..start].iter().all(|c| c.is_whitespace());
        if !own_line || line == 0 {
            return Style::Plain;
        }
        // A block text begins on a line of its own, after a line that ends with its indicator.
        let above = self.source.chars[..line].iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
        let header = self.source.slice(self.source.line_start(above), above + 1);
        let header = header.split(" #").next().unwrap_or("").trim_end();
        let indicator = header.trim_end_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let block = indicator.ends_with([' ', '|', '>']) && indicator.trim_end().ends_with(['|', '>']);
        if block { Style::Block } else { Style::Plain }
    }
}
