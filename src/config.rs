//! Configuration: the command line first, then the environment. The only reader of the environment.

/// The variables read: what each is for stands beside the option it stands in for.
pub const DATABASE: &str = "COUNTERSIGN_DATABASE";
pub const SERVER: &str = "COUNTERSIGN_SERVER";
pub const TOKEN: &str = "COUNTERSIGN_TOKEN";
/// A filter of tracing, such as `info` or `countersign_runtime=debug`.
pub const LOG: &str = "COUNTERSIGN_LOG";

/// A variable, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What was given on the command line, else the variable.
#[must_use]
pub fn or_variable(given: Option<&str>, name: &str) -> Option<String> {
    given.map(str::to_owned).or_else(|| variable(name))
}
