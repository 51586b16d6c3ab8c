//! The tree of a parsed expression.

use std::sync::Arc;

use rust_decimal::Decimal;

/// A node and where it begins, in characters from 0.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) offset: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Unset,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(Arc<str>),
    List(Vec<Node>),
    Record(Vec<(Arc<str>, Node)>),
    /// A variable of the process.
    Name(Arc<str>),
    /// A parameter of a closure around it, by its number in the expression.
    Local(usize),
    /// `of.name`, or `of["name"]`; the offset is the name's.
    Field(Box<Node>, Arc<str>, usize),
    Index(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    /// A function, its receiver first when it was written as a method.
    Call(&'static str, Vec<Node>),
    /// A question to the instance, by its place among the expression's questions.
    Question(usize),
    Closure(Vec<usize>, Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Coalesce,
    Equal,
    Differ,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

impl Operator {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Coalesce => "??",
            Operator::Equal => "==",
            Operator::Differ => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
            Operator::In => "in",
            Operator::NotIn => "!in",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Power => "**",
        }
    }

    /// How tightly it binds; a larger number binds tighter. The order is the script engine's.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Equal | Operator::Differ => 3,
            Operator::In | Operator::NotIn => 4,
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => 5,
            Operator::Coalesce => 6,
            Operator::Add | Operator::Subtract => 7,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 8,
            Operator::Power => 9,
        }
    }
}

impl Node {
    /// The static path, if it is nothing but one: `input.order`.
    pub(crate) fn path(&self) -> Option<Vec<Arc<str>>> {
        match &self.kind {
            Kind::Name(name) => Some(vec![name.clone()]),
            Kind::Field(of, name, _) => {
                let mut path = of.path()?;
                path.push(name.clone());
                Some(path)
            }
            _ => None,
        }
    }

    /// The nodes directly below.
    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Unset | Kind::Bool(_) | Kind::Int(_) | Kind::Decimal(_) | Kind::Text(_) => vec![],
            Kind::Name(_) | Kind::Local(_) | Kind::Question(_) => vec![],
            Kind::List(items) | Kind::Call(_, items) => items.iter().collect(),
            Kind::Record(entries) => entries.iter().map(|(_, value)| value).collect(),
            Kind::Field(of, ..) | Kind::Not(of) | Kind::Negate(of) | Kind::Closure(_, of) => vec![of],
            Kind::Index(left, right) | Kind::Binary(_, left, right) => vec![left, right],
            Kind::If(test, yes, no) => vec![test, yes, no],
        }
    }
}

/// The functions an expression may call, with how many arguments each takes, the receiver included.
/// The last three words ask the instance and take literal texts only.
pub(crate) const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("abs", 1, 1),
    ("all", 2, 2),
    ("ceiling", 1, 1),
    ("contains", 2, 2),
    ("ends_with", 2, 2),
    ("filter", 2, 2),
    ("first", 1, 1),
    ("floor", 1, 1),
    ("is_empty", 1, 1),
    ("join", 2, 2),
    ("keys", 1, 1),
    ("last", 1, 1),
    ("len", 1, 1),
    ("map", 2, 2),
    ("max", 1, 2),
    ("min", 1, 2),
    ("round", 1, 2),
    ("some", 2, 2),
    ("split", 2, 2),
    ("starts_with", 2, 2),
    ("sum", 1, 1),
    ("to_lower", 1, 1),
    ("to_text", 1, 1),
    ("to_upper", 1, 1),
    ("trim", 1, 1),
    ("values", 1, 1),
];

/// Functions that ask the instance, with how many literal texts each takes.
pub(crate) const QUESTIONS: &[(&str, usize)] =
    &[("any_no", 1), ("any_outcome", 2), ("next", 1), ("reached", 1), ("visited", 1), ("visits", 1)];

/// A name that begins with this character or goes on with it.
pub(crate) fn is_name_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(crate) fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The ASCII character a full-width one was meant to be.
pub(crate) fn ascii_of(c: char) -> Option<&'static str> {
    const PAIRS: &str =
        "！!＂\"＃#＄$％%＆&＇'（(）)＊*＋+，,－-．.／/：:；;＜<＝=＞>？?＠@［[＼\\］]＾^＿_｀`｛{｜|｝}～~";
    const MARKS: &[(char, &str)] = &[
        ('“', "\""),
        ('”', "\""),
        ('‘', "'"),
        ('’', "'"),
        ('、', ","),
        ('。', "."),
        ('【', "["),
        ('】', "]"),
        ('《', "<"),
        ('》', ">"),
        ('≥', ">="),
        ('≤', "<="),
        ('≠', "!="),
        ('×', "*"),
        ('÷', "/"),
        ('—', "-"),
        ('–', "-"),
        ('\u{3000}', " "),
    ];
    const LETTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if let Some((_, ascii)) = MARKS.iter().find(|(mark, _)| *mark == c) {
        return Some(ascii);
    }
    if let Some(at) = PAIRS.find(c)
        && !c.is_ascii()
    {
        let start = at + c.len_utf8();
        return PAIRS.get(start..start + 1);
    }
    let plain = u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).filter(char::is_ascii_alphanumeric)?;
    let at = LETTERS.find(plain)?;
    LETTERS.get(at..at + 1)
}

/// The word of `known` that `given` was probably meant to be.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().count() / 2).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (distance(given, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

/// The Levenshtein distance, in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in right.iter().enumerate() {
            let replace = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
