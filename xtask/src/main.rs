//! The house checks that no compiler makes: `cargo xtask [floors|tidy|migrations|docs|openapi|schema|all]`.

mod docs;
mod floors;
mod migrations;
mod openapi;
mod schema;
mod sources;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  floors      no crate depends on one of its own floor or above (docs/ARCHITECTURE.md)
  tidy        module heads, file lengths, words that do not belong in the code
  migrations  both databases have the same migrations, tables and columns
  docs        writes the pages of error codes; with --check, compares them with the code
  openapi     writes api/openapi.json; with --check, compares it with the code
  schema      writes docs/process.schema.json; with --check, compares it with the code
  all         all of these, with --check
";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let only_check = std::env::args().any(|word| word == "--check");
    let checks: &[(&str, Check)] = match command.as_str() {
        "floors" => &[("floors", floors::check)],
        "tidy" => &[("tidy", tidy::check)],
        "migrations" => &[("migrations", migrations::check)],
        "docs" if only_check => &[("docs", docs::check)],
        "docs" => &[("docs", docs::write)],
        "openapi" if only_check => &[("openapi", openapi::check)],
        "openapi" => &[("openapi", openapi::write)],
        "schema" if only_check => &[("schema", schema::check)],
        "schema" => &[("schema", schema::write)],
        "all" => &[
            ("floors", floors::check),
            ("tidy", tidy::check),
            ("migrations", migrations::check),
            ("docs", docs::check),
            ("openapi", openapi::check),
            ("schema", schema::check),
        ],
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut clean = true;
    for (name, check) in checks {
        match sources::root().and_then(|root| check(&root)) {
            Ok(findings) if findings.is_empty() => println!("{name}: clean"),
            Ok(findings) => {
                clean = false;
                findings.iter().for_each(|finding| eprintln!("{name}: {finding}"));
                eprintln!("{name}: {} finding(s)", findings.len());
            }
            Err(error) => {
                clean = false;
                eprintln!("{name}: {error:#}");
            }
        }
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One check: what it found, a line each.
type Check = fn(&std::path::Path) -> anyhow::Result<Vec<String>>;
