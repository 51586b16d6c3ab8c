//! The whole import: tables in the order of the mapping, rows in the order of their files, chunk by chunk.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::day::Day;
use engine::time::Timestamp;
use store::Database;

use crate::import::cells::{Cells, Kept, skipped};
use crate::import::chunk::{Chunk, Entry, ORDER_LINES_MAX, ROWS_MAX, Written};
use crate::import::error::ImportError;
use crate::import::mapping::{Field, LinesMapping, Mapping, Skip, TableMapping};
use crate::import::report::{Reason, Report};
use crate::import::source::{KEPT_ROWS_MAX, Source, SourceRow};
use crate::import::target::{Ready, Target, line, order, read, whole};

/// The future of a chunk being written.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<Written, ImportError>> + Send + 'a>>;

/// Writes chunks: each by [`Chunk::apply`] in one transaction of a service's stream, which it commits.
/// It may apply a chunk again when the database asks for a retry.
pub trait ChunkWriter: Sync {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_>;
}

/// Applies every chunk and takes it back: what `--dry-run` does.
pub struct Rehearsal {
    pub database: Database,
}

impl ChunkWriter for Rehearsal {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_> {
        Box::pin(async move {
            let mut tx = self.database.begin().await?;
            let written = chunk.apply(&mut tx).await;
            tx.rollback().await?;
            Ok(written?)
        })
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub table: &'a str,
    /// Rows of the table's file that are done.
    pub rows: u64,
}

/// Imports the files of `source` as `mapping` says.
pub async fn import(
    writer: &dyn ChunkWriter,
    mapping: &Mapping,
    source: &Source,
    now: Timestamp,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Report, ImportError> {
    check(mapping, source)?;
    let mut run = Run {
        writer,
        source,
        now,
        progress,
        document: format!("import:{}", mapping.mapping),
        kept: kept(mapping, source)?,
        accepted: BTreeSet::new(),
        report: Report::default(),
    };
    for table in &mapping.tables {
        run.table(table).await?;
    }
    run.report.rejected.sort();
    Ok(run.report)
}

struct Run<'a> {
    writer: &'a dyn ChunkWriter,
    source: &'a Source,
    now: Timestamp,
    progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// How the ledger names this import.
    document: String,
    kept: Kept,
    /// What this import has loaded, by table and key.
    accepted: BTreeSet<(Target, String)>,
    report: Report,
}

/// A row with its lines, before they are judged.
struct Group {
    file: Arc<str>,
    rows: BTreeMap<String, Vec<SourceRow>>,
}

impl Run<'_> {
    async fn table(&mut self, mapping: &TableMapping) -> Result<(), ImportError> {
        let rows = self.source.open(&mapping.from)?;
        let file: Arc<str> = mapping.from.as_str().into();
        let mut lines = mapping.lines.as_ref().map(|lines| self.lines(lines)).transpose()?;
        let (mut entries, mut weight, mut done) = (Vec::new(), 0, 0);
        for row in rows {
            done += 1;
            match row {
                Err((line, reason)) => self.report.reject(&file, line, reason),
                Ok(row) => {
                    let own = mapping.lines.as_ref().zip(lines.as_mut());
                    let own = own.map(|(mapping, group)| {
                        let key = row.get(&mapping.of).unwrap_or("").trim();
                        (mapping, group.file.clone(), group.rows.remove(key).unwrap_or_default())
                    });
                    if let Some(entry) = self.entry(mapping, &file, &row, own) {
                        let size = entry.ready.weight();
                        if weight + size > ROWS_MAX {
                            self.write(mapping.table, &file, &mut entries, done).await?;
                            weight = 0;
                        }
                        weight += size;
                        entries.push(entry);
                    }
                }
            }
        }
        self.write(mapping.table, &file, &mut entries, done).await?;
        if let (Some(group), Some(lines)) = (lines, &mapping.lines) {
            for (key, rows) in group.rows {
                let (file, of) = (&mapping.from, &lines.of);
                let en = format!("no order of {file} has {of} = `{key}`");
                let reason = Reason::new(en, format!("{file} 中没有 {of} = `{key}` 的订单"));
                rows.iter().for_each(|row| self.report.reject(&group.file, row.line, reason.clone()));
            }
        }
        Ok(())
    }

