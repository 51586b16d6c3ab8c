//! What an import loaded, and every row that it did not, with the reason.

use std::collections::BTreeMap;

use serde::Serialize;

/// How an import went. As JSON: `{ loaded: { table: n }, rejected: [ { file, row, reason } ] }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows that are in the table now as the files have them, by table.
    pub loaded: BTreeMap<String, u64>,
    pub rejected: Vec<Rejected>,
}

/// One row that was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rejected {
    pub file: String,
    /// The line of the file on which the row begins; the header is line 1.
    pub row: u64,
    pub reason: String,
    pub reason_zh: String,
}

/// Why a row is not loaded, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub en: String,
    pub zh: String,
}

impl Reason {
    #[must_use]
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Reason { en: en.into(), zh: zh.into() }
    }
}

impl Report {
    pub fn load(&mut self, table: &str, rows: u64) {
        *self.loaded.entry(table.to_owned()).or_default() += rows;
    }

    pub fn reject(&mut self, file: &str, row: u64, reason: Reason) {
        self.rejected.push(Rejected { file: file.to_owned(), row, reason: reason.en, reason_zh: reason.zh });
    }
}
