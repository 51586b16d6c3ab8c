//! How wide a text is, where it breaks, and how it is escaped.
//!
//! Widths are estimates that err on the wide side for the sans-serif fonts a picture may meet; a CJK
//! character is as wide as the font is high.

use unicode_width::UnicodeWidthChar;

/// A text that is set in lines of one size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) lines: Vec<String>,
    pub(super) size: i32,
}

impl Lines {
    /// Breaks `text` into at most `lines_max` lines no wider than `width_max`; what is cut off ends in `…`.
    pub(super) fn wrap(text: &str, size: i32, width_max: i32, lines_max: usize) -> Self {
        Lines { lines: wrap(text, size, width_max, lines_max), size }
    }

    pub(super) fn width(&self) -> i32 {
        self.lines.iter().map(|line| width(line, self.size)).max().unwrap_or(0)
    }

    pub(super) fn height(&self) -> i32 {
        i32::try_from(self.lines.len()).unwrap_or(i32::MAX) * line_height(self.size)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// From one baseline to the next.
pub(super) fn line_height(size: i32) -> i32 {
    size * 4 / 3
}

/// The width of a text in pixels.
pub(super) fn width(text: &str, size: i32) -> i32 {
    (text.chars().map(tenths).sum::<i32>() * size + 9) / 10
}

/// The width of a character in tenths of the font's height.
fn tenths(c: char) -> i32 {
    match c {
        _ if UnicodeWidthChar::width(c) == Some(0) => 0,
        _ if UnicodeWidthChar::width(c) == Some(2) => 10,
        'M' | 'W' | 'm' | 'w' | '@' | '%' | '…' => 9,
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '(' | ')' => 4,
        'A'..='Z' | '<' | '>' | '=' | '+' | '&' => 7,
        // Beyond Latin the widths of narrow characters differ more between fonts.
        _ if c as u32 > 0x24F => 8,
        _ => 6,
    }
}

/// Cuts a text to a width, ending in `…` when something was cut.
pub(super) fn fit(text: &str, size: i32, width_max: i32) -> String {
    if width(text, size) <= width_max {
        return text.to_owned();
    }
    let room = width_max * 10 - tenths('…') * size;
    let mut taken = 0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            taken += tenths(*c) * size;
            taken <= room
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

fn wrap(text: &str, size: i32, width_max: i32, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut rest = pieces(text).into_iter().peekable();
    while let Some(piece) = rest.next() {
        let wider = format!("{line}{piece}");
        if width(wider.trim_end(), size) <= width_max {
            line = wider;
            continue;
        }
        if lines.len() + 1 == lines_max {
            line = wider;
            rest.for_each(|piece| line.push_str(piece));
            break;
        }
        if !line.trim().is_empty() {
            lines.push(line.trim().to_owned());
        }
        line = piece.to_owned();
        // A word wider than the line is broken where it must.
        while width(line.trim_end(), size) > width_max && lines.len() + 1 < lines_max {
            let mut taken = 0;
            let at = line
                .char_indices()
                .skip(1)
                .find(|(place, _)| {
                    taken = width(&line[..*place], size);
                    taken + width("M", size) > width_max
                })
                .map_or(line.len(), |(place, _)| place);
            if at == line.len() {
                break;
            }
            let tail = line.split_off(at);
            lines.push(std::mem::replace(&mut line, tail));
        }
    }
    if !line.trim().is_empty() {
        lines.push(fit(line.trim(), size, width_max));
    }
    lines
}

/// Where a line may break: after a space, after `_ . / -` inside a name, and after any wide character unless a closing mark follows.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((place, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let wide = UnicodeWidthChar::width(c) == Some(2);
        let closes = next.is_some_and(|next| "，。、；：！？）」』》)],.;:".contains(next));
        let opens = "（「『《([".contains(c);
        let before_wide = next.is_some_and(|next| UnicodeWidthChar::width(next) == Some(2));
        let breaks = c == ' ' || matches!(c, '_' | '.' | '/' | '-') || ((wide || before_wide) && !closes && !opens);
        let end = place + c.len_utf8();
        if breaks && end < text.len() {
            out.push(&text[from..end]);
            from = end;
        }
    }
    if from < text.len() {
        out.push(&text[from..]);
    }
    out
}

/// Makes a text safe inside XML, in content and in attributes; control characters, which XML cannot hold, are shown as `�`.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_the_font_height() {
        assert_eq!(width("会签", 13), 26);
        assert!(width("ab", 13) < 26);
    }

    #[test]
    fn chinese_breaks_between_characters_but_not_before_a_full_stop() {
        let lines = Lines::wrap("纠正与预防措施。完", 10, 70, 9);
        assert_eq!(lines.lines, ["纠正与预防措", "施。完"]);
    }

    #[test]
    fn no_line_is_wider_than_allowed_and_nothing_is_lost_before_the_last() {
        let text = "a_very_long_name.with_parts and MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM 措施";
        for width_max in [40, 80, 160] {
            let lines = Lines::wrap(text, 13, width_max, 99);
            assert!(lines.width() <= width_max, "{lines:?}");
            let joined: String = lines.lines.concat();
            assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        let lines = Lines::wrap("one two three four five six seven", 13, 60, 2);
        assert_eq!(lines.lines.len(), 2);
        assert!(lines.lines[1].ends_with('…'));
    }

    #[test]
    fn markup_and_control_characters_are_harmless() {
        assert_eq!(escape("<a b=\"c\">&'\u{1}"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\u{FFFD}");
    }
}