    /// All lines of the orders, by the order they belong to.
    fn lines(&mut self, mapping: &LinesMapping) -> Result<Group, ImportError> {
        let rows = self.source.open(&mapping.from)?;
        let mut group = Group { file: mapping.from.as_str().into(), rows: BTreeMap::new() };
        for (count, row) in rows.enumerate() {
            if count >= KEPT_ROWS_MAX {
                return Err(ImportError::TooLarge { file: mapping.from.clone() });
            }
            match row {
                Err((line, reason)) => self.report.reject(&group.file, line, reason),
                Ok(row) => {
                    let key = row.get(&mapping.key).unwrap_or("").trim().to_owned();
                    group.rows.entry(key).or_default().push(row);
                }
            }
        }
        Ok(group)
    }

    /// One row and its lines, ready to be written; none if it was listed, or says that there is nothing.
    fn entry(
        &mut self,
        mapping: &TableMapping,
        file: &Arc<str>,
        row: &SourceRow,
        own: Option<(&LinesMapping, Arc<str>, Vec<SourceRow>)>,
    ) -> Option<Entry> {
        let mut parts = Vec::new();
        let ready = match (skipped(row, &mapping.skip), own) {
            (Some(reason), own) => {
                parts.extend(own.into_iter().flat_map(|(_, file, rows)| places(&file, &rows)));
                Err(reason)
            }
            (None, None) => self.read(mapping, file, row),
            (None, Some((lines, lines_file, rows))) => {
                parts.extend(places(&lines_file, &rows));
                self.read_order(mapping, file, row, (lines, &lines_file, &rows), &mut parts)
            }
        };
        let ready = ready.and_then(|ready| {
            let Some(ready) = ready else { return Ok(None) };
            let key = (mapping.table, ready.key());
            if self.accepted.insert(key) { Ok(Some(ready)) } else { Err(twice(&ready)) }
        });
        match ready {
            Ok(Some(ready)) => {
                let unknown = |(table, code): &(Target, &str)| !self.accepted.contains(&(*table, (*code).to_owned()));
                let needs: BTreeSet<_> =
                    ready.needs().into_iter().filter(unknown).map(|(table, code)| (table, code.to_owned())).collect();
                Some(Entry { line: row.line, ready, parts, needs: needs.into_iter().collect() })
            }
            Ok(None) => {
                self.report.load(mapping.table.as_str(), 1);
                None
            }
            Err(reason) => {
                self.report.reject(file, row.line, reason);
                let en = format!("its order was not loaded; see row {} of {file}", row.line);
                let reason = Reason::new(en, format!("所属订单未导入，见 {file} 第 {} 行", row.line));
                parts.iter().for_each(|(file, line)| self.report.reject(file, *line, reason.clone()));
                None
            }
        }
    }

    fn read(&self, mapping: &TableMapping, file: &Arc<str>, row: &SourceRow) -> Result<Option<Ready>, Reason> {
        let cells = Cells::of(file, row, &mapping.fields, &self.kept, Day::of(self.now))?;
        read(mapping.table, &cells, &self.document, self.now)
    }

    /// An order with its lines. A line that is left out on purpose is listed; a line that is wrong keeps its order out.
    fn read_order(
        &mut self,
        mapping: &TableMapping,
        file: &Arc<str>,
        row: &SourceRow,
        (lines, lines_file, rows): (&LinesMapping, &Arc<str>, &[SourceRow]),
        parts: &mut Vec<(Arc<str>, u64)>,
    ) -> Result<Option<Ready>, Reason> {
        let head = order(&Cells::of(file, row, &mapping.fields, &self.kept, Day::of(self.now))?)?;
        if rows.len() > ORDER_LINES_MAX {
            let en = format!("the order has {} lines; {ORDER_LINES_MAX} is the most", rows.len());
            return Err(Reason::new(en, format!("订单有 {} 行，最多 {ORDER_LINES_MAX} 行", rows.len())));
        }
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(reason) = skipped(row, &lines.skip) {
                parts.retain(|(_, line)| *line != row.line);
                self.report.reject(lines_file, row.line, reason);
                continue;
            }
            let cells = Cells::of(lines_file, row, &lines.fields, &self.kept, Day::of(self.now));
            read.push(
                cells.and_then(|cells| line(&cells, &head)).map_err(|reason| within(lines_file, row.line, &reason))?,
            );
        }
        if read.is_empty() {
            return Err(Reason::new("the order has no line", "订单没有任何行"));
        }
        whole(head, read).map(Some)
    }

    async fn write(
        &mut self,
        table: Target,
        file: &Arc<str>,
        entries: &mut Vec<Entry>,
        done: u64,
    ) -> Result<(), ImportError> {
        if entries.is_empty() {
            return Ok(());
        }
        let chunk = Chunk { table, file: file.clone(), entries: std::mem::take(entries) };
        let written = self.writer.write(Arc::new(chunk)).await?;
        for (table, rows) in written.loaded {
            self.report.load(table, rows);
        }
        self.report.rejected.extend(written.rejected);
        (self.progress)(Progress { table: table.as_str(), rows: done });
        Ok(())
    }
}

