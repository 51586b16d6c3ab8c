//! The command line as `docs/cli.md` promises it: the real program, from outside.

mod databases;
mod operators;
mod processes;
mod servers;
mod strangers;
mod support;
mod usage;
