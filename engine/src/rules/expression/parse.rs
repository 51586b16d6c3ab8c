//! From tokens to the tree: precedence climbing, with closures only as arguments.

mod call;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::lex::{Placed, Token, lex};
use super::syntax::{Kind, Node, Operator};
use super::{ExpressionError, FunctionUse};

/// How many characters an expression may have.
pub const LENGTH_MAX: usize = 4_000;
/// How deep an expression may nest.
pub const DEPTH_MAX: usize = 48;

/// What parsing gives.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) root: Node,
    /// All function calls in the order of the text; questions are those with a place in `questions`.
    pub(crate) functions: Vec<FunctionUse>,
    /// Which of `functions` ask the instance.
    pub(crate) questions: Vec<usize>,
}

pub(crate) fn parse(source: &str) -> Result<Parsed, ExpressionError> {
    if source.chars().count() > LENGTH_MAX {
        return Err(ExpressionError::new(
            LENGTH_MAX,
            format!("an expression has at most {LENGTH_MAX} characters; use a script"),
            format!("表达式最多 {LENGTH_MAX} 个字符；请用脚本"),
        ));
    }
    let mut parser = Parser {
        tokens: lex(source)?,
        at: 0,
        depth: 0,
        locals: vec![],
        local_count: 0,
        functions: vec![],
        questions: vec![],
    };
    let root = parser.expression(0)?;
    match parser.peek() {
        Token::End => {}
        token => return Err(parser.unexpected(&token.clone())),
    }
    check_depth(&root, 0)?;
    Ok(Parsed { root, functions: parser.functions, questions: parser.questions })
}

/// Chains such as `a + b + c` nest in the tree without nesting in the text.
fn check_depth(node: &Node, depth: usize) -> Result<(), ExpressionError> {
    if depth > DEPTH_MAX {
        return Err(too_deep(node.offset));
    }
    node.children().into_iter().try_for_each(|child| check_depth(child, depth + 1))
}

