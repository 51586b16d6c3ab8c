//! Mappings and sample data within the program.

use crate::import::error::ImportError;
use crate::import::mapping::Mapping;
use crate::import::source::Source;

/// The mappings that a user can name instead of writing one.
pub const MAPPINGS: [(&str, &str); 2] = [
    ("adventureworks", include_str!("../../examples/adventureworks.mapping.yaml")),
    ("plant", include_str!("../../examples/plant.mapping.yaml")),
];

/// The sample plant's files.
static PLANT: [(&str, &str); 8] = [
    ("items.csv", include_str!("../../examples/plant/items.csv")),
    ("prices.csv", include_str!("../../examples/plant/prices.csv")),
    ("registrations.csv", include_str!("../../examples/plant/registrations.csv")),
    ("customers.csv", include_str!("../../examples/plant/customers.csv")),
    ("locations.csv", include_str!("../../examples/plant/locations.csv")),
    ("stock.csv", include_str!("../../examples/plant/stock.csv")),
    ("orders.csv", include_str!("../../examples/plant/orders.csv")),
    ("order-lines.csv", include_str!("../../examples/plant/order-lines.csv")),
];

/// The built-in mapping of this name.
pub fn mapping(name: &str) -> Option<Result<Mapping, ImportError>> {
    MAPPINGS.iter().find(|(known, _)| *known == name).map(|(_, text)| Mapping::parse(text))
}

/// The mapping that a user names: built in, or a file.
pub fn named(name: &str) -> Result<Mapping, ImportError> {
    if let Some(mapping) = mapping(name) {
        return mapping;
    }
    let known = || MAPPINGS.map(|(known, _)| known).join(", ");
    let text = std::fs::read_to_string(name).map_err(|source| ImportError::NoMapping {
        name: name.to_owned(),
        known: known(),
        source,
    })?;
    Mapping::parse(&text)
}

/// The sample plant.
#[must_use]
pub fn plant() -> Source {
    Source::Embedded(&PLANT)
}
