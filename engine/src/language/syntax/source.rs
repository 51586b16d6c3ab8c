//! A file's characters, and the places in it. Parsers count characters; renderers want bytes.

use std::sync::Arc;

use crate::language::definition::{Span, Text};
use crate::language::diagnostics::{Code, Diagnostic};

/// One file of the bundle as text.
#[derive(Debug)]
pub struct Source {
    pub file: Arc<str>,
    pub chars: Vec<char>,
    /// The character at which each line begins.
    lines: Vec<usize>,
    /// The byte at which each character begins, and the length of the file.
    bytes: Vec<usize>,
}

impl Source {
    #[must_use]
    pub fn new(file: &str, text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut lines = vec![0];
        lines.extend(chars.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(place, _)| place + 1));
        let mut bytes: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
        bytes.push(text.len());
        Source { file: file.into(), chars, lines, bytes }
    }

    /// Line and column, from 1, of a character.
    #[must_use]
    pub fn span(&self, offset: usize) -> Span {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let column = offset - self.lines.get(line).copied().unwrap_or(0).min(offset);
        Span { line: number(line), column: number(column) }
    }

    /// The character at a line (from 1) and a column (from 0).
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.chars.len());
        (start + column).min(self.chars.len())
    }

    /// The end of the line that a character is on.
    #[must_use]
    pub fn line_end(&self, offset: usize) -> usize {
        let from = offset.min(self.chars.len());
        self.chars[from..].iter().position(|c| *c == '\n').map_or(self.chars.len(), |length| from + length)
    }

    #[must_use]
    pub fn line_start(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        self.lines.get(line).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> String {
        let to = to.min(self.chars.len());
        self.chars[from.min(to)..to].iter().collect()
    }

    #[must_use]
    pub fn byte_range(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        let at = |offset: usize| self.bytes[offset.min(self.chars.len())];
        at(from)..at(to.max(from))
    }

    /// A finding about the characters `from..to`.
    #[must_use]
    pub fn finding(
        &self,
        code: &'static Code,
        from: usize,
        to: usize,
        message: Text,
        hint: Option<Text>,
    ) -> Diagnostic {
        let (file, span, bytes) = (self.file.clone(), self.span(from), self.byte_range(from, to));
        Diagnostic { code, file, span, bytes, message, hint }
    }
}

fn number(zero_based: usize) -> u32 {
    u32::try_from(zero_based).unwrap_or(u32::MAX - 1).saturating_add(1)
}
