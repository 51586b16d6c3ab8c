//! The files of an import: in a folder, or within the program. Rows are read with the line they begin on.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::import::report::Reason;
use crate::import::run::ImportError;

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
    records: csv::StringRecordsIntoIter<Box<dyn Read + Send>>,
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
        let mut reader = csv::ReaderBuilder::new().from_reader(content);
        let unreadable = |source| ImportError::Read { file: file.to_owned(), source };
        let headers = reader.headers().map_err(unreadable)?;
        let columns = headers
            .iter()
            .enumerate()
            .map(|(place, name)| (name.trim_start_matches('\u{feff}').trim().to_owned(), place))
            .collect();
        Ok(Rows { file: file.to_owned(), columns: Arc::new(columns), records: reader.into_records() })
    }
}

impl Rows {
    /// Refuses a mapping that names a column which the file does not have.
    pub fn require(&self, columns: &[&str]) -> Result<(), ImportError> {
        match columns.iter().find(|column| !self.columns.contains_key(**column)) {
            None => Ok(()),
            Some(column) => Err(ImportError::Column {
                file: self.file.clone(),
                column: (*column).to_owned(),
                known: self.columns.keys().cloned().collect::<Vec<_>>().join(", "),
            }),
        }
    }
}

impl Iterator for Rows {
    /// A row, or the line of what is none with the reason; reading goes on after it.
    type Item = Result<SourceRow, (u64, Reason)>;

    fn next(&mut self) -> Option<Self::Item> {
        let fields = match self.records.next()? {
            Ok(fields) => fields,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Some(Err((
                    line,
                    Reason::new(format!("the row cannot be read: {error}"), format!("此行无法读取：{error}")),
                )));
            }
        };
        let line = fields.position().map_or(0, csv::Position::line);
        Some(Ok(SourceRow { line, columns: self.columns.clone(), fields }))
    }
}
