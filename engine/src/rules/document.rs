//! A small reader of YAML for the rule files (tables, calendars): texts with their places, no guessed types.
//!
//! The checker of the language refuses the traps of YAML in every file of a bundle; this reader only has to be
//! right about what is left.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// How large a rule file may be.
const BYTES_MAX: usize = 1 << 20;
/// How deep it may nest: the parser descends once a level.
const DEPTH_MAX: usize = 16;
const INDENT_MAX: usize = 200;

/// A place, from 1, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Empty,
    /// A scalar as it is written, without its quotes.
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// Something is wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    pub(crate) code: &'static str,
    pub(crate) en: String,
    pub(crate) zh: String,
}

impl Fault {
    pub(crate) fn new(place: Place, code: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Fault { place, code, en: en.into(), zh: zh.into() }
    }
}

/// Reads a file that holds one map.
pub(crate) fn read(source: &str) -> Result<Vec<Entry>, Fault> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    bounded(source)?;
    let documents = MarkedYaml::load_from_str(source).map_err(|error| {
        let marker = error.marker();
        let place = Place { line: narrow(marker.line()), column: narrow(marker.col() + 1) };
        Fault::new(
            place,
            "yaml_syntax",
            "this is no YAML; look at indentation, colons and quotes",
            "此处不是合法的 YAML；请检查缩进、冒号与引号",
        )
    })?;
    let chars: Vec<char> = source.chars().collect();
    let start = Place { line: 1, column: 1 };
    match documents.as_slice() {
        [document] => match node(&chars, document).kind {
            Kind::Map(entries) => Ok(entries),
            _ => Err(Fault::new(start, "yaml_shape", "the file must be a map of keys", "文件必须是键值映射")),
        },
        _ => Err(Fault::new(
            start,
            "yaml_shape",
            "the file must hold exactly one YAML document",
            "文件必须只含一份 YAML 文档",
        )),
    }
}

fn bounded(source: &str) -> Result<(), Fault> {
    if source.len() > BYTES_MAX {
        return Err(Fault::new(
            Place { line: 1, column: 1 },
            "yaml_too_large",
            format!("the file is larger than {BYTES_MAX} bytes"),
            format!("文件超过 {BYTES_MAX} 字节"),
        ));
    }
    let mut depth = 0_usize;
    for (number, line) in source.lines().enumerate() {
        let indent = line.chars().take_while(|c| matches!(c, ' ' | '\t' | '-' | '?' | ':')).count();
        let mut deepest = depth;
        for c in line.chars() {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        if indent > INDENT_MAX || deepest > DEPTH_MAX {
            let place = Place { line: narrow(number + 1), column: 1 };
            return Err(Fault::new(place, "yaml_too_deep", "this nests too deep", "嵌套过深"));
        }
    }
    Ok(())
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn node(chars: &[char], yaml: &MarkedYaml<'_>) -> Node {
    let start = yaml.span.start;
    let place = Place { line: narrow(start.line()), column: narrow(start.col() + 1) };
    let written = || -> String {
        let (from, to) = (start.index().min(chars.len()), yaml.span.end.index().min(chars.len()));
        chars[from..to.max(from)].iter().collect::<String>().trim().to_owned()
    };
    let kind = match &yaml.data {
        YamlData::Mapping(entries) => Kind::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    let key = node(chars, key);
                    let text = match key.kind {
                        Kind::Text(text) => text,
                        _ => String::new(),
                    };
                    Entry { key: text, place: key.place, value: node(chars, value) }
                })
                .collect(),
        ),
        YamlData::Sequence(items) => Kind::List(items.iter().map(|item| node(chars, item)).collect()),
        YamlData::Value(Scalar::String(text)) | YamlData::Representation(text, ..) => Kind::Text(text.to_string()),
        YamlData::Value(Scalar::Null) => Kind::Empty,
        // A number or a date is the text that stands there: its type is said by its position.
        YamlData::Value(_) => Kind::Text(written()),
        YamlData::Tagged(_, inner) => node(chars, inner).kind,
        YamlData::BadValue | YamlData::Alias(_) => Kind::Empty,
    };
    Node { place, kind }
}
