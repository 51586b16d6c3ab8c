//! Why an import cannot begin or go on, in both languages. Rows that cannot be loaded are no error: the report lists them.

use std::path::PathBuf;

use store::StoreError;

use crate::import::report::Reason;
use crate::import::source::KEPT_ROWS_MAX;

/// The import cannot go on. `code: what`, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("import.no_mapping: there is no built-in mapping `{name}` and no such file; built in are {known}")]
    NoMapping {
        name: String,
        known: String,
        #[source]
        source: std::io::Error,
    },
    #[error("import.mapping: cannot read the mapping")]
    Mapping(#[source] serde_yaml::Error),
    #[error("import.field: the mapping of {table}.{field} is wrong: {}", why.en)]
    Field { table: String, field: String, why: Reason },
    #[error("import.file_name: `{file}` is no file of the folder; name a file without a path")]
    FileName { file: String },
    #[error("import.no_folder: there is no folder {}", folder.display())]
    NoFolder { folder: PathBuf },
    #[error("import.no_file: {} has no {}, which the mapping reads; nothing was loaded", folder.display(), files.join(", "))]
    NoFile { folder: PathBuf, files: Vec<String> },
    #[error("import.open: cannot open {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("import.header: cannot read the first line of {file}; it must name the columns, in UTF-8")]
    Header {
        file: String,
        #[source]
        source: csv::Error,
    },
    #[error("import.no_column: {}; nothing was loaded", listed(columns))]
    NoColumn { columns: Vec<NoColumn> },
    #[error("import.too_large: {file} has more than {KEPT_ROWS_MAX} rows; it is too large to be looked up")]
    TooLarge { file: String },
    #[error("import.store: the database failed during the import; what was loaded stays, and importing again goes on")]
    Store(#[from] StoreError),
    /// The writer refused a chunk: it is stopping, or somebody else writes this database.
    #[error("import.refused: the writer refused the import: {0}; what was loaded stays, and importing again goes on")]
    Refused(String),
}

/// A column that the mapping reads and the file does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoColumn {
    pub file: String,
    pub column: String,
    /// The file's column that is most like it.
    pub nearest: Option<String>,
    pub known: String,
}

fn listed(columns: &[NoColumn]) -> String {
    let one = |one: &NoColumn| {
        let NoColumn { file, column, nearest, known } = one;
        match nearest {
            Some(nearest) => format!("{file} has no column `{column}`; did you mean `{nearest}`?"),
            None => format!("{file} has no column `{column}`; it has {known}"),
        }
    };
    columns.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl ImportError {
    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            ImportError::NoMapping { name, known, .. } => {
                format!("没有名为 `{name}` 的内置映射，也没有该文件；内置映射有：{known}")
            }
            ImportError::Mapping(source) => format!("映射文件无法解析：{source}"),
            ImportError::Field { table, field, why } => format!("映射 {table}.{field} 有误：{}", why.zh),
            ImportError::FileName { file } => format!("`{file}` 不是该文件夹中的文件；请只写文件名，不带路径"),
            ImportError::NoFolder { folder } => format!("没有文件夹 {}", folder.display()),
            ImportError::NoFile { folder, files } => {
                format!("{} 中缺少映射所需的文件：{}；未导入任何数据", folder.display(), files.join("、"))
            }
            ImportError::Open { path, source } => format!("无法打开 {}：{source}", path.display()),
            ImportError::Header { file, source } => {
                format!("无法读取 {file} 的首行（应为 UTF-8 编码的列名）：{source}")
            }
            ImportError::NoColumn { columns } => {
                let one = |one: &NoColumn| match &one.nearest {
                    Some(nearest) => format!("{} 没有列 `{}`，是否为 `{nearest}`？", one.file, one.column),
                    None => format!("{} 没有列 `{}`；已有的列：{}", one.file, one.column, one.known),
                };
                format!("{}；未导入任何数据", columns.iter().map(one).collect::<Vec<_>>().join("；"))
            }
            ImportError::TooLarge { file } => format!("{file} 超过 {KEPT_ROWS_MAX} 行，无法用于查找"),
            ImportError::Store(_) => "导入期间数据库出错；已导入的数据保留，重新导入即可继续".to_owned(),
            ImportError::Refused(why) => format!("写入被拒绝：{why}；已导入的数据保留，重新导入即可继续"),
        }
    }
}
