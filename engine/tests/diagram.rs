//! A compiled process as a picture.

mod support;

use countersign_engine::diagram::{Language, svg};
use support::{bundle, check};

#[test]
fn every_step_of_the_order_review_is_in_its_picture_in_both_languages() {
    let definition = check(&bundle("order_review")).definition.expect("a definition");
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
