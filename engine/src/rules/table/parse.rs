//! From the file to the table, with the place of every cell.

use std::sync::Arc;

use super::cell::{CellFault, Test, expression, literal};
use super::{COLUMNS_MAX, Collect, Give, HitPolicy, Input, Output, ROWS_MAX, Row, Table, TableFault};
use crate::rules::document::{self, Entry, Fault, Kind, Place};
use crate::rules::expression::{Expression, nearest};
use crate::value::Value;

const KEYS: [&str; 5] = ["table", "title", "hit", "priority", "rows"];
const POLICIES: [&str; 10] = [
    "unique",
    "first",
    "any",
    "priority",
    "rule_order",
    "collect list",
    "collect sum",
    "collect min",
    "collect max",
    "collect count",
];

pub(super) fn parse(source: &str) -> Result<Table, Vec<TableFault>> {
    let entries = document::read(source).map_err(|fault| vec![fault.into()])?;
    let mut parser = Parser { faults: vec![] };
    let table = parser.table(source, &entries);
    match table {
        Some(table) if parser.faults.is_empty() => Ok(table),
        _ => Err(parser.faults.into_iter().map(TableFault::from).collect()),
    }
}

impl From<Fault> for TableFault {
    fn from(fault: Fault) -> Self {
        TableFault { line: fault.place.line, column: fault.place.column, code: fault.code, en: fault.en, zh: fault.zh }
    }
}

struct Parser {
    faults: Vec<Fault>,
}

/// A cell's text and where it begins.
#[derive(Clone, Copy)]
struct Cell<'a> {
    text: &'a str,
    place: Place,
}

impl Parser {
    fn fault(&mut self, place: Place, code: &'static str, en: impl Into<String>, zh: impl Into<String>) {
        self.faults.push(Fault::new(place, code, en, zh));
    }

    fn cell_fault(&mut self, cell: Cell<'_>, code: &'static str, fault: CellFault) {
        let column = cell.place.column + u32::try_from(fault.offset).unwrap_or(0);
        self.fault(Place { column, ..cell.place }, code, fault.en, fault.zh);
    }

