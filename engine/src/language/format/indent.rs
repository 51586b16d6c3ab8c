//! Indentation: two blanks a level, lists one level below their key, one blank after a dash.

use std::collections::BTreeMap;

use super::line;
use crate::language::syntax::{Node, NodeKind, Source};

/// How a line is to begin: at which column now and then, and how far a dash is from what it introduces.
#[derive(Clone, Copy)]
struct Begin {
    old: usize,
    new: usize,
    /// The blanks after a dash, if the line begins with one.
    after_dash: Option<usize>,
}

struct Layout<'s> {
    source: &'s Source,
    lines: BTreeMap<usize, Begin>,
    /// A dash after a dash: such a file is left as it is.
    odd: bool,
}

pub(super) fn indented(source: &Source, tree: &Node) -> String {
    let mut layout = Layout { source, lines: BTreeMap::new(), odd: false };
    layout.node(tree, 0);
    let text: String = source.chars.iter().collect();
    if layout.odd {
        return text;
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut shift = (0, 0);
    for (number, written) in lines.iter().enumerate() {
        let old = written.len() - written.trim_start_matches(' ').len();
        let body = &written[old..];
        if let Some(begin) = layout.lines.get(&number) {
            shift = (begin.old, begin.new);
            let body = match begin.after_dash {
                Some(blanks) => format!("- {}", body.get(1 + blanks..).unwrap_or_default()),
                None => body.to_owned(),
            };
            out.push(format!("{}{body}", " ".repeat(begin.new)));
        } else if body.is_empty() {
            out.push(String::new());
        } else {
            let column = if body.starts_with('#') && !layout.inside_scalar(tree, number) {
                layout.comment(number, old)
            } else {
                (old + shift.1).saturating_sub(shift.0)
            };
            out.push(format!("{}{body}", " ".repeat(column)));
        }
    }
    out.join("\n")
}

impl Layout<'_> {
    fn column(&self, at: usize) -> usize {
        at - self.source.line_start(at)
    }

    /// Whether only blanks stand before it on its line.
    fn leads(&self, at: usize) -> bool {
        self.source.chars[self.source.line_start(at)..at].iter().all(|c| *c == ' ')
    }

    fn node(&mut self, node: &Node, indent: usize) {
        match &node.kind {
            NodeKind::Map { entries, flow: false } => {
                for entry in entries {
                    if self.leads(entry.key_start) {
                        let begin = Begin { old: self.column(entry.key_start), new: indent, after_dash: None };
                        self.lines.insert(line(self.source, entry.key_start), begin);
                    }
                    self.node(&entry.value, indent + 2);
                }
            }
            NodeKind::List(items) if self.source.chars.get(node.start) != Some(&'[') => {
                for item in items {
                    self.item(item, indent);
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &Node, indent: usize) {
        let start = self.source.line_start(item.start);
        let before = &self.source.chars[start..item.start];
        let dash = before.iter().rposition(|c| *c == '-').map(|place| start + place);
        let Some(dash) = dash.filter(|dash| self.leads(*dash)) else {
            self.odd = true;
            return;
        };
        let after_dash = Some(item.start - dash - 1);
        self.lines.insert(line(self.source, dash), Begin { old: self.column(dash), new: indent, after_dash });
        self.node(item, indent + 2);
    }

    /// A comment goes with the line that it stands level with: the next one, else the one before.
    fn comment(&self, number: usize, old: usize) -> usize {
        let next = self.lines.range(number..).next().map(|(_, begin)| *begin);
        let before = self.lines.range(..number).next_back().map(|(_, begin)| *begin);
        match (next, before) {
            (Some(next), Some(before)) if next.old != old && before.old == old => before.new,
            (Some(next), _) => next.new,
            (None, Some(before)) => (old + before.new).saturating_sub(before.old),
            (None, None) => old,
        }
    }

    fn inside_scalar(&self, tree: &Node, number: usize) -> bool {
        let mut inside = false;
        super::walk(tree, &mut |node| {
            if matches!(node.kind, NodeKind::Scalar { .. }) {
                let (first, last) = (line(self.source, node.start), line(self.source, node.end));
                inside |= (first..last).contains(&number);
            }
        });
        inside
    }
}
