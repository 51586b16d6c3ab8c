//! The committed OpenAPI document, which is made from the code.

use std::path::Path;

use anyhow::Context as _;

const FILE: &str = "api/openapi.json";

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let committed = std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let same = committed == api::openapi_json();
    Ok(if same { Vec::new() } else { vec![format!("{FILE} is not what the code says; run `cargo xtask openapi`")] })
}

pub(crate) fn write(root: &Path) -> anyhow::Result<Vec<String>> {
    std::fs::write(root.join(FILE), api::openapi_json()).with_context(|| format!("cannot write {FILE}"))?;
    Ok(Vec::new())
}