fn too_deep(offset: usize) -> ExpressionError {
    ExpressionError::new(
        offset,
        format!("an expression nests at most {DEPTH_MAX} deep; split it with `set`, or use a script"),
        format!("表达式嵌套最多 {DEPTH_MAX} 层；请用 `set` 拆开，或用脚本"),
    )
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    locals: Vec<(Arc<str>, usize)>,
    local_count: usize,
    functions: Vec<FunctionUse>,
    questions: Vec<usize>,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].token
    }

    fn offset(&self) -> usize {
        self.tokens[self.at.min(self.tokens.len() - 1)].offset
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), ExpressionError> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(ExpressionError::new(self.offset(), format!("`{symbol}` is missing here"), format!("此处缺少 `{symbol}`")))
    }

    fn unexpected(&self, token: &Token) -> ExpressionError {
        let offset = self.offset();
        match token {
            Token::End => ExpressionError::new(offset, "a value is missing at the end", "末尾缺少一个值"),
            Token::Symbol(symbol) => ExpressionError::new(
                offset,
                format!("`{symbol}` does not belong here"),
                format!("此处不应出现 `{symbol}`"),
            ),
            Token::Name(name) => ExpressionError::new(
                offset,
                format!(
                    "`{name}` does not belong here; an operator or the end was expected (and is `&&`, or is `||`, not is `!`)"
                ),
                format!("此处不应出现 `{name}`；应为运算符或结尾（与 `&&`、或 `||`、非 `!`）"),
            ),
            Token::Text(_) | Token::Int(_) | Token::Decimal(_) => ExpressionError::new(
                offset,
                "an operator or the end was expected here, not another value",
                "此处应为运算符或结尾，而不是另一个值",
            ),
        }
    }

    fn operator(&self) -> Option<(Operator, usize)> {
        let operator = match self.peek() {
            Token::Name(word) if word.as_ref() == "in" => Operator::In,
            Token::Symbol("!") => {
                let next = self.tokens.get(self.at + 1)?;
                return match &next.token {
                    Token::Name(word) if word.as_ref() == "in" => Some((Operator::NotIn, 2)),
                    _ => None,
                };
            }
            Token::Symbol(symbol) => match *symbol {
                "||" => Operator::Or,
                "&&" => Operator::And,
                "??" => Operator::Coalesce,
                "==" => Operator::Equal,
                "!=" => Operator::Differ,
                "<" => Operator::Less,
                "<=" => Operator::LessEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterEqual,
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "%" => Operator::Remainder,
                "**" => Operator::Power,
                _ => return None,
            },
            _ => return None,
        };
        Some((operator, 1))
    }

    fn expression(&mut self, least: u8) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep(self.offset()));
        }
        let mut left = self.unary()?;
        while let Some((operator, tokens)) = self.operator()
            && operator.precedence() > least
        {
            let offset = self.offset();
            self.at += tokens;
            // A power binds to the right: 2 ** 3 ** 2 is 2 ** 9.
            let right = self.expression(operator.precedence() - u8::from(operator == Operator::Power))?;
            left = Node { offset, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, ExpressionError> {
        let offset = self.offset();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep(offset));
        }
        let node = if self.accept("!") {
            Node { offset, kind: Kind::Not(Box::new(self.unary()?)) }
        } else if self.accept("-") {
            let inner = self.unary()?;
            let kind = match inner.kind {
                Kind::Int(number) => Kind::Int(-number),
                Kind::Decimal(number) => Kind::Decimal(-number),
                kind => Kind::Negate(Box::new(Node { offset: inner.offset, kind })),
            };
            Node { offset, kind }
        } else {
            let primary = self.primary()?;
            self.postfix(primary)?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn postfix(&mut self, mut node: Node) -> Result<Node, ExpressionError> {
        loop {
            let offset = self.offset();
            if self.accept(".") {
                let name_offset = self.offset();
                let Token::Name(name) = self.peek().clone() else {
                    return Err(ExpressionError::new(
                        name_offset,
                        "after `.` stands a name; a field of another spelling is `[\"…\"]`",
                        "`.` 后面应为名称；其他写法的字段请写 `[\"…\"]`",
                    ));
                };
                self.at += 1;
                node = if self.is("(") {
                    self.call(name, name_offset, Some(node))?
                } else {
                    Node { offset: node.offset, kind: Kind::Field(Box::new(node), name, name_offset) }
                };
            } else if self.accept("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let start = node.offset;
                let kind = match index.kind {
                    Kind::Text(name) => Kind::Field(Box::new(node), name, index.offset),
                    _ => Kind::Index(Box::new(node), Box::new(index)),
                };
                node = Node { offset: start, kind };
            } else {
                return Ok(node);
            }
            if offset > LENGTH_MAX {
                return Err(too_deep(offset));
            }
        }
    }

    fn primary(&mut self) -> Result<Node, ExpressionError> {
        let offset = self.offset();
        let token = self.peek().clone();
        let kind = match token {
            Token::Int(number) => self.take(Kind::Int(number)),
            Token::Decimal(number) => self.take(Kind::Decimal(number)),
            Token::Text(text) => self.take(Kind::Text(text)),
            Token::Symbol("(") => {
                self.at += 1;
                if self.accept(")") {
                    Kind::Unset
                } else {
                    let inner = self.expression(0)?;
                    self.expect(")")?;
                    inner.kind
                }
            }
            Token::Symbol("[") => {
                self.at += 1;
                Kind::List(self.items("]", Parser::argument_free)?)
            }
            Token::Symbol("#{") => {
                self.at += 1;
                let entries = self.items("}", Parser::entry)?;
                let mut names = BTreeSet::new();
                if let Some((name, value)) = entries.iter().find(|(name, _)| !names.insert(name.clone())) {
                    return Err(ExpressionError::new(
                        value.offset,
                        format!("the record has two entries `{name}`"),
                        format!("记录中有两个条目 `{name}`"),
                    ));
                }
                Kind::Record(entries)
            }
            Token::Name(name) => {
                self.at += 1;
                match name.as_ref() {
                    "true" => Kind::Bool(true),
                    "false" => Kind::Bool(false),
                    "if" => self.choice()?,
                    _ if self.is("(") => return self.call(name, offset, None),
                    word => match self.locals.iter().rev().find(|(local, _)| local.as_ref() == word) {
                        Some((_, number)) => Kind::Local(*number),
                        None => Kind::Name(name),
                    },
                }
            }
            token => return Err(self.unexpected(&token)),
        };
        Ok(Node { offset, kind })
    }

    fn take(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn argument_free(&mut self) -> Result<Node, ExpressionError> {
        self.expression(0)
    }

    fn entry(&mut self) -> Result<(Arc<str>, Node), ExpressionError> {
        let (Token::Name(name) | Token::Text(name)) = self.peek().clone() else {
            return Err(ExpressionError::new(self.offset(), "the name of an entry is missing", "缺少条目名称"));
        };
        self.at += 1;
        self.expect(":")?;
        Ok((name, self.expression(0)?))
    }

    fn items<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<Vec<T>, ExpressionError> {
        let mut items = Vec::new();
        while !self.accept(end) {
            items.push(item(self)?);
            if !self.accept(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    /// `if a { b } else { c }`, whose last part may be another `if`.
    fn choice(&mut self) -> Result<Kind, ExpressionError> {
        let test = self.expression(0)?;
        self.expect("{")?;
        let yes = self.expression(0)?;
        self.expect("}")?;
        match self.peek() {
            Token::Name(word) if word.as_ref() == "else" => self.at += 1,
            _ => {
                return Err(ExpressionError::new(
                    self.offset(),
                    "`if` needs its `else { … }`",
                    "`if` 必须有 `else { … }`",
                ));
            }
        }
        let offset = self.offset();
        let no = match self.peek() {
            Token::Name(word) if word.as_ref() == "if" => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(too_deep(offset));
                }
                self.at += 1;
                let kind = self.choice()?;
                self.depth -= 1;
                Node { offset, kind }
            }
            _ => {
                self.expect("{")?;
                let no = self.expression(0)?;
                self.expect("}")?;
                no
            }
        };
        Ok(Kind::If(Box::new(test), Box::new(yes), Box::new(no)))
    }
}
