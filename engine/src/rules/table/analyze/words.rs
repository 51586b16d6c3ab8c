//! Words: those of a column's type, and those of a finding in Chinese.

use super::Finding;
use crate::language::types::Type;
use crate::rules::table::Table;

impl Table {
    /// Words in the cells of a column that its type does not have: the row, the word, and the words there are.
    pub(super) fn strange_words(&self, column: usize, kind: Option<&Type>) -> Vec<Finding> {
        let words = match kind {
            Some(Type::OneOf(words)) => words,
            Some(Type::Optional(inner)) => return self.strange_words(column, Some(inner)),
            _ => return Vec::new(),
        };
        let mut found = Vec::new();
        for row in &self.rows {
            let mut bounds = Vec::new();
            if let Some(test) = row.tests.get(column) {
                test.bounds(&mut bounds);
            }
            let strange = bounds
                .iter()
                .filter_map(|bound| bound.as_str())
                .find(|word| !words.iter().any(|known| known.as_ref() == *word));
            let Some(strange) = strange else { continue };
            let (list_en, list_zh) = (words.join(", "), words.join("、"));
            found.push(self.finding(
                "table_word",
                Some(row),
                vec![],
                format!("`{strange}` is none of the words of this column: {list_en}"),
                format!("`{strange}` 不是此列的词：{list_zh}"),
            ));
        }
        found
    }
}

/// The words of an example in Chinese; names and values stay.
pub(super) fn chinese(shown: &str) -> String {
    [
        ("any input", "任意输入"),
        ("any value", "任意值"),
        ("any other text", "其他文字"),
        ("a value before", "小于"),
        ("a value after", "大于"),
    ]
    .into_iter()
    .fold(shown.to_owned(), |shown, (en, zh)| shown.replace(en, zh))
}
