//! Pages of lists: a number of rows and an opaque cursor that says where the next page begins.
//!
//! A cursor holds the sort values of the last row, so that rows that come and go move no page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::{CURSOR_CHARS_MAX, PAGE_ROWS_MAX, PAGE_ROWS_USUAL};
use crate::problem::{Code, Problem};

/// One page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How many rows, and after which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging<C> {
    pub rows: u32,
    pub after: Option<C>,
}

impl<C: DeserializeOwned> Paging<C> {
    /// Reads `limit` and `cursor` of the list with this name.
    pub fn of(list: &str, limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let rows = limit.unwrap_or(PAGE_ROWS_USUAL);
        if !(1..=PAGE_ROWS_MAX).contains(&rows) {
            return Err(Problem::field(
                Code::InvalidRequest,
                "limit",
                format!("from 1 to {PAGE_ROWS_MAX}"),
                format!("应在 1 到 {PAGE_ROWS_MAX} 之间"),
            ));
        }
        let after = cursor.map(|text| read_cursor(list, text)).transpose()?;
        Ok(Paging { rows, after })
    }
}

impl<T> Page<T> {
    /// A page of the list with this name, and where the next one begins.
    #[must_use]
    pub fn new<C: Serialize>(list: &str, items: Vec<T>, next: Option<C>) -> Self {
        Page { items, next_cursor: next.map(|place| cursor_of(list, &place)) }
    }
}

/// The text of a cursor.
#[must_use]
pub(super) fn cursor_of<C: Serialize>(list: &str, place: &C) -> String {
    // Places are small tuples of texts and numbers, which are always JSON.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, place)).unwrap_or_default())
}

/// Reads a cursor of the list with this name.
pub(super) fn read_cursor<C: DeserializeOwned>(list: &str, text: &str) -> Result<C, Problem> {
    let refuse = || Problem::plain(Code::InvalidCursor);
    if text.len() > CURSOR_CHARS_MAX {
        return Err(refuse());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
    let (name, place): (String, C) = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
    if name == list { Ok(place) } else { Err(refuse()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Place = (i64, String);

    #[test]
    fn a_cursor_goes_on_where_the_page_ended() {
        let page = Page::new("tasks", vec!["t1", "t2"], Some((2, "t2".to_owned())));
        let next = Paging::<Place>::of("tasks", Some(2), page.next_cursor.as_deref()).unwrap();
        assert_eq!(next.after, Some((2, "t2".to_owned())));
        assert_eq!(Page::new::<Place>("tasks", vec!["t3"], None).next_cursor, None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = cursor_of("instances", &(1, "x"));
        for bad in [cursor.as_str(), "", "!!", "AAAA", &"A".repeat(CURSOR_CHARS_MAX + 1)] {
            assert_eq!(read_cursor::<Place>("tasks", bad).unwrap_err().code, Code::InvalidCursor, "{bad}");
        }
    }

    #[test]
    fn a_page_has_a_limit() {
        for bad in [0, PAGE_ROWS_MAX + 1] {
            assert_eq!(Paging::<Place>::of("tasks", Some(bad), None).unwrap_err().code, Code::InvalidRequest);
        }
    }
}
