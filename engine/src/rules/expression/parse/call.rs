//! Calls of functions: which there are, and what they take.

use std::sync::Arc;

use super::Parser;
use crate::rules::expression::lex::Token;
use crate::rules::expression::syntax::{FUNCTIONS, Kind, Node, QUESTIONS, nearest};
use crate::rules::expression::{ExpressionError, FunctionUse};

impl Parser {
    pub(super) fn call(
        &mut self,
        name: Arc<str>,
        offset: usize,
        receiver: Option<Node>,
    ) -> Result<Node, ExpressionError> {
        self.expect("(")?;
        let place = self.functions.len();
        self.functions.push(FunctionUse { name: name.clone(), texts: vec![], offset });
        let method = receiver.is_some();
        let mut arguments: Vec<Node> = receiver.into_iter().collect();
        arguments.extend(self.items(")", Parser::argument)?);
        self.functions[place].texts = arguments
            .iter()
            .filter_map(|argument| match &argument.kind {
                Kind::Text(text) => Some((text.clone(), argument.offset)),
                _ => None,
            })
            .collect();
        if let Some((_, count)) = QUESTIONS.iter().find(|(known, _)| !method && *known == name.as_ref()) {
            if arguments.len() != *count || self.functions[place].texts.len() != *count {
                return Err(ExpressionError::new(
                    offset,
                    format!("`{name}` takes {count} literal text(s), such as `{name}(\"step\")`"),
                    format!("`{name}` 需要 {count} 个文本字面量，例如 `{name}(\"step\")`"),
                ));
            }
            self.questions.push(place);
            return Ok(Node { offset, kind: Kind::Question(self.questions.len() - 1) });
        }
        let Some((known, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name.as_ref()) else {
            let names = FUNCTIONS.iter().map(|(known, ..)| *known).chain(QUESTIONS.iter().map(|(known, _)| *known));
            let (en, zh) = match nearest(&name, names) {
                Some(near) => (format!("; did you mean `{near}`?"), format!("；是否想写 `{near}`？")),
                None => (String::new(), String::new()),
            };
            return Err(ExpressionError::new(
                offset,
                format!("there is no function `{name}`{en}"),
                format!("没有函数 `{name}`{zh}"),
            ));
        };
        if arguments.len() < *least || arguments.len() > *most {
            let shown = |count: usize| if method { count - 1 } else { count };
            return Err(ExpressionError::new(
                offset,
                format!("`{name}` takes {} to {} argument(s) here", shown(*least), shown(*most)),
                format!("`{name}` 在此需要 {} 到 {} 个参数", shown(*least), shown(*most)),
            ));
        }
        let wants_closure = matches!(*known, "map" | "filter" | "some" | "all");
        for (place, argument) in arguments.iter().enumerate() {
            if matches!(argument.kind, Kind::Closure(..)) != (wants_closure && place == 1) {
                return Err(ExpressionError::new(
                    argument.offset,
                    format!(
                        "`{name}` {} a function such as `|x| x.id` here",
                        if wants_closure { "needs" } else { "takes no" }
                    ),
                    format!("`{name}` 在此{}函数，例如 `|x| x.id`", if wants_closure { "需要" } else { "不接受" }),
                ));
            }
        }
        Ok(Node { offset, kind: Kind::Call(known, arguments) })
    }

    fn argument(&mut self) -> Result<Node, ExpressionError> {
        let offset = self.offset();
        if !self.accept("|") {
            return self.expression(0);
        }
        let Token::Name(name) = self.peek().clone() else {
            return Err(ExpressionError::new(self.offset(), "the parameter's name is missing", "缺少参数名"));
        };
        self.at += 1;
        self.expect("|")?;
        let number = self.local_count;
        self.local_count += 1;
        self.locals.push((name, number));
        let body = self.expression(0)?;
        self.locals.pop();
        Ok(Node { offset, kind: Kind::Closure(vec![number], Box::new(body)) })
    }
}
