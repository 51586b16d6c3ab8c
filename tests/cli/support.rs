//! The real program in a folder of its own, and a server of it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A process whose one task is for operations.
pub(crate) const HELLO: &str = "\
process: hello
title: { zh: 问候, en: Hello }
owner: operations
risk: low
readers: [ operations ]
search: [ who ]
input: { who: string }
start:
  - { by: [ operations ] }
steps:
  - id: greet
    task: { title: { zh: 问候, en: Greet }, to: { role: operations } }
  - { id: done, end: done }
";

/// A story of it that holds.
pub(crate) const GREETED: &str = "\
scenario: somebody is greeted
at: 2026-03-02T09:00+08:00
start: { by: ann, with: { who: Bo } }
play:
  - { as: ann, does: greet }
end: { outcome: done }
";

/// A folder with a process, and a database that is made when first used.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What a command printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().expect("a temporary folder") };
        place.write("processes/hello/process.yaml", HELLO);
        place.write("processes/hello/scenarios/greeted.yaml", GREETED);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.text("plant.db"))
    }

    /// Runs a command in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[], "")
    }

    /// The same with variables and with something on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
        let mut child = program(self.folder.path(), arguments, variables).spawn().expect("the program starts");
        // A program that asks nothing may have ended before it is told.
        let _ = child.stdin.take().expect("standard input").write_all(input.as_bytes());
        Ran::of(child.wait_with_output().expect("the program ends"))
    }

    /// The same on the database of this place.
    pub(crate) fn on_database(&self, arguments: &[&str]) -> Ran {
        let database = self.database();
        self.run(&[arguments, &["--database", &database]].concat())
    }

    /// A database with the process and Ann, who holds roles; her token.
    pub(crate) fn prepared(&self) -> String {
        let roles = ["--role", "operations", "--role", "messenger", "--role", "publisher", "--role", "admin"];
        let add = [&["user", "add", "ann", "--name", "Ann"], &roles[..]].concat();
        self.on_database(&add).succeeds();
        self.on_database(&["deploy", &self.text("processes")]).succeeds();
        self.on_database(&["user", "token", "ann"]).succeeds().out.trim().to_owned()
    }

    pub(crate) fn serve(&self) -> Server {
        let database = self.database();
        let arguments = ["serve", "--database", &database, "--listen", "127.0.0.1:0"];
        let mut child = program(self.folder.path(), &arguments, &[]).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("standard output")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}")).to_owned();
        Server { child, address }
    }
}

fn program(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["COUNTERSIGN_DATABASE", "COUNTERSIGN_SERVER", "COUNTERSIGN_TOKEN", "COUNTERSIGN_LOG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Standard output, which is one JSON document and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    pub(crate) fn last_line(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}

/// A running server; killed at the end of its test.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Asks it to stop, and waits until it has: its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok_and(|status| status.success()), "the server was there to be asked");
        self.child.wait().expect("the server ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
