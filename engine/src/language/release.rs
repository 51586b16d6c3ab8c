//! Bundles: a process with everything it names, under one digest that does not depend on where it came from.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::Digest;
use crate::language::compile::{ROLE, names_in_catalogue, release_names};

/// A process and all it names. Immutable once deployed: what a release is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// By path: `process.yaml`, `x.form.json`, `catalogue/stock.yaml`…
    pub files: BTreeMap<String, Vec<u8>>,
    /// Names of files that lie beside but are not taken, for hints only: no part of the release.
    pub nearby: BTreeSet<String>,
}

/// The first bytes of a stored bundle, with the version of the form.
const MAGIC: &[u8; 8] = b"csbndl01";
/// How large a bundle may be.
pub const BUNDLE_BYTES_MAX: usize = 16 << 20;

/// The bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no bundle: {0}")]
pub struct BundleError(pub &'static str);

impl Bundle {
    /// SHA-256 over the listing: a line for each file, in order of path, with length and digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut listing = String::from("countersign release 1\n");
        for (path, bytes) in &self.files {
            listing.push_str(&format!("{} {} {} {path}\n", path.len(), bytes.len(), Digest::of(bytes)));
        }
        Digest::of(listing.as_bytes())
    }

    /// The stored form: the same bundle gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let mut part = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        for (path, bytes) in &self.files {
            part(path.as_bytes());
            part(bytes);
        }
        out
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError("it is too large"));
        }
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(BundleError("it begins otherwise"))?;
        let mut files = BTreeMap::new();
        let mut last: Option<String> = None;
        while !rest.is_empty() {
            let path = String::from_utf8(part(&mut rest)?.to_vec()).map_err(|_| BundleError("a path is no UTF-8"))?;
            let content = part(&mut rest)?.to_vec();
            if last.as_ref().is_some_and(|last| *last >= path) {
                return Err(BundleError("its files are out of order"));
            }
            last = Some(path.clone());
            files.insert(path, content);
        }
        Ok(Bundle { files, nearby: BTreeSet::new() })
    }
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BundleError> {
    let (head, tail) = rest.split_at_checked(8).ok_or(BundleError("it ends early"))?;
    let mut length = [0u8; 8];
    length.copy_from_slice(head);
    let length = usize::try_from(u64::from_be_bytes(length)).map_err(|_| BundleError("it ends early"))?;
    let (content, tail) = tail.split_at_checked(length).ok_or(BundleError("it ends early"))?;
    *rest = tail;
    Ok(content)
}

/// Makes the bundle of a process from its folder and from what is shared (`scripts/`, `catalogue/`, `calendars/`, `schemas/`).
///
/// Takes only what the process names; the folder goes before what is shared. A name without a file is left to the checker.
#[must_use]
pub fn collect(folder: &BTreeMap<String, Vec<u8>>, shared: &BTreeMap<String, Vec<u8>>) -> Bundle {
    let nearby = folder.keys().chain(shared.keys()).cloned().collect();
    let mut bundle = Bundle { files: BTreeMap::new(), nearby };
    let Some(process) = folder.get("process.yaml") else { return bundle };
    bundle.files.insert("process.yaml".into(), process.clone());
    if let Some(texts) = folder.get("texts.yaml") {
        bundle.files.insert("texts.yaml".into(), texts.clone());
    }
    let mut spoken = BTreeSet::new();
    take(&mut bundle, process, folder, shared, &mut spoken);
    for (path, bytes) in folder.iter().chain(shared.iter()) {
        let wanted =
            path.starts_with("catalogue/") && names_in_catalogue(bytes).iter().any(|name| spoken.contains(name));
        if wanted && !bundle.files.contains_key(path) {
            bundle.files.insert(path.clone(), bytes.clone());
            take(&mut bundle, bytes, folder, shared, &mut BTreeSet::new());
        }
    }
    bundle
}

/// Takes the files that one file names; names of activities and messages go to `spoken`.
fn take(
    bundle: &mut Bundle,
    bytes: &[u8],
    folder: &BTreeMap<String, Vec<u8>>,
    shared: &BTreeMap<String, Vec<u8>>,
    spoken: &mut BTreeSet<String>,
) {
    for (key, name) in release_names(bytes) {
        let candidates = match key.as_str() {
            "form" | "decide" => vec![name.clone()],
            "schema" => vec![name.clone(), format!("schemas/{name}")],
            "script" => vec![format!("{name}.rhai"), format!("scripts/{name}.rhai")],
            "calendar" => vec![format!("{name}.calendar.yaml"), format!("calendars/{name}.calendar.yaml")],
            "role" | "owner" | "readers" => {
                spoken.insert(format!("{ROLE}{name}"));
                continue;
            }
            "call" | "message" => {
                spoken.insert(name);
                continue;
            }
            _ => continue,
        };
        let found = candidates
            .iter()
            .find_map(|path| folder.get(path).or_else(|| shared.get(path)).map(|bytes| (path.clone(), bytes.clone())));
        bundle.files.extend(found);
    }
}
