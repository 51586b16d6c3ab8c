//! Process folders on disk, as bundles: the folder's own files and what lies shared beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use engine::language::release::{Bundle, collect};

/// A folder with a `process.yaml`.
pub(crate) struct ProcessFolder {
    pub(crate) path: PathBuf,
    /// Its own files, by their path in it.
    pub(crate) own: BTreeMap<String, Vec<u8>>,
    pub(crate) bundle: Bundle,
}

/// Files larger than this are no part of a process.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Shared folders that lie beside process folders.
const SHARED: [&str; 3] = ["calendars", "catalogue", "schemas"];

impl ProcessFolder {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let own = files_of(path, path)?;
        if !own.contains_key("process.yaml") {
            bail!("{} has no process.yaml", path.display());
        }
        let mut shared = BTreeMap::new();
        if let Some(around) = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned)) {
            for name in SHARED {
                shared.extend(files_of(&around, &around.join(name))?);
            }
            // Shared functions lie beside the processes' folder.
            if let Some(root) = around.parent() {
                shared.extend(files_of(root, &root.join("scripts"))?);
            }
        }
        let bundle = collect(&own, &shared);
        Ok(ProcessFolder { path: path.to_owned(), own, bundle })
    }

    /// A file of the bundle, as a path that the user can open.
    pub(crate) fn place(&self, file: &str) -> PathBuf {
        let own = self.path.join(file);
        if own.exists() {
            return own;
        }
        let around = self.path.parent().unwrap_or(&self.path);
        let beside = around.join(file);
        if beside.exists() { beside } else { around.join("..").join(file) }
    }
}

/// The process folders at these paths: each is one, or holds some.
pub(crate) fn processes(paths: &[PathBuf]) -> anyhow::Result<Vec<ProcessFolder>> {
    let mut found = Vec::new();
    for path in paths {
        let path = if path.is_file() { path.parent().unwrap_or(path).to_owned() } else { path.clone() };
        if !path.is_dir() {
            bail!("there is no folder {}", path.display());
        }
        let before = found.len();
        search(&path, &mut found)?;
        if found.len() == before {
            bail!("there is no process.yaml in {}", path.display());
        }
    }
    found.sort();
    found.dedup();
    found.iter().map(|path| ProcessFolder::read(path)).collect()
}

fn search(path: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.join("process.yaml").is_file() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    for entry in entries {
        let inner = entry?.path();
        if inner.is_dir() {
            search(&inner, found)?;
        }
    }
    Ok(())
}

/// Every file under `folder`, by its path in `root`. A folder that is not there has none.
fn files_of(root: &Path, folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_of(root, &path)?);
            continue;
        }
        if path.metadata().is_ok_and(|about| about.len() > FILE_BYTES_MAX) {
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        files.insert(name, std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(files)
}
