//! The export as its files say it, read without any of our code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// An order as its files have it.
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) day: NaiveDate,
    pub(crate) salesperson: String,
    /// Quantities by item, over its lines.
    pub(crate) wanted: BTreeMap<String, Decimal>,
}

/// What the tests count with.
pub(crate) struct Export {
    pub(crate) folder: PathBuf,
    /// By number.
    pub(crate) orders: Vec<Order>,
    /// What lies in all locations together, by item.
    pub(crate) opening: BTreeMap<String, Decimal>,
}

type Row = BTreeMap<String, String>;

fn csv(folder: &Path, file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("a file");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

impl Export {
    /// The export that lies beside the repository; a worktree lies one folder deeper.
    pub(crate) fn found() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let beside = ["../shared", "../../shared"].map(|beside| root.join(beside).join("data/adventureworks"));
        let Some(folder) = beside.into_iter().find(|folder| folder.exists()) else {
            eprintln!("skipped: the export is not here");
            return None;
        };
        let codes: BTreeMap<String, String> = csv(&folder, "Product.csv")
            .into_iter()
            .map(|row| (row["ProductID"].clone(), row["ProductNumber"].trim().to_uppercase()))
            .collect();
        let mut opening: BTreeMap<String, Decimal> = BTreeMap::new();
        for row in csv(&folder, "ProductInventory.csv") {
            *opening.entry(codes[&row["ProductID"]].clone()).or_default() +=
                row["Quantity"].parse::<Decimal>().expect("a number");
        }
        let mut wanted: BTreeMap<String, BTreeMap<String, Decimal>> = BTreeMap::new();
        for row in csv(&folder, "SalesOrderDetail.csv") {
            let items = wanted.entry(row["SalesOrderID"].clone()).or_default();
            *items.entry(codes[&row["ProductID"]].clone()).or_default() +=
                row["OrderQty"].parse::<Decimal>().expect("a number");
        }
        let mut orders: Vec<Order> = csv(&folder, "SalesOrderHeader.csv")
            .into_iter()
            .map(|row| Order {
                number: format!("SO{}", row["SalesOrderID"]),
                day: row["OrderDate"][..10].parse().expect("a day"),
                salesperson: match row["SalesPersonID"].as_str() {
                    "" => "sales_desk".to_owned(),
                    id => format!("sp{id}"),
                },
                wanted: wanted.remove(&row["SalesOrderID"]).unwrap_or_default(),
            })
            .collect();
        orders.sort_by(|one, other| one.number.cmp(&other.number));
        Some(Export { folder, orders, opening })
    }
}
