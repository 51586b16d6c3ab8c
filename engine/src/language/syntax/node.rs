//! The tree of a YAML file: every node with its place, every scalar as it was written.

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    /// `|` or `>`.
    Block,
}

/// One node. `start..end` are characters of the file.
#[derive(Clone, Debug)]
pub struct Node {
    pub start: usize,
    pub end: usize,
    pub kind: NodeKind,
}

#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Nothing was written, or `null` or `~`.
    Null,
    /// The text, not yet typed: its declared position says what it is.
    Scalar {
        text: String,
        style: Style,
    },
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Between braces.
        flow: bool,
    },
    /// A finding was made about it already; readers let it pass.
    Broken,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_style: Style,
    pub key_start: usize,
    pub key_end: usize,
    pub value: Node,
}

impl Node {
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { style: Style::Plain, .. })
    }

    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, NodeKind::Broken)
    }

    /// The character after the node, its closing brace or bracket included; none if it cannot be told.
    ///
    /// Between braces the parser's own end lies before the brace.
    #[must_use]
    pub fn close(&self, source: &[char]) -> Option<usize> {
        let (last, brace) = match (&self.kind, source.get(self.start)) {
            (NodeKind::Map { entries, .. }, Some('{')) => (entries.last().map(|entry| &entry.value), '}'),
            (NodeKind::List(items), Some('[')) => (items.last(), ']'),
            (NodeKind::Map { entries, .. }, _) => return entries.last()?.value.close(source),
            (NodeKind::List(items), _) => return items.last()?.close(source),
            (NodeKind::Scalar { .. }, _) => return Some(self.end.min(source.len())),
            (NodeKind::Null | NodeKind::Broken, _) => return None,
        };
        let mut at = match last {
            Some(last) => last.close(source)?,
            None => self.start + 1,
        };
        while source.get(at).is_some_and(|c| c.is_whitespace() || *c == ',') {
            at += 1;
        }
        (source.get(at) == Some(&brace)).then_some(at + 1)
    }

    /// The place in the file of each character of the scalar's text, and of its end.
    ///
    /// Walks text and source side by side; what the text does not have (escapes, folded line ends, indentation) is passed over.
    #[must_use]
    pub fn places(&self, source: &[char]) -> Vec<usize> {
        let NodeKind::Scalar { text, style } = &self.kind else { return vec![self.start] };
        let end = self.end.min(source.len());
        let mut at = match style {
            Style::Plain | Style::Block => self.start,
            Style::Single | Style::Double => self.start + 1,
        };
        let mut places = Vec::with_capacity(text.len() + 1);
        for wanted in text.chars() {
            let begin = at;
            loop {
                match source.get(at) {
                    _ if at >= end => break,
                    Some('\\') if *style == Style::Double && source.get(at + 1) == Some(&'\n') => at += 2,
                    Some('\\') if *style == Style::Double => {
                        places.push(at);
                        at += escape_length(source.get(at + 1).copied());
                        break;
                    }
                    Some(c) if *c == wanted || (wanted == ' ' && *c == '\n' && begin == at) => {
                        places.push(at);
                        at += if wanted == '\'' && *style == Style::Single { 2 } else { 1 };
                        break;
                    }
                    _ => at += 1,
                }
            }
            if at >= end && places.len() < places.capacity() && places.last().is_none_or(|last| *last < begin) {
                places.push(begin.min(end));
                at = begin;
            }
        }
        places.push(at.min(end));
        places
    }
}

/// How many characters of the source an escape of a double-quoted text takes.
fn escape_length(letter: Option<char>) -> usize {
    match letter {
        Some('x') => 4,
        Some('u') => 6,
        Some('U') => 10,
        _ => 2,
    }
}
