//! Lists the migrations of both databases, so that they travel inside the binary and nobody keeps a list by hand.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut source = String::new();
    for kind in ["sqlite", "postgres"] {
        let folder = root.join(kind);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut names: Vec<String> = fs::read_dir(&folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?;
        names.retain(|name| name.ends_with(".sql"));
        names.sort();
        writeln!(source, "pub(crate) const {}: &[(&str, &str)] = &[", kind.to_uppercase()).map_err(io::Error::other)?;
        for name in names {
            let path = folder.join(&name);
            println!("cargo::rerun-if-changed={}", path.display());
            writeln!(source, "    ({:?}, include_str!({path:?})),", name.trim_end_matches(".sql"))
                .map_err(io::Error::other)?;
        }
        source.push_str("];\n");
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("migrations.rs"), source)
}