    fn table(&mut self, source: &str, entries: &[Entry]) -> Option<Table> {
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let near = nearest(&entry.key, KEYS).unwrap_or("rows");
            self.fault(
                entry.place,
                "table_key",
                format!("`{}` is no key of a table; did you mean `{near}`?", entry.key),
                format!("表没有键 `{}`；是否想写 `{near}`？", entry.key),
            );
        }
        let find = |key: &str| entries.iter().find(|entry| entry.key == key);
        let top = Place { line: 1, column: 1 };
        let name = match find("table").map(|entry| (&entry.value.kind, entry.value.place)) {
            Some((Kind::Text(name), _)) if !name.is_empty() => Arc::from(name.as_str()),
            found => {
                let place = found.map_or(top, |(_, place)| place);
                self.fault(place, "table_name", "`table:` must name the table", "`table:` 必须写表名");
                Arc::from("")
            }
        };
        let title = find("title").and_then(|entry| self.title(entry));
        let hit = find("hit").and_then(|entry| self.policy(entry));
        if find("hit").is_none() {
            self.fault(
                top,
                "table_hit",
                "`hit:` is missing: say which row counts when several match",
                "缺少 `hit:`：请说明多行命中时取哪一行",
            );
        }
        let priority = find("priority").map(|entry| self.priority(entry)).unwrap_or_default();
        let Some(rows) = find("rows") else {
            self.fault(top, "table_rows", "`rows: |` is missing", "缺少 `rows: |`");
            return None;
        };
        if matches!(hit, Some(HitPolicy::Priority)) == priority.is_empty() {
            let place = find("priority").or(find("hit")).map_or(top, |entry| entry.place);
            self.fault(
                place,
                "table_priority",
                "`hit: priority` and `priority: [ … ]` (the values of the first output, the most wanted first) belong together",
                "`hit: priority` 与 `priority: [ … ]`（第一个输出的取值，优先者在前）必须同时出现",
            );
        }
        let lines = self.lines(source, rows)?;
        let (header, body) = lines.split_first()?;
        let (inputs, outputs) = self.header(header)?;
        if body.is_empty() {
            self.fault(header[0].place, "table_rows", "the table has no rows", "表没有数据行");
        }
        if body.len() > ROWS_MAX {
            self.fault(
                header[0].place,
                "table_too_large",
                format!("a table has at most {ROWS_MAX} rows"),
                format!("表最多 {ROWS_MAX} 行"),
            );
            return None;
        }
        let compiled: Vec<Row> = body.iter().filter_map(|cells| self.row(cells, inputs.len(), outputs.len())).collect();
        let hit = hit?;
        let numeric = matches!(hit, HitPolicy::Collect(Collect::Sum | Collect::Min | Collect::Max));
        if numeric && outputs.len() != 1 {
            self.fault(
                header[0].place,
                "table_collect",
                "this `collect` needs exactly one output",
                "此 `collect` 只能有一个输出",
            );
        }
        if hit == HitPolicy::Priority {
            self.check_priority(&compiled, &priority);
        }
        let place = header[0].place;
        Some(Table {
            name,
            title,
            hit,
            inputs,
            outputs,
            rows: compiled,
            priority,
            line: place.line,
            column: place.column,
        })
    }

    fn title(&mut self, entry: &Entry) -> Option<(Arc<str>, Arc<str>)> {
        if let Kind::Map(texts) = &entry.value.kind {
            let text = |key: &str| {
                texts.iter().find(|text| text.key == key).and_then(|text| match &text.value.kind {
                    Kind::Text(text) => Some(Arc::<str>::from(text.as_str())),
                    _ => None,
                })
            };
            if let (Some(zh), Some(en), 2) = (text("zh"), text("en"), texts.len()) {
                return Some((zh, en));
            }
        }
        self.fault(entry.value.place, "table_title", "a title is `{ zh: …, en: … }`", "标题写作 `{ zh: …, en: … }`");
        None
    }

    fn policy(&mut self, entry: &Entry) -> Option<HitPolicy> {
        let Kind::Text(text) = &entry.value.kind else {
            self.fault(entry.value.place, "table_hit", "`hit` is one word", "`hit` 应为一个词");
            return None;
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(match words.as_slice() {
            ["unique"] => HitPolicy::Unique,
            ["first"] => HitPolicy::First,
            ["any"] => HitPolicy::Any,
            ["priority"] => HitPolicy::Priority,
            ["rule_order"] => HitPolicy::RuleOrder,
            ["collect"] | ["collect", "list"] => HitPolicy::Collect(Collect::List),
            ["collect", "sum"] => HitPolicy::Collect(Collect::Sum),
            ["collect", "min"] => HitPolicy::Collect(Collect::Min),
            ["collect", "max"] => HitPolicy::Collect(Collect::Max),
            ["collect", "count"] => HitPolicy::Collect(Collect::Count),
            _ => {
                let all = POLICIES.join(", ");
                self.fault(
                    entry.value.place,
                    "table_hit",
                    format!("`{text}` is no hit policy; write one of {all}"),
                    format!("`{text}` 不是命中策略；请写 {all} 之一"),
                );
                return None;
            }
        })
    }

    fn priority(&mut self, entry: &Entry) -> Vec<Value> {
        let Kind::List(items) = &entry.value.kind else {
            self.fault(
                entry.value.place,
                "table_priority",
                "`priority` is a list of values",
                "`priority` 应为值的列表",
            );
            return vec![];
        };
        let texts = items.iter().filter_map(|item| match &item.kind {
            Kind::Text(text) => literal(text).ok(),
            _ => None,
        });
        texts.collect()
    }

    fn check_priority(&mut self, rows: &[Row], priority: &[Value]) {
        for row in rows {
            match row.gives.first() {
                Some(Give::Literal(value)) if priority.contains(value) => {}
                _ => self.fault(
                    Place { line: row.line, column: row.column },
                    "table_priority",
                    "the first output of this row is not in `priority`",
                    "此行的第一个输出不在 `priority` 中",
                ),
            }
        }
    }

    /// The cells of the lines below `rows: |`, with their places in the file.
    fn lines<'a>(&mut self, source: &'a str, rows: &Entry) -> Option<Vec<Vec<Cell<'a>>>> {
        let all: Vec<&str> = source.strip_prefix('\u{feff}').unwrap_or(source).lines().collect();
        let key_line = (rows.place.line as usize).saturating_sub(1);
        let key_indent = (rows.place.column as usize).saturating_sub(1);
        let written = all.get(key_line).and_then(|line| line.split_once(':')).map_or("", |(_, value)| value);
        let indicator = written.split(" #").next().unwrap_or("").trim();
        if !matches!(indicator, "|" | "|-" | "|+") {
            self.fault(
                rows.value.place,
                "table_rows",
                "the rows stand as a text below `rows: |`, one line each",
                "各行应写在 `rows: |` 之下，每行一条",
            );
            return None;
        }
        let (mut lines, mut decorated) = (Vec::new(), None);
        for (number, line) in all.iter().enumerate().skip(key_line + 1) {
            let indent = line.chars().take_while(|c| *c == ' ').count();
            let content = line.trim();
            if content.is_empty() {
                continue;
            }
            if indent <= key_indent {
                break;
            }
            // A line of dashes between header and rows, as people paste it.
            if content.contains('-')
                && content.chars().all(|c| matches!(c, '-' | '|' | '+' | ':' | ' '))
                && content.len() > 3
            {
                continue;
            }
            // Whether pipes at the ends of the lines are decoration is seen at the header.
            let closed = *decorated.get_or_insert((content.starts_with('|'), content.ends_with('|')));
            lines.push(cells(line, u32::try_from(number + 1).unwrap_or(u32::MAX), closed));
        }
        if lines.is_empty() {
            self.fault(rows.value.place, "table_rows", "the table has no header row", "表没有表头行");
            return None;
        }
        Some(lines)
    }

    /// `input | input | -> output | output`.
    fn header(&mut self, cells: &[Cell<'_>]) -> Option<(Vec<Input>, Vec<Output>)> {
        let arrows: Vec<usize> = (0..cells.len()).filter(|place| cells[*place].text.starts_with("->")).collect();
        let [arrow] = arrows.as_slice() else {
            self.fault(
                cells[0].place,
                "table_header",
                "the header is `input | input | -> output | output`: exactly one `->` begins the outputs",
                "表头写作 `输入 | 输入 | -> 输出 | 输出`：恰有一个 `->` 标出输出的开始",
            );
            return None;
        };
        if cells.len() > COLUMNS_MAX {
            self.fault(
                cells[0].place,
                "table_too_large",
                format!("a table has at most {COLUMNS_MAX} columns"),
                format!("表最多 {COLUMNS_MAX} 列"),
            );
            return None;
        }
        if *arrow == 0 {
            self.fault(cells[0].place, "table_header", "the table has no input", "表没有输入列");
        }
        let (mut inputs, mut outputs) = (Vec::new(), Vec::<Output>::new());
        for cell in &cells[..*arrow] {
            let text = cell.text.strip_prefix('=').unwrap_or(cell.text);
            let lead = cell.text.chars().count() - text.chars().count();
            match Expression::parse(text) {
                Ok(expression) => inputs.push(Input { expression, line: cell.place.line, column: cell.place.column }),
                Err(error) => {
                    let fault = CellFault { offset: error.offset + lead, en: error.en, zh: error.zh };
                    self.cell_fault(*cell, "table_expression", fault);
                }
            }
        }
        for cell in &cells[*arrow..] {
            let text = cell.text.strip_prefix("->").map_or(cell.text, str::trim_start);
            let skipped = u32::try_from(cell.text.chars().count() - text.chars().count()).unwrap_or(0);
            let place = Place { column: cell.place.column + skipped, ..cell.place };
            let path: Vec<Arc<str>> = text.split('.').map(|part| part.trim().into()).collect();
            let named = |part: &Arc<str>| {
                part.starts_with(|c: char| c == '_' || c.is_alphabetic())
                    && part.chars().all(|c| c == '_' || c.is_alphanumeric())
            };
            if !path.iter().all(named) {
                self.fault(
                    place,
                    "table_output",
                    format!("`{text}` is no field; write a name such as `risk_class` or `limits.contain`"),
                    format!("`{text}` 不是字段；请写名称，例如 `risk_class` 或 `limits.contain`"),
                );
            } else if outputs.iter().any(|known| known.path.starts_with(&path) || path.starts_with(&known.path)) {
                self.fault(place, "table_output", format!("`{text}` is given twice"), format!("`{text}` 重复给出"));
            } else {
                outputs.push(Output { path, line: place.line, column: place.column });
            }
        }
        let whole = inputs.len() == *arrow && outputs.len() == cells.len() - arrow && *arrow > 0;
        whole.then_some((inputs, outputs))
    }

    fn row(&mut self, cells: &[Cell<'_>], inputs: usize, outputs: usize) -> Option<Row> {
        let first = cells[0];
        if cells.len() != inputs + outputs {
            self.fault(
                first.place,
                "table_cells",
                format!("this row has {} cells, the header {}", cells.len(), inputs + outputs),
                format!("此行有 {} 个单元格，表头有 {} 个", cells.len(), inputs + outputs),
            );
            return None;
        }
        let (mut tests, mut gives) = (Vec::new(), Vec::new());
        for cell in &cells[..inputs] {
            match Test::parse(cell.text) {
                Ok(test) => tests.push(test),
                Err(fault) => self.cell_fault(*cell, "table_cell", fault),
            }
        }
        for cell in &cells[inputs..] {
            let give = match (cell.text, cell.text.strip_prefix('=')) {
                ("-" | "()", _) => Ok(Give::Literal(Value::Null)),
                (_, Some(source)) => expression(source).map(Give::Expression),
                (text, None) => literal(text).map(Give::Literal),
            };
            match give {
                Ok(give) => gives.push(give),
                Err(fault) => self.cell_fault(*cell, "table_cell", fault),
            }
        }
        let whole = tests.len() == inputs && gives.len() == outputs;
        whole.then_some(Row { line: first.place.line, column: first.place.column, tests, gives })
    }
}

/// Splits a line at pipes outside quotes (`||` is an operator); `closed` says that pipes begin and end the line.
fn cells(line: &str, number: u32, closed: (bool, bool)) -> Vec<Cell<'_>> {
    let mut pieces: Vec<(usize, &str)> = Vec::new();
    let (mut quoted, mut start, mut start_chars) = (false, 0, 0);
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let mut place = 0;
    while let Some(&(at, c)) = chars.get(place) {
        quoted ^= c == '"';
        if c == '|' && !quoted {
            if chars.get(place + 1).is_some_and(|(_, next)| *next == '|') {
                place += 2;
                continue;
            }
            pieces.push((start_chars, &line[start..at]));
            (start, start_chars) = (at + 1, place + 1);
        }
        place += 1;
    }
    pieces.push((start_chars, &line[start..]));
    if closed.0 && pieces.len() > 1 && pieces.first().is_some_and(|(_, text)| text.trim().is_empty()) {
        pieces.remove(0);
    }
    if closed.1 && pieces.len() > 1 && pieces.last().is_some_and(|(_, text)| text.trim().is_empty()) {
        pieces.pop();
    }
    let cell = |(offset, text): (usize, &'_ str)| {
        let lead = text.chars().take_while(|c| c.is_whitespace()).count();
        u32::try_from(offset + lead + 1).unwrap_or(u32::MAX)
    };
    pieces
        .into_iter()
        .map(|piece| Cell { text: piece.1.trim(), place: Place { line: number, column: cell(piece) } })
        .collect()
}