fn places(file: &Arc<str>, rows: &[SourceRow]) -> Vec<(Arc<str>, u64)> {
    rows.iter().map(|row| (file.clone(), row.line)).collect()
}

fn within(file: &str, line: u64, reason: &Reason) -> Reason {
    Reason::new(format!("row {line} of {file}: {}", reason.en), format!("{file} 第 {line} 行：{}", reason.zh))
}

fn twice(ready: &Ready) -> Reason {
    let key = ready.key();
    Reason::new(format!("`{key}` is there twice; the first is loaded"), format!("`{key}` 重复，仅导入第一条"))
}

/// Refuses a mapping that reads what is not there, before anything is written: all of it at once.
fn check(mapping: &Mapping, source: &Source) -> Result<(), ImportError> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for table in &mapping.tables {
        let own = wanted.entry(table.from.as_str()).or_default();
        own.extend(columns(&table.fields, &table.skip));
        own.extend(table.lines.iter().map(|lines| lines.of.as_str()));
        if let Some(lines) = &table.lines {
            let own = wanted.entry(lines.from.as_str()).or_default();
            own.extend(columns(&lines.fields, &lines.skip));
            own.insert(&lines.key);
        }
        let fields = table.fields.values().chain(table.lines.iter().flat_map(|lines| lines.fields.values()));
        for lookup in fields.flat_map(Field::lookups) {
            wanted.entry(lookup.file.as_str()).or_default().extend([lookup.key.as_str(), lookup.column.as_str()]);
        }
    }
    source.require(wanted.keys().copied())?;
    let mut missing = Vec::new();
    for (file, columns) in wanted {
        let rows = source.open(file)?;
        missing.extend(columns.into_iter().filter_map(|column| rows.missing(column)));
    }
    if missing.is_empty() { Ok(()) } else { Err(ImportError::NoColumn { columns: missing }) }
}

/// The columns of a file that its mapping reads.
fn columns<'a>(fields: &'a BTreeMap<String, Field>, skip: &'a [Skip]) -> Vec<&'a str> {
    fields.values().flat_map(Field::columns).chain(skip.iter().map(|rule| rule.column.as_str())).collect()
}

/// Reads the files that rows look things up in.
fn kept(mapping: &Mapping, source: &Source) -> Result<Kept, ImportError> {
    let mut kept = Kept::new();
    let tables = mapping.tables.iter();
    let fields = tables
        .flat_map(|table| table.fields.values().chain(table.lines.iter().flat_map(|lines| lines.fields.values())));
    for lookup in fields.flat_map(Field::lookups) {
        let name = (lookup.file.clone(), lookup.key.clone());
        if kept.contains_key(&name) {
            continue;
        }
        let rows = source.open(&lookup.file)?;
        let mut found = BTreeMap::new();
        // What cannot be read is listed where the file itself is loaded; here it is a row that is not found.
        for row in rows.flatten() {
            if found.len() >= KEPT_ROWS_MAX {
                return Err(ImportError::TooLarge { file: lookup.file.clone() });
            }
            let key = row.get(&lookup.key).unwrap_or("").trim().to_owned();
            found.entry(key).or_insert(row);
        }
        kept.insert(name, found);
    }
    Ok(kept)
}
