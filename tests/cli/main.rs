//! The command line as `docs/cli.md` promises it: the real program, from outside.

mod databases;
mod processes;
mod servers;
mod support;
mod usage;
