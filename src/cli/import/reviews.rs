//! Orders that wait for their review after an import: how many, and what to start the reviews with.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use engine::value::Value;
use sales::model::State;
use serde_json::json;
use store::Database;

use super::output;

const PAGE: u32 = 1_000;

#[derive(Default)]
pub(super) struct Waiting {
    orders: u64,
    /// The input of the first one's review.
    first: Option<String>,
}

/// Counts the orders that are submitted; writes the inputs of their reviews to `file`, one a line, by number.
pub(super) async fn waiting(database: &Database, file: Option<&Path>) -> anyhow::Result<Waiting> {
    let cannot = |path: &Path| format!("--reviews: cannot write {}", path.display());
    let mut out = match file {
        Some(path) => Some(BufWriter::new(std::fs::File::create(path).with_context(|| cannot(path))?)),
        None => None,
    };
    let mut waiting = Waiting::default();
    let mut reader = database.read().await?;
    let mut after: Option<String> = None;
    loop {
        let page = sales::repo::rows(&mut reader, "sales_order", after.as_deref(), PAGE).await?;
        for (_, row) in &page {
            let text = |name: &str| row.get(name).and_then(Value::as_str);
            if text("state") != Some(engine::word::Word::as_str(State::Submitted)) {
                continue;
            }
            // An order of nobody is for whoever imports it to place: the review asks its salesperson.
            let salesperson = text("salesperson").unwrap_or(crate::wire::ADMINISTRATOR);
            let input = json!({
                "order": text("number"), "kind": text("kind"), "site": text("site"), "salesperson": salesperson,
            });
            if let (Some(out), Some(path)) = (&mut out, file) {
                writeln!(out, "{input}").with_context(|| cannot(path))?;
            }
            waiting.orders += 1;
            waiting.first.get_or_insert_with(|| input.to_string());
        }
        if page.len() < PAGE as usize {
            break;
        }
        after = page.last().map(|(key, _)| key.clone());
    }
    if let (Some(out), Some(path)) = (&mut out, file) {
        out.flush().with_context(|| cannot(path))?;
    }
    Ok(waiting)
}

impl Waiting {
    /// Says what to do next.
    pub(super) fn print(&self, file: Option<&Path>) {
        let Some(first) = &self.first else { return };
        output::line(format!("{} orders wait for their review / {0} 个订单待评审", self.orders));
        output::line(format!("  one    countersign start order_review --input '{first}'"));
        match file {
            Some(file) => output::line(format!("  all    countersign start order_review --inputs {}", file.display())),
            None => output::line(
                "  all    countersign import … --reviews FILE, then countersign start order_review --inputs FILE",
            ),
        }
    }
}
