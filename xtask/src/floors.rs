//! The floors of the house: an arrow between crates only points down.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Each crate by its folder, with its floor. Crates of one floor do not see each other.
const FLOORS: &[(&str, u8)] =
    &[("", 6), ("api", 5), ("services/", 4), ("identity", 4), ("runtime", 3), ("store", 2), ("engine", 1)];

/// Tools beside the house; nothing may depend on them.
const TOOLS: &[&str] = &["xtask", "sim"];

/// Packages from outside, and the only crates that may name them.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("axum", &["", "api"]),
    ("tokio", &["", "api", "services/", "identity", "runtime", "store"]),
    ("reqwest", &["", "api", "runtime"]),
    ("rand", &["api", "identity", "runtime", "store"]),
];

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is no JSON")?;
    findings(&metadata, &root.to_string_lossy())
}

fn findings(metadata: &Value, root: &str) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata has no packages")? {
        let manifest = package["manifest_path"].as_str().context("a package has no manifest")?;
        let from = folder(manifest.strip_suffix("/Cargo.toml").unwrap_or(manifest), root);
        let tool = TOOLS.contains(&from.as_str());
        let Some(own) = floor(&from).or(tool.then_some(u8::MAX)) else {
            findings.push(format!("the crate in `{from}` has no floor; give it one in xtask/src/floors.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = dependency["name"].as_str().unwrap_or_default();
            let Some(path) = dependency["path"].as_str() else {
                // What only tests need does not reach the product.
                let tests_only = dependency["kind"].as_str() == Some("dev");
                let allowed = OUTSIDE.iter().find(|(outside, _)| *outside == name).map(|(_, crates)| *crates);
                if !tool && !tests_only && allowed.is_some_and(|crates| !crates.iter().any(|one| within(&from, one))) {
                    findings.push(format!("`{}` uses {name}, which is for others", shown(&from)));
                }
                continue;
            };
            let to = folder(path, root);
            // A crate may ask for its own test support.
            if to == from && dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            match floor(&to) {
                Some(below) if below < own => {}
                Some(below) if below == own => {
                    findings.push(format!("`{}` depends on its sibling `{}`", shown(&from), shown(&to)));
                }
                Some(_) => findings.push(format!("`{}` depends upward on `{}`", shown(&from), shown(&to))),
                None => findings.push(format!("`{}` depends on `{}`, which is on no floor", shown(&from), shown(&to))),
            }
        }
    }
    Ok(findings)
}

fn folder(path: &str, root: &str) -> String {
    path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned()
}

fn within(folder: &str, pattern: &str) -> bool {
    folder == pattern || (pattern.ends_with('/') && folder.starts_with(pattern))
}

fn floor(folder: &str) -> Option<u8> {
    FLOORS.iter().find(|(pattern, _)| within(folder, pattern)).map(|(_, floor)| *floor)
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "the root" } else { folder }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(from: &str, dependency: Value, finding: Option<&str>) {
        let manifest = format!("/house/{from}/Cargo.toml").replace("//", "/");
        let metadata = json!({ "packages": [{ "manifest_path": manifest, "dependencies": [dependency] }] });
        let findings = findings(&metadata, "/house").unwrap();
        assert_eq!(findings.first().map(String::as_str), finding);
    }

    #[test]
    fn an_arrow_down_is_fine() {
        check("", json!({ "name": "api", "path": "/house/api" }), None);
        check("services/sales", json!({ "name": "engine", "path": "/house/engine" }), None);
    }

    #[test]
    fn an_arrow_up_or_to_a_sibling_is_found() {
        check("engine", json!({ "name": "store", "path": "/house/store" }), Some("`engine` depends upward on `store`"));
        check(
            "services/sales",
            json!({ "name": "inventory", "path": "/house/services/inventory" }),
            Some("`services/sales` depends on its sibling `services/inventory`"),
        );
        check(
            "identity",
            json!({ "name": "sales", "path": "/house/services/sales", "kind": "dev" }),
            Some("`identity` depends on its sibling `services/sales`"),
        );
    }

    #[test]
    fn a_database_driver_stays_in_the_store() {
        check("services/sales", json!({ "name": "sqlx" }), Some("`services/sales` uses sqlx, which is for others"));
        check("store", json!({ "name": "sqlx" }), None);
        check("engine", json!({ "name": "tokio" }), Some("`engine` uses tokio, which is for others"));
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        check(
            "cellar",
            json!({ "name": "engine" }),
            Some("the crate in `cellar` has no floor; give it one in xtask/src/floors.rs"),
        );
    }
}
