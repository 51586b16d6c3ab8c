//! `countersign deploy`: processes as releases.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use engine::language;
use serde_json::json;

use super::{Target, check, files, output};

/// Deploy processes as releases
///
/// Every process is checked first, and with an error nothing is deployed. A release is content-addressed: deploying
/// the same files again changes nothing. On a server it is a draft until somebody else approves it, unless the
/// server's policy is `open`; with --database it is effective at once.
#[derive(Args)]
pub(crate) struct DeployArgs {
    /// Process folders, or folders that hold some
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// Print the releases as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: DeployArgs) -> anyhow::Result<bool> {
    let folders = files::processes(&args.paths)?;
    let mut sound = true;
    for folder in &folders {
        let checked = language::check(&folder.bundle);
        sound &= checked.definition.is_some();
        checked.diagnostics.iter().for_each(|finding| check::show(folder, finding));
    }
    if !sound {
        return Ok(false);
    }
    let client = args.target.connect_or_create().await?;
    let mut releases = Vec::new();
    for folder in &folders {
        let files: BTreeMap<&String, std::borrow::Cow<'_, str>> =
            folder.bundle.files.iter().map(|(path, bytes)| (path, String::from_utf8_lossy(bytes))).collect();
        let deployed = client.post("/api/v1/releases", &json!({ "files": files })).await?;
        releases.push(deployed.get("release").cloned().unwrap_or_default());
    }
    client.close().await?;
    if args.json {
        output::json(&releases)?;
    } else {
        let mut table = output::table(&["process", "release", "state"]);
        for release in &releases {
            let text = |name: &str| release.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            table.add_row([text("process"), text("release"), text("state")]);
        }
        output::line(table);
    }
    Ok(true)
}
