//! The names of rows in the record: one column as it is, several as a JSON list, so that no two rows share a name.

/// The name of a row whose key has several columns.
#[must_use]
pub fn join(parts: &[&str]) -> String {
    serde_json::Value::from_iter(parts.iter().copied()).to_string()
}

/// The columns of a name that [`join`] made; none if it is no such name or has another number of columns.
#[must_use]
pub fn split<const N: usize>(name: &str) -> Option<[String; N]> {
    serde_json::from_str::<Vec<String>>(name).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_gives_its_columns_back(a in ".*", b in ".*") {
            prop_assert_eq!(split(&join(&[&a, &b])), Some([a, b]));
        }
    }
}
