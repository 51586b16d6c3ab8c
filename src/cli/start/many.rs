//! Many starts from a file: one input a line in, one line of JSON a start out, in the order of the file.
//!
//! A line that cannot be started is told on its own line and keeps nobody else from starting.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use serde_json::{Value as Json, json};

use super::{StartArgs, output, start};
use crate::client::{Client, Refused};

/// The longest line that is read as an input; the surface takes no longer ones.
const LINE_BYTES_MAX: usize = 1 << 20;

pub(super) async fn run(args: &StartArgs, file: &Path) -> anyhow::Result<bool> {
    let lines = open(file)?;
    let client = args.target.connect().await?;
    let bar = output::bar(None, "started");
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed = 0u64;
    let inputs = lines.enumerate().map(|(at, line)| (at + 1, line));
    let inputs = inputs.filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim().is_empty()));
    let mut started =
        stream::iter(inputs).map(|(number, line)| one(&client, args, number, line)).buffered(args.concurrency.get());
    while let Some((number, shown)) = started.next().await {
        bar.inc(1);
        let told = match shown {
            Ok(shown) => {
                let text = |name: &str| shown.get(name).and_then(Json::as_str).map(str::to_owned);
                let standing = text("outcome").or_else(|| text("status")).unwrap_or_default();
                *counts.entry(standing).or_default() += 1;
                let field = |name: &str| shown.get(name).cloned().unwrap_or_default();
                json!({
                    "line": number, "instance": field("instance"), "key": field("key"), "status": field("status"),
                    "outcome": field("outcome"), "open_incidents": field("open_incidents"),
                })
            }
            Err(error) => {
                failed += 1;
                json!({ "line": number, "error": told(&error) })
            }
        };
        output::line(told);
    }
    drop(started);
    bar.finish_and_clear();
    client.close().await?;
    let counts: Vec<String> = counts.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
    eprintln!("started / 已发起: {}; not started / 未发起: {failed}", counts.join(", "));
    Ok(failed == 0)
}

async fn one(
    client: &Client,
    args: &StartArgs,
    number: usize,
    line: io::Result<String>,
) -> (usize, anyhow::Result<Json>) {
    let started = async {
        let line = line.context("the line cannot be read; it must be UTF-8 and at most 1 MiB")?;
        let input: Json = serde_json::from_str(&line).context("the line is not JSON")?;
        let key = args.idempotency_key.as_ref().map(|key| format!("{key}/{number}"));
        start(client, &args.process, &input, key.as_deref()).await
    };
    (number, started.await)
}

/// An error as a program reads it.
fn told(error: &anyhow::Error) -> Json {
    match error.downcast_ref::<Refused>() {
        Some(refused) => json!({
            "code": refused.code, "detail": refused.detail,
            "detail_zh": refused.body.get("detail_zh").cloned().unwrap_or_default(),
        }),
        None => {
            json!({ "code": "invalid_line", "detail": format!("{error:#}"), "detail_zh": format!("此行无法发起：{error:#}") })
        }
    }
}

/// The lines of a file, or of standard input.
fn open(file: &Path) -> anyhow::Result<Lines> {
    let content: Box<dyn BufRead + Send> = if file == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let opened = File::open(file).with_context(|| format!("--inputs: cannot open {}", file.display()))?;
        Box::new(BufReader::new(opened))
    };
    Ok(Lines { content, ended: false })
}

/// Lines of limited length; one that is too long or no text is an error of its own, and reading goes on after it.
struct Lines {
    content: Box<dyn BufRead + Send>,
    ended: bool,
}

impl Iterator for Lines {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            if self.ended {
                break;
            }
            let (used, whole) = match self.content.fill_buf() {
                Ok([]) => {
                    self.ended = true;
                    break;
                }
                Ok(buffer) => {
                    let end = buffer.iter().position(|byte| *byte == b'\n');
                    let part = &buffer[..end.unwrap_or(buffer.len())];
                    too_long |= line.len() + part.len() > LINE_BYTES_MAX;
                    if !too_long {
                        line.extend_from_slice(part);
                    }
                    (end.map_or(buffer.len(), |end| end + 1), end.is_some())
                }
                Err(error) => {
                    // A file that cannot be read on has no further line.
                    self.ended = true;
                    return Some(Err(error));
                }
            };
            self.content.consume(used);
            if whole {
                return Some(text(line, too_long));
            }
        }
        (!line.is_empty() || too_long).then(|| text(line, too_long))
    }
}

fn text(line: Vec<u8>, too_long: bool) -> io::Result<String> {
    if too_long {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is longer than 1 MiB"));
    }
    let line = String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(line.trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_does_not_hide_the_next() {
        let mut content = b"{\"a\":1}\n\xff\xfe\n".to_vec();
        content.extend(vec![b'x'; LINE_BYTES_MAX + 1]);
        content.extend(b"\n\nlast");
        let lines = Lines { content: Box::new(io::Cursor::new(content)), ended: false };
        let read: Vec<Option<String>> = lines.map(Result::ok).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read, [some("{\"a\":1}"), None, None, some(""), some("last")]);
    }
}
