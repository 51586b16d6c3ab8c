//! The committed JSON Schema of the language, which is made from the reader.

use std::path::Path;

use anyhow::Context as _;

const FILE: &str = "docs/process.schema.json";

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let committed = std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let same = committed == made()?;
    Ok(if same { Vec::new() } else { vec![format!("{FILE} is not what the code says; run `cargo xtask schema`")] })
}

pub(crate) fn write(root: &Path) -> anyhow::Result<Vec<String>> {
    std::fs::write(root.join(FILE), made()?).with_context(|| format!("cannot write {FILE}"))?;
    Ok(Vec::new())
}

fn made() -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(&engine::language::schema())?))
}
