//! The language as a black box: bundles in, definitions and findings out.

mod support;
#[path = "support/told.rs"]
mod told;

use support::{bundle, check};

#[test]
fn the_order_review_compiles() {
    let checked = check(&bundle("order_review"));
    assert_eq!(checked.diagnostics.iter().map(told::line).collect::<Vec<_>>(), Vec::<String>::new());
    let definition = checked.definition.expect("a definition");
    assert_eq!(definition.blocks[""].steps.len(), 8);
    assert!(definition.block("reviews/planning").is_some());
    assert!(definition.block("negotiate!changed").is_some());
    assert!(definition.block("@changed").is_some());
}

#[test]
fn the_purchase_approval_compiles() {
    let checked = check(&bundle("purchase"));
    assert_eq!(checked.diagnostics.iter().map(told::line).collect::<Vec<_>>(), Vec::<String>::new());
    let definition = checked.definition.expect("a definition");
    assert_eq!(definition.blocks[""].steps.len(), 14);
    assert!(definition.block("both/paper").is_some());
    assert!(definition.block("remember@broken").is_some());
}
