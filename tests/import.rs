//! Imports, on both databases: every row is loaded or listed, sums agree with an independent count over the
//! files, importing again changes nothing, and the log accounts for every row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign::import::built_in;
use countersign::import::chunk::Chunk;
use countersign::import::mapping::Mapping;
use countersign::import::report::Report;
use countersign::import::run::{ChunkWriter, Rehearsal, Writing, import};
use countersign::import::source::Source;
use engine::time::Timestamp;
use engine::value::Value;
use rust_decimal::Decimal;
use store::Database;
use store::testing::on_both;

/// Commits each chunk, as the writer does.
struct Direct {
    database: Database,
}

impl ChunkWriter for Direct {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_> {
        Box::pin(async move {
            let mut tx = self.database.begin().await?;
            let written = chunk.apply(&mut tx).await?;
            tx.take_rows();
            tx.commit().await?;
            Ok(written)
        })
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-02T01:00:00Z").expect("a moment")
}

async fn run(database: &Database, mapping: &Mapping, source: &Source) -> Report {
    let writer = Direct { database: database.clone() };
    import(&writer, mapping, source, now(), &|_| {}).await.expect("the import goes through")
}

fn built_in_mapping(name: &str) -> Mapping {
    built_in::mapping(name).expect("built in").expect("a sound mapping")
}

/// Every canonical record of a table.
async fn rows(database: &Database, table: &str) -> BTreeMap<String, Value> {
    let mut reader = database.read().await.expect("a reader");
    let (mut all, mut after) = (BTreeMap::new(), None::<String>);
    loop {
        let mut page = masterdata::repo::rows(&mut reader, table, after.as_deref(), 700).await.expect("readable");
        page.extend(sales::repo::rows(&mut reader, table, after.as_deref(), 700).await.expect("readable"));
        page.extend(inventory::repo::rows(&mut reader, table, after.as_deref(), 700).await.expect("readable"));
        let Some((last, _)) = page.last() else { break all };
        after = Some(last.clone());
        all.extend(page);
    }
}

fn sum(rows: &BTreeMap<String, Value>, field: &str) -> Decimal {
    rows.values().map(|row| row.get(field).and_then(Value::as_decimal).expect("a number")).sum()
}

/// Rows of a CSV file, read without any of our code.
fn csv(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("a file");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

fn number(text: &str) -> Decimal {
    let text = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
    text.parse().expect("a number")
}

#[tokio::test]
async fn the_sample_plant_is_loaded_whole_and_twice_is_once() {
    on_both(|database| async move {
        let (mapping, source) = (built_in_mapping("plant"), built_in::plant());
        let report = run(&database, &mapping, &source).await;
        assert_eq!(report.rejected, vec![]);
        assert_eq!(report.loaded["item"], 15);
        assert_eq!(report.loaded["customer"], 8);
        assert_eq!(report.loaded["sales_order"], 15);
        let tables = masterdata::repo::TABLES.into_iter().chain(sales::repo::TABLES).chain(inventory::repo::TABLES);
        for table in tables.collect::<Vec<_>>() {
            let before = rows(&database, table).await;
            let again = run(&database, &mapping, &source).await;
            assert_eq!(again, report);
            assert_eq!(rows(&database, table).await, before, "{table}");
        }
        let mut reader = database.read().await.expect("a reader");
        assert_eq!(inventory::repo::faults(&mut reader).await.expect("readable"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_rehearsal_reports_the_same_and_writes_nothing() {
    on_both(|database| async move {
        let (mapping, source) = (built_in_mapping("plant"), built_in::plant());
        let rehearsal = Rehearsal { database: database.clone() };
        let rehearsed = import(&rehearsal, &mapping, &source, now(), &|_| {}).await.expect("goes through");
        assert!(rows(&database, "item").await.is_empty());
        assert_eq!(run(&database, &mapping, &source).await, rehearsed);
    })
    .await;
}

/// A mapping of items and orders over files with every kind of fault.
const FAULTY: &str = r#"
mapping: faulty
title: { zh: 有错误的数据, en: Faulty data }
tables:
  - table: item
    from: items.csv
    skip:
      - { column: gone, is: present, reason: { zh: 已停用, en: It is gone } }
    fields:
      code: { column: code, clean: [ trim, upper ] }
      name: { column: name }
      kind: { column: kind, words: { F: finished } }
      unit: { constant: EA }
      cost: { column: cost }
      list_price: { column: price }
      lead_days: { constant: "1" }
      catalogue: { constant: "true" }
      regulated: { constant: "f" }
  - table: customer
    from: customers.csv
    fields:
      code: { column: code }
      name: { column: code }
      country: { constant: CN }
      currency: { constant: CNY }
      price_list: { constant: list }
      credit_limit: { constant: "5" }
      credit_days: { constant: "30" }
  - table: sales_order
    from: orders.csv
    fields:
      number: { column: number }
      customer: { column: customer }
      currency: { constant: CNY }
      country: { constant: CN }
      site: { constant: SZ }
      ordered: { constant: "2026-03-02" }
      requested: { constant: "2026-03-20" }
    lines:
      from: lines.csv
      key: order
      of: number
      fields:
        line: { column: line }
        item: { column: item }
        quantity: { column: quantity }
        unit_price: { constant: "1" }
"#;

static FAULTY_FILES: [(&str, &str); 4] = [
    (
        "items.csv",
        "code,name,kind,cost,price,gone\n a ,A,F,1,2,\nB,B,X,1,2,\nC,C,F,one,2,\nD,D,F,1,2,yes\nA,A,F,1,2,\nE,E,F\nF,,F,1,2,\nG,G,F,0.1234567,2,\n",
    ),
    ("customers.csv", "code\nK\n"),
    ("orders.csv", "number,customer\nO1,K\nO2,NOBODY\nO3,K\nO4,K\n"),
    ("lines.csv", "order,line,item,quantity\nO1,1,A,2\nO2,1,A,2\nO3,1,A,2\nO3,2,A,0\nO9,1,A,1\nO4,1,MISSING,1\n"),
];

#[tokio::test]
async fn every_row_that_is_not_loaded_is_listed_with_its_reason() {
    on_both(|database| async move {
        let mapping = Mapping::parse(FAULTY).expect("a sound mapping");
        let report = run(&database, &mapping, &Source::Embedded(&FAULTY_FILES)).await;
        assert_eq!(
            report.loaded,
            BTreeMap::from(
                [("item", 1), ("customer", 1), ("sales_order", 1), ("sales_order_line", 1)]
                    .map(|(table, count)| (table.to_owned(), count))
            )
        );
        let listed: Vec<(&str, u64, &str)> =
            report.rejected.iter().map(|one| (one.file.as_str(), one.row, one.reason.as_str())).collect();
        let reasons: BTreeMap<(&str, u64), &str> =
            listed.iter().map(|(file, row, reason)| ((*file, *row), *reason)).collect();
        assert_eq!(reasons.len(), listed.len(), "no row is listed twice: {listed:#?}");
        let rows: BTreeSet<(&str, u64)> = reasons.keys().copied().collect();
        let expected = [
            ("items.csv", 3),
            ("items.csv", 4),
            ("items.csv", 5),
            ("items.csv", 6),
            ("items.csv", 7),
            ("items.csv", 8),
            ("items.csv", 9),
            ("orders.csv", 3),
            ("orders.csv", 4),
            ("orders.csv", 5),
            ("lines.csv", 3),
            ("lines.csv", 4),
            ("lines.csv", 5),
            ("lines.csv", 6),
            ("lines.csv", 7),
        ];
        assert_eq!(rows, BTreeSet::from(expected));
        assert_eq!(reasons[&("items.csv", 5)], "It is gone");
        assert_eq!(reasons[&("items.csv", 4)], "`one` in the field `cost` is not a number");
        assert_eq!(reasons[&("orders.csv", 3)], "there is no customer `NOBODY`");
        assert_eq!(reasons[&("orders.csv", 5)], "there is no item `MISSING`");
    })
    .await;
}

#[test]
fn a_mapping_with_an_unknown_field_says_which_there_are() {
    let wrong = FAULTY.replace("      unit: { constant: EA }", "      units: { constant: EA }");
    let error = Mapping::parse(&wrong).expect_err("there is no such field");
    assert!(
        error
            .to_string()
            .starts_with("import.field: the mapping of item.units is wrong: the table has no such field; it has code")
    );
    let twice = FAULTY.replace("unit: { constant: EA }", "unit: { constant: EA, column: x }");
    assert!(Mapping::parse(&twice).expect_err("two sources").to_string().contains("exactly one of"));
}

/// A folder of the data that lies beside the repository; a worktree lies one folder deeper.
fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"].iter().map(|beside| root.join(beside).join(name)).find(|folder| folder.exists())
}

#[tokio::test]
async fn the_export_of_a_real_manufacturer_is_loaded_and_its_sums_agree() {
    let Some(folder) = shared("data/adventureworks") else {
        eprintln!("skipped: the export is not here");
        return;
    };
    let products = csv(&folder, "Product.csv");
    let (heads, details) = (csv(&folder, "SalesOrderHeader.csv"), csv(&folder, "SalesOrderDetail.csv"));
    let inventory = csv(&folder, "ProductInventory.csv");
    let worth = |row: &BTreeMap<String, String>| {
        number(&row["OrderQty"]) * number(&row["UnitPrice"]) * (Decimal::ONE - number(&row["UnitPriceDiscount"]))
    };
    let quantity: Decimal = details.iter().map(|row| number(&row["OrderQty"])).sum();
    let value: Decimal = details.iter().map(worth).sum();
    let cost: Decimal = products.iter().map(|row| number(&row["StandardCost"])).sum();
    let stock: Decimal = inventory.iter().map(|row| number(&row["Quantity"])).sum();
    let unsold = products.iter().filter(|row| number(&row["ListPrice"]).is_zero()).count();
    let counts = (heads.len() as u64, details.len() as u64, products.len() as u64, inventory.len() as u64);
    on_both(|database| {
        let folder = folder.clone();
        async move {
            let mapping = built_in_mapping("adventureworks");
            let report = run(&database, &mapping, &Source::Folder(folder.clone())).await;
            let reasons: BTreeSet<&str> = report.rejected.iter().map(|one| one.reason.as_str()).collect();
            assert_eq!(reasons, BTreeSet::from(["It has no list price: it is not sold"]));
            assert_eq!(report.rejected.len(), unsold);
            let loaded = |table: &str| report.loaded[table];
            assert_eq!((loaded("sales_order"), loaded("sales_order_line"), loaded("item"), loaded("stock")), counts);
            assert_eq!(loaded("item_price") + unsold as u64, counts.2);
            assert_eq!(sum(&rows(&database, "item").await, "cost"), cost);
            assert_eq!(sum(&rows(&database, "stock_item").await, "unrestricted"), stock);
            assert_eq!(sum(&rows(&database, "sales_order_line").await, "quantity"), quantity);
            assert_eq!(sum(&rows(&database, "sales_order").await, "value"), value);
            let again = run(&database, &mapping, &Source::Folder(folder)).await;
            assert_eq!(again, report);
            let mut reader = database.read().await.expect("a reader");
            assert_eq!(inventory::repo::faults(&mut reader).await.expect("readable"), Vec::<String>::new());
        }
    })
    .await;
}
