//! From text to tokens, with a word for every character that does not belong.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::ExpressionError;
use super::syntax::{ascii_of, is_name, is_name_start};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Name(Arc<str>),
    Text(Arc<str>),
    Int(i64),
    Decimal(Decimal),
    Symbol(&'static str),
    End,
}

/// A token and where it begins, in characters.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) offset: usize,
}

/// Longer symbols stand before those they begin with.
const SYMBOLS: &[&str] = &[
    "#{", "||", "&&", "==", "!=", "<=", ">=", "??", "**", "!", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    "{", "}", ",", ".", ":", "|",
];

pub(crate) fn lex(source: &str) -> Result<Vec<Placed>, ExpressionError> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let offset = at;
        if c.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let token = if let Some(ascii) = ascii_of(c) {
            return Err(ExpressionError::new(
                offset,
                format!("`{c}` is a full-width or typographic character; write `{ascii}`"),
                format!("`{c}` 是全角或排版字符，请改为半角 `{ascii}`"),
            ));
        } else if is_name_start(c) {
            let end = end_of(&chars, at, is_name);
            let name: String = chars[at..end].iter().collect();
            at = end;
            Token::Name(name.into())
        } else if c.is_ascii_digit() {
            number(&chars, &mut at)?
        } else if c == '"' {
            text(&chars, &mut at)?
        } else if let Some(symbol) =
            SYMBOLS.iter().find(|symbol| symbol.chars().eq(chars[at..].iter().copied().take(symbol.len())))
        {
            at += symbol.len();
            Token::Symbol(symbol)
        } else {
            return Err(unexpected(c, chars.get(at + 1).copied(), offset));
        };
        tokens.push(Placed { token, offset });
    }
    tokens.push(Placed { token: Token::End, offset: chars.len() });
    Ok(tokens)
}

fn end_of(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| !belongs(*c)).map_or(chars.len(), |length| from + length)
}

fn unexpected(c: char, next: Option<char>, offset: usize) -> ExpressionError {
    match (c, next) {
        ('\'' | '`', _) => ExpressionError::new(offset, "a text stands between `\"`", "文本应写在 `\"` 之间"),
        ('=', _) => ExpressionError::new(
            offset,
            "an expression assigns nothing; equality is `==`",
            "表达式不能赋值；相等比较请写 `==`",
        ),
        ('&', _) => ExpressionError::new(offset, "write `&&` for and", "“并且”请写 `&&`"),
        (';', _) => ExpressionError::new(
            offset,
            "an expression is one value without statements; use a script",
            "表达式只能是一个值，不能有语句；请用脚本",
        ),
        ('?', _) => ExpressionError::new(
            offset,
            "there is no `?`; a default is `a ?? b`, a choice is `if a { b } else { c }`",
            "没有 `?`；默认值写 `a ?? b`，二选一写 `if a { b } else { c }`",
        ),
        _ => ExpressionError::new(
            offset,
            format!("`{}` has no meaning in an expression", c.escape_debug()),
            format!("表达式中不能使用 `{}`", c.escape_debug()),
        ),
    }
}

fn number(chars: &[char], at: &mut usize) -> Result<Token, ExpressionError> {
    let offset = *at;
    let digit = |c: char| c.is_ascii_digit() || c == '_';
    let mut end = end_of(chars, offset, digit);
    let fraction = chars.get(end) == Some(&'.') && chars.get(end + 1).is_some_and(char::is_ascii_digit);
    if fraction {
        end = end_of(chars, end + 1, digit);
    }
    *at = end;
    let written: String = chars[offset..end].iter().filter(|c| **c != '_').collect();
    let refuse = || {
        ExpressionError::new(
            offset,
            format!("the number `{written}` cannot be held exactly"),
            format!("数字 `{written}` 超出可精确表示的范围"),
        )
    };
    if chars.get(end).copied().is_some_and(is_name_start) {
        return Err(ExpressionError::new(
            end,
            "a number is followed directly by a letter; a name begins with a letter, a duration is a text",
            "数字后面直接跟了字母；名称须以字母开头，时长须写成文本",
        ));
    }
    if fraction {
        Decimal::from_str_exact(&written).map(Token::Decimal).map_err(|_| refuse())
    } else {
        written.parse().map(Token::Int).map_err(|_| refuse())
    }
}

fn text(chars: &[char], at: &mut usize) -> Result<Token, ExpressionError> {
    let offset = *at;
    let mut out = String::new();
    let mut place = offset + 1;
    loop {
        match chars.get(place) {
            None => {
                return Err(ExpressionError::new(offset, "this text has no closing `\"`", "文本缺少结尾的 `\"`"));
            }
            Some('"') => break,
            Some('\\') => {
                place += 1;
                out.push(match chars.get(place) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('"') => '"',
                    Some('\\') => '\\',
                    _ => {
                        return Err(ExpressionError::new(
                            place - 1,
                            "after `\\` stands `n`, `t`, `\"` or `\\`",
                            "`\\` 后面只能是 `n`、`t`、`\"` 或 `\\`",
                        ));
                    }
                });
            }
            Some('\0') => {
                return Err(ExpressionError::new(place, "the character U+0000 is refused", "不允许字符 U+0000"));
            }
            Some(c) => out.push(*c),
        }
        place += 1;
    }
    *at = place + 1;
    Ok(Token::Text(out.into()))
}
