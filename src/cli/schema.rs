//! `countersign schema`: the JSON Schema of the language, for editors.

use clap::Args;

use super::output;

/// Print the JSON Schema of process.yaml, for editors
///
/// Name it in an editor's settings, or in the first line of a file: `# yaml-language-server: $schema=process.schema.json`.
#[derive(Args)]
pub(crate) struct SchemaArgs {}

pub(crate) fn run(_: &SchemaArgs) -> anyhow::Result<bool> {
    output::json(&engine::language::schema())?;
    Ok(true)
}
