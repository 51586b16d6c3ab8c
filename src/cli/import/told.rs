//! How an import went, for people: rows that were not loaded stand together by their reason.

use std::collections::BTreeMap;

use super::output;
use crate::import::report::Report;

/// Runs of lines that are shown of one reason; `--json` lists every row.
const RUNS_SHOWN: usize = 6;

pub(super) fn print(report: &Report) {
    let mut table = output::table(&["table", "loaded"]);
    for (name, rows) in &report.loaded {
        table.add_row([name.clone(), rows.to_string()]);
    }
    output::line(table);
    let mut reasons: BTreeMap<(&str, &str, &str), Vec<u64>> = BTreeMap::new();
    for one in &report.rejected {
        reasons.entry((&one.file, &one.reason, &one.reason_zh)).or_default().push(one.row);
    }
    if !reasons.is_empty() {
        let mut table = output::table(&["file", "rows", "lines", "reason"]);
        for ((file, en, zh), rows) in reasons {
            table.add_row([file.to_owned(), rows.len().to_string(), lines(&rows), format!("{en}\n{zh}")]);
        }
        output::line(table);
    }
    output::line(format!(
        "{} rows not loaded; --json lists each / 未导入 {0} 行，--json 可逐行列出",
        report.rejected.len()
    ));
}

/// `2-4, 7, 9-12`.
fn lines(rows: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 >= *row => *last = *row,
            _ => runs.push((*row, *row)),
        }
    }
    let one = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let more = if runs.len() > RUNS_SHOWN { ", …" } else { "" };
    format!("{}{more}", runs.iter().take(RUNS_SHOWN).map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_one_run() {
        assert_eq!(lines(&[2, 3, 4, 7, 9, 10]), "2-4, 7, 9-10");
        assert_eq!(lines(&[1, 3, 5, 7, 9, 11, 13]), "1, 3, 5, 7, 9, 11, …");
    }
}
