//! Bundles for tests, and their findings as lines.

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use countersign_engine::language::check;
use countersign_engine::language::release::{Bundle, collect};

/// Every file of a folder of `tests/language`, by its path in it.
pub(crate) fn folder(name: &str) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, at: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned();
                files.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language").join(name);
    let mut files = BTreeMap::new();
    walk(&root, &root, &mut files);
    files
}

pub(crate) fn bundle(name: &str) -> Bundle {
    collect(&folder(name), &BTreeMap::new())
}
