//! The files of an import: in a folder, or within the program. Rows are read with the line they begin on.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use engine::language::diagnostics::nearest;

use crate::import::error::{ImportError, NoColumn};
use crate::import::report::Reason;

/// Rows of a file that is kept in memory, for lookups and for lines of orders.
pub const KEPT_ROWS_MAX: usize = 2_000_000;

/// Where the files are.
#[derive(Clone, Debug)]
pub enum Source {
    Folder(PathBuf),
    /// Files within the program, by name.
    Embedded(&'static [(&'static str, &'static str)]),
}

/// One row of a file.
#[derive(Clone, Debug)]
pub struct SourceRow {
    pub line: u64,
    columns: Arc<BTreeMap<String, usize>>,
    fields: csv::StringRecord,
}

impl SourceRow {
    /// What stands in the column, as it is; none if the file has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.columns.get(column).and_then(|place| self.fields.get(*place))
    }
}

/// A file being read.
pub struct Rows {
    pub file: String,
    columns: Arc<BTreeMap<String, usize>>,
    records: csv::StringRecordsIntoIter<Quotes>,
    quotes: Arc<Counted>,
}

/// What has been read of a file so far, beyond the row that it is at.
#[derive(Default)]
struct Counted {
    quotes: AtomicU64,
    ended: AtomicBool,
}

/// A file that counts its quotation marks: an odd number at its end tells of one that was never closed.
struct Quotes {
    content: Box<dyn Read + Send>,
    counted: Arc<Counted>,
}

impl Read for Quotes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.content.read(buffer)?;
        let quotes = buffer[..read].iter().filter(|byte| **byte == b'"').count();
        self.counted.quotes.fetch_add(quotes as u64, Ordering::Relaxed);
        self.counted.ended.store(read == 0, Ordering::Relaxed);
        Ok(read)
    }
}

impl Source {
    pub fn open(&self, file: &str) -> Result<Rows, ImportError> {
        // A mapping names files of its folder, never a way out of it.
        if file.contains(['/', '\\']) || file == ".." {
            return Err(ImportError::FileName { file: file.to_owned() });
        }
        let content: Box<dyn Read + Send> = match self {
            Source::Folder(folder) => {
                let path = folder.join(file);
                Box::new(std::fs::File::open(&path).map_err(|source| ImportError::Open { path, source })?)
            }
            Source::Embedded(files) => {
                let found = files.iter().find(|(name, _)| *name == file);
                let missing = || ImportError::FileName { file: file.to_owned() };
                Box::new(found.ok_or_else(missing)?.1.as_bytes())
            }
        };
        let quotes: Arc<Counted> = Arc::default();
        let mut reader = csv::ReaderBuilder::new().from_reader(Quotes { content, counted: quotes.clone() });
        let unreadable = |source| ImportError::Header { file: file.to_owned(), source };
        let headers = reader.headers().map_err(unreadable)?;
        let columns = headers
            .iter()
            .enumerate()
            .map(|(place, name)| (name.trim_start_matches('\u{feff}').trim().to_owned(), place))
            .collect();
        Ok(Rows { file: file.to_owned(), columns: Arc::new(columns), records: reader.into_records(), quotes })
    }

    /// Refuses a folder that does not have all of these files; names all that it lacks.
    pub fn require<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> Result<(), ImportError> {
        let Source::Folder(folder) = self else { return Ok(()) };
        if !folder.is_dir() {
            return Err(ImportError::NoFolder { folder: folder.clone() });
        }
        let missing = files.into_iter().filter(|file| !file.contains(['/', '\\']) && !folder.join(file).exists());
        let files: Vec<String> = missing.map(str::to_owned).collect();
        if files.is_empty() { Ok(()) } else { Err(ImportError::NoFile { folder: folder.clone(), files }) }
    }
}

