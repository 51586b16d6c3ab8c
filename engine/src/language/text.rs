//! A text in both languages from two expressions.

macro_rules! text {
    ($zh:expr, $en:expr) => {
        $crate::language::definition::Text { zh: ($zh).into(), en: ($en).into() }
    };
}
