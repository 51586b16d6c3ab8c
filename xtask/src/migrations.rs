//! Both databases have the same migrations, and these make the same tables with the same columns.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

/// The columns of each table: name, and what it may hold, in words that both dialects share.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let sqlite = read(&root.join("migrations/sqlite"))?;
    let postgres = read(&root.join("migrations/postgres"))?;
    let mut findings = Vec::new();
    names(&sqlite, &postgres, &mut findings);
    let tables = |files: &BTreeMap<String, String>, findings: &mut Vec<String>| {
        let mut tables = Tables::new();
        for (name, text) in files {
            collect(text, &mut tables).unwrap_or_else(|why| findings.push(format!("{name}: {why}")));
        }
        tables
    };
    let (left, right) = (tables(&sqlite, &mut findings), tables(&postgres, &mut findings));
    compare(&left, &right, &mut findings);
    Ok(findings)
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".sql") {
            files.insert(
                name,
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
            );
        }
    }
    Ok(files)
}

fn names(sqlite: &BTreeMap<String, String>, postgres: &BTreeMap<String, String>, findings: &mut Vec<String>) {
    for name in sqlite.keys().filter(|name| !postgres.contains_key(*name)) {
        findings.push(format!("{name} is missing in migrations/postgres"));
    }
    for name in postgres.keys().filter(|name| !sqlite.contains_key(*name)) {
        findings.push(format!("{name} is missing in migrations/sqlite"));
    }
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for name in sqlite.keys() {
        let number = name.split('_').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.push(format!("{name} does not begin with four digits and `_`"));
        }
        if let Some(other) = numbers.insert(number, name) {
            findings.push(format!("{other} and {name} have the same number"));
        }
    }
}

fn compare(sqlite: &Tables, postgres: &Tables, findings: &mut Vec<String>) {
    let empty = BTreeMap::new();
    let all: std::collections::BTreeSet<&String> = sqlite.keys().chain(postgres.keys()).collect();
    for table in all {
        let (left, right) = (sqlite.get(table).unwrap_or(&empty), postgres.get(table).unwrap_or(&empty));
        let columns: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for column in columns {
            match (left.get(column), right.get(column)) {
                (Some(one), Some(other)) if one == other || (one == "integer" && other == "flag") => {}
                (Some(one), Some(other)) => {
                    findings.push(format!("{table}.{column} is {one} in SQLite and {other} in PostgreSQL"));
                }
                (Some(_), None) => findings.push(format!("{table}.{column} is missing in PostgreSQL")),
                (None, _) => findings.push(format!("{table}.{column} is missing in SQLite")),
            }
        }
    }
}

/// Reads every `CREATE TABLE` and `ALTER TABLE … ADD COLUMN`.
fn collect(sql: &str, tables: &mut Tables) -> Result<(), String> {
    let text: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let text = text.join(" ");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("CREATE TABLE ") {
        rest = &rest[at + "CREATE TABLE ".len()..];
        rest = rest.trim_start().strip_prefix("IF NOT EXISTS").unwrap_or(rest);
        let open = rest.find('(').ok_or("a CREATE TABLE has no list of columns")?;
        let table = rest[..open].trim().to_owned();
        let (inside, after) =
            parenthesised(&rest[open..]).ok_or_else(|| format!("the columns of {table} do not end"))?;
        let columns = tables.entry(table).or_default();
        for part in split(inside) {
            let words = words(part);
            let (Some(name), false) = (words.first(), words.first().is_some_and(|word| constraint(word))) else {
                continue;
            };
            columns.insert(name.clone(), kind(&words));
        }
        rest = after;
    }
    for statement in text.split(';') {
        let words = words(statement);
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["ALTER", "TABLE", table, "ADD", "COLUMN", name, ..] = plain.as_slice() {
            tables.entry((*table).to_owned()).or_default().insert((*name).to_owned(), kind(&words[5..]));
        }
    }
    Ok(())
}

fn constraint(word: &str) -> bool {
    ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT", "EXCLUDE"]
        .iter()
        .any(|key| word == *key || word.strip_prefix(key).is_some_and(|rest| rest.starts_with('(')))
}

/// What a column may hold, and whether it may hold nothing.
fn kind(words: &[String]) -> String {
    let kind = match words.get(1).map_or("", String::as_str) {
        "INTEGER" | "BIGINT" => "integer",
        "BOOLEAN" => "flag",
        "TEXT" => "text",
        "BLOB" | "BYTEA" => "bytes",
        other => other,
    };
    let needed = words.windows(2).any(|pair| pair == ["NOT", "NULL"]);
    if kind == "flag" && needed {
        return kind.to_owned();
    }
    if needed { kind.to_owned() } else { format!("optional {kind}") }
}

/// What stands inside the parenthesis that `text` begins with, and what follows it.
fn parenthesised(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..place], &text[place + 1..]));
        }
    }
    None
}

/// Parts between commas that stand in no parenthesis.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0usize);
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..place]);
                from = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sqlite: &str, postgres: &str, expected: &[&str]) {
        let (mut left, mut right, mut findings) = (Tables::new(), Tables::new(), Vec::new());
        collect(sqlite, &mut left).unwrap();
        collect(postgres, &mut right).unwrap();
        compare(&left, &right, &mut findings);
        assert_eq!(findings, expected);
    }

    #[test]
    fn the_same_table_in_both_dialects_is_the_same() {
        check(
            "CREATE TABLE t (a INTEGER NOT NULL, b TEXT, -- why, b\n c BLOB NOT NULL, ready INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT;",
            "CREATE TABLE t (a BIGINT NOT NULL, b TEXT COLLATE \"C\", c BYTEA NOT NULL, ready BOOLEAN NOT NULL, PRIMARY KEY (a, b));",
            &[],
        );
    }

    #[test]
    fn a_missing_column_and_another_type_are_found() {
        check(
            "CREATE TABLE t (a INTEGER NOT NULL CHECK (a IN (1, 2)), b TEXT);",
            "CREATE TABLE t (a TEXT NOT NULL, c TEXT);",
            &[
                "t.a is integer in SQLite and text in PostgreSQL",
                "t.b is missing in PostgreSQL",
                "t.c is missing in SQLite",
            ],
        );
    }

    #[test]
    fn what_may_be_nothing_in_one_must_be_so_in_the_other() {
        check(
            "CREATE TABLE t (a INTEGER);",
            "CREATE TABLE t (a BIGINT NOT NULL);",
            &["t.a is optional integer in SQLite and integer in PostgreSQL"],
        );
    }

    #[test]
    fn an_added_column_counts() {
        check(
            "CREATE TABLE t (a TEXT); ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT '';",
            "CREATE TABLE t (a TEXT);",
            &["t.b is missing in PostgreSQL"],
        );
    }

    #[test]
    fn a_number_is_used_once() {
        let file = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let mut findings = Vec::new();
        names(&file(&["0001_a.sql", "0001_b.sql"]), &file(&["0001_a.sql"]), &mut findings);
        assert_eq!(
            findings,
            ["0001_b.sql is missing in migrations/postgres", "0001_a.sql and 0001_b.sql have the same number"]
        );
    }
}
