//! The fixed words of a picture in both languages.

use crate::rules::span::{DurationSpec, Unit};

/// The language of the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Zh,
    En,
}

impl Language {
    /// The tag that XML and HTML use.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::Zh => "zh-CN",
            Language::En => "en",
        }
    }

    pub(super) fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// `label: what`, with the colon of the language.
    pub(super) fn labelled(self, zh: &str, en: &str, what: &str) -> String {
        match self {
            Language::Zh => format!("{zh}：{what}"),
            Language::En => format!("{en}: {what}"),
        }
    }

    pub(super) fn list(self, items: &[String]) -> String {
        items.join(self.pick("、", ", "))
    }

    /// A duration in words; a text that is none stays as it is.
    pub(super) fn duration(self, text: &str) -> String {
        DurationSpec::parse(text).map_or_else(|_| text.to_owned(), |span| self.span(span))
    }

    fn span(self, span: DurationSpec) -> String {
        let (zh, en) = match span.unit {
            Unit::Second => ("秒", "second"),
            Unit::Minute => ("分钟", "minute"),
            Unit::Hour => ("小时", "hour"),
            Unit::Day => ("天", "day"),
            Unit::Week => ("周", "week"),
            Unit::BusinessHour => ("个工作小时", "business hour"),
            Unit::BusinessDay => ("个工作日", "business day"),
        };
        match self {
            Language::Zh => format!("{} {zh}", span.count),
            Language::En if span.count == 1 => format!("1 {en}"),
            Language::En => format!("{} {en}s", span.count),
        }
    }
}
