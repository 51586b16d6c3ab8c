//! Findings as JSON, as SARIF 2.1.0 and as plain text.

use serde_json::json;

use super::registry::ALL;
use super::{Diagnostic, Severity};

/// The contract of `check --format json`: `[{file,line,column,code,severity,message:{zh,en},hint}]`.
#[must_use]
pub fn json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "file": diagnostic.file.as_ref(),
                "line": diagnostic.span.line,
                "column": diagnostic.span.column,
                "code": diagnostic.code.id,
                "severity": diagnostic.severity(),
                "message": diagnostic.message,
                "hint": diagnostic.hint,
            })
        })
        .collect()
}

/// The form that code hosts read.
#[must_use]
pub fn sarif(diagnostics: &[Diagnostic]) -> serde_json::Value {
    let level = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rules: Vec<_> = ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "shortDescription": { "text": format!("{} · {}", code.title_en, code.title_zh) },
                "fullDescription": { "text": format!("{} {}", code.why_en, code.why_zh) },
                "defaultConfiguration": { "level": level(code.severity) },
            })
        })
        .collect();
    let results: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            let mut text = format!("{} · {}", diagnostic.message.en, diagnostic.message.zh);
            if let Some(hint) = &diagnostic.hint {
                text.push_str(&format!(" ({} · {})", hint.en, hint.zh));
            }
            json!({
                "ruleId": diagnostic.code.id,
                "level": level(diagnostic.severity()),
                "message": { "text": text },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": diagnostic.file.as_ref() },
                    "region": { "startLine": diagnostic.span.line, "startColumn": diagnostic.span.column },
                } }],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "countersign", "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A line or two for each finding, in both languages.
#[must_use]
pub fn plain(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (place, message) = (&diagnostic.span, &diagnostic.message);
        out.push_str(&format!(
            "{}:{}:{}: {severity}[{}] {} · {}\n",
            diagnostic.file, place.line, place.column, diagnostic.code.id, message.en, message.zh
        ));
        if let Some(hint) = &diagnostic.hint {
            out.push_str(&format!("    {} · {}\n", hint.en, hint.zh));
        }
    }
    out
}
