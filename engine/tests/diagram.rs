//! A compiled process as a picture.

mod support;

use countersign_engine::diagram::{Language, svg};
use support::{bundle, check};

#[test]
fn every_step_of_the_order_review_is_in_its_picture_in_both_languages() {
    let checked = check(&bundle("order_review"));
    let found: Vec<String> = checked.diagnostics.iter().map(|found| found.message.en.to_string()).collect();
    let definition = checked.definition.unwrap_or_else(|| panic!("{found:?}"));
    for (language, words) in [
        (Language::Zh, ["订单评审", "与客户协商", "任何时候"]),
        (Language::En, ["Order review", "Negotiate with the customer", "At any time"]),
    ] {
        let picture = svg(&definition, language);
        for word in words {
            assert!(picture.contains(word), "{word} is missing");
        }
        for key in definition.steps.keys() {
            assert!(picture.contains(&format!("data-step=\"{key}\"")), "{key} is missing");
        }
        assert_eq!(picture, svg(&definition, language));
    }
}
