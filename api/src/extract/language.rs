//! The language of an answer, from `Accept-Language`.

use axum::http::{HeaderMap, header};

/// A language that we speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    /// The one the caller likes best; English where they say nothing that we know.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let Some(text) = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else {
            return Language::English;
        };
        let mut best = (Language::English, 0);
        for range in text.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
            let language = match tag.split('-').next() {
                Some("zh") => Language::Chinese,
                Some("en" | "*") => Language::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// A weight of RFC 9110 as a whole number of thousandths; what is no weight counts as none.
fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(part)) => (whole * 1_000 + part).min(1_000),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Language) {
        let headers = [(header::ACCEPT_LANGUAGE, header.parse().unwrap())].into_iter().collect();
        assert_eq!(Language::of(&headers), expected, "{header}");
    }

    #[test]
    fn the_best_liked_language_wins() {
        check("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese);
        check("en-GB, zh;q=0.5", Language::English);
        check("de, zh;q=0.3, en;q=0.25", Language::Chinese);
        check("fr", Language::English);
        check(";;q=", Language::English);
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
    }
}