impl Rows {
    /// The column as missing, if the file does not have it.
    #[must_use]
    pub fn missing(&self, column: &str) -> Option<NoColumn> {
        if self.columns.contains_key(column) {
            return None;
        }
        Some(NoColumn {
            file: self.file.clone(),
            column: column.to_owned(),
            nearest: nearest(column, self.columns.keys().map(String::as_str)).map(str::to_owned),
            known: self.columns.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// Where a row that begins on `line` ends, if that is another line.
    fn reaches(&self, line: u64) -> Option<u64> {
        let last = self.records.reader().position().line().saturating_sub(1);
        (last > line).then_some(last)
    }

    /// Whether a quotation mark was open when the file ended.
    fn unclosed(&self) -> bool {
        self.quotes.ended.load(Ordering::Relaxed) && self.quotes.quotes.load(Ordering::Relaxed) % 2 == 1
    }

    /// Why a row cannot be read.
    fn reason(&self, error: &csv::Error, line: u64) -> Reason {
        let (en, zh) = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => (
                format!("the row has {len} fields, the first line of the file {expected_len}"),
                format!("此行有 {len} 个字段，文件首行有 {expected_len} 个"),
            ),
            csv::ErrorKind::Utf8 { err, .. } => (
                format!("field {} is not UTF-8; save the file as UTF-8", err.field() + 1),
                format!("第 {} 个字段不是 UTF-8 编码，请将文件另存为 UTF-8", err.field() + 1),
            ),
            _ => (format!("the row cannot be read: {error}"), format!("此行无法读取：{error}")),
        };
        match self.reaches(line) {
            Some(last) => swallowed(&en, &zh, last),
            None => Reason::new(en, zh),
        }
    }
}

/// A row that took others with it, so that none of them is missed silently.
fn swallowed(en: &str, zh: &str, last: u64) -> Reason {
    Reason::new(
        format!("{en}; it reaches to line {last} and takes the rows between with it: is a quotation mark not closed?"),
        format!("{zh}；此行一直延续到第 {last} 行，其间各行均未导入：是否有引号未闭合？"),
    )
}

impl Iterator for Rows {
    /// A row, or the line of what is none with the reason; reading goes on after it.
    type Item = Result<SourceRow, (u64, Reason)>;

    fn next(&mut self) -> Option<Self::Item> {
        let fields = match self.records.next()? {
            Ok(fields) => fields,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Some(Err((line, self.reason(&error, line))));
            }
        };
        let line = fields.position().map_or(0, csv::Position::line);
        if let Some(last) = self.reaches(line)
            && self.unclosed()
        {
            return Some(Err((line, swallowed("the row does not end", "此行没有结束", last))));
        }
        if let Some(place) = fields.iter().position(|field| field.contains('\0')) {
            let en = format!("field {} has the character U+0000, which no database keeps", place + 1);
            return Some(Err((line, Reason::new(en, format!("第 {} 个字段含有字符 U+0000，无法存储", place + 1)))));
        }
        Some(Ok(SourceRow { line, columns: self.columns.clone(), fields }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &'static [u8]) -> Vec<Result<u64, (u64, String)>> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("f.csv"), content).expect("written");
        let rows = Source::Folder(folder.path().to_owned()).open("f.csv").expect("opened");
        rows.map(|row| row.map(|row| row.line).map_err(|(line, reason)| (line, reason.en))).collect()
    }

    fn refused(line: u64, reason: &str) -> Result<u64, (u64, String)> {
        Err((line, reason.to_owned()))
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_tells_which_rows_it_took() {
        let told = "it reaches to line 4 and takes the rows between with it: is a quotation mark not closed?";
        let short = format!("the row has 1 fields, the first line of the file 2; {told}");
        assert_eq!(read(b"a,b\n1,2\n\"x,y\n3,4\n"), [Ok(2), refused(3, &short)]);
        let whole = format!("the row does not end; {told}");
        assert_eq!(read(b"a,b\n1,2\nx,\"y\n3,4\n"), [Ok(2), refused(3, &whole)]);
    }

    #[test]
    fn a_cell_may_have_line_breaks_and_inches() {
        assert_eq!(read(b"a,b\n\"two\nlines\",2\n5\" pipe,3\nlast,4"), [Ok(2), Ok(4), Ok(5)]);
    }

    #[test]
    fn what_is_no_text_is_told_with_its_field() {
        let rows = read(b"a,b\n1,\xc4\xe3\n1,\0\n1,2\n");
        let utf8 = refused(2, "field 2 is not UTF-8; save the file as UTF-8");
        let nul = refused(3, "field 2 has the character U+0000, which no database keeps");
        assert_eq!(rows, [utf8, nul, Ok(4)]);
    }
}
