//! How deep the tree of a text can get, told from its tokens alone.
//!
//! `1 + 1 + 1` becomes a tree as deep as it has operators, and trees are walked and freed by recursion, which
//! ends a WebAssembly instance when its stack is full. So an upper bound of the depth is computed before parsing:
//! the operators of one item add up, a group in parentheses adds the depth of what is in it.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::ReadError;
use crate::limits::{MAX_CHAIN, MAX_NESTING, MAX_PARTS, MAX_WAITING_JOINS};
use crate::tokens::span_of;

/// What is open: the text itself, or a parenthesis.
#[derive(Default)]
struct Level {
    /// Operators of the current item.
    operators: usize,
    /// Depth of the deepest group that was closed in the current item.
    group: usize,
    /// Depth of the deepest item that is complete.
    deepest: usize,
    /// `UNION`, `EXCEPT` and `INTERSECT`: they hang above all items.
    set_operations: usize,
    /// Joins whose condition has not come yet: `a JOIN b JOIN c ON ... ON ...`.
    waiting: usize,
    /// Whether it is a CASE, which END closes.
    is_case: bool,
}

impl Level {
    fn item(&self) -> usize {
        self.operators + self.group
    }

    fn depth(&self) -> usize {
        self.set_operations + self.deepest.max(self.item())
    }

    fn end_item(&mut self) {
        self.deepest = self.deepest.max(self.item());
        self.operators = 0;
        self.group = 0;
    }
}

/// What a token does to the depth.
enum Effect {
    Opens,
    Closes,
    OpensCase,
    ClosesCase,
    EndsItem,
    EndsItemOfCase,
    SetOperation,
    Operator,
    Nothing,
}

/// Refuses a text whose tree could be deeper than `limits::MAX_CHAIN`, or with unbalanced parentheses.
pub(crate) fn check_depth(tokens: &[TokenWithSpan]) -> Result<(), ReadError> {
    let mut outer: Vec<Level> = Vec::new();
    // Operators and set operations of all outer levels: what hangs above the current one.
    let mut above = 0_usize;
    let mut open = 0_usize;
    let mut level = Level::default();
    let mut dots = 0_usize;
    let mut behind_dot = false;
    // Joins that wait on all levels.
    let mut waiting = 0_usize;
    let mut behind_cross = false;
    for token in tokens {
        let at = span_of(token.span.start);
        match keyword(&token.token) {
            Keyword::JOIN if !behind_cross => {
                level.waiting += 1;
                waiting += 1;
                if waiting > MAX_WAITING_JOINS {
                    let what =
                        format!("more than {MAX_WAITING_JOINS} joins wait for their conditions");
                    return Err(ReadError::TooDeep { what, at });
                }
            }
            Keyword::ON | Keyword::USING if level.waiting > 0 => {
                level.waiting -= 1;
                waiting -= 1;
            }
            _ => {}
        }
        behind_cross = keyword(&token.token) == Keyword::CROSS;
        match &token.token {
            Token::Period => dots += 1,
            Token::Word(_) if behind_dot => {}
            _ => dots = 0,
        }
        behind_dot = token.token == Token::Period;
        if dots >= MAX_PARTS {
            let what = format!("more than {MAX_PARTS} names have only dots between them");
            return Err(ReadError::TooDeep { what, at });
        }
        match effect(&token.token) {
            Effect::Opens => {
                open += 1;
                if open > MAX_NESTING {
                    let what = format!("more than {MAX_NESTING} parentheses are open");
                    return Err(ReadError::TooDeep { what, at });
                }
                descend(&mut outer, &mut level, &mut above, false);
            }
            Effect::Closes => {
                // A CASE without an END.
                while level.is_case {
                    ascend(&mut outer, &mut level, &mut above);
                }
                open = open.wrapping_sub(1);
                waiting -= level.waiting;
                if !ascend(&mut outer, &mut level, &mut above) {
                    return Err(ReadError::Syntax {
                        message: format!("`{}` closes nothing", token.token),
                        at,
                    });
                }
            }
            Effect::OpensCase => {
                level.operators += 1;
                descend(&mut outer, &mut level, &mut above, true);
            }
            Effect::ClosesCase => {
                if level.is_case {
                    ascend(&mut outer, &mut level, &mut above);
                }
            }
            Effect::EndsItem => level.end_item(),
            Effect::EndsItemOfCase => {
                if level.is_case {
                    level.end_item();
                }
            }
            Effect::SetOperation => {
                level.end_item();
                level.set_operations += 1;
            }
            Effect::Operator => level.operators += 1,
            Effect::Nothing => {}
        }
        if above + level.depth() > MAX_CHAIN {
            let what = format!(
                "more than {MAX_CHAIN} operators follow each other, use IN or VALUES instead"
            );
            return Err(ReadError::TooDeep { what, at });
        }
    }
    Ok(())
}

/// Goes into a parenthesis or a CASE.
fn descend(outer: &mut Vec<Level>, level: &mut Level, above: &mut usize, is_case: bool) {
    *above += level.operators + level.set_operations;
    let inner = Level {
        is_case,
        ..Level::default()
    };
    outer.push(std::mem::replace(level, inner));
}

/// Goes out of the innermost parenthesis or CASE, if there is one.
fn ascend(outer: &mut Vec<Level>, level: &mut Level, above: &mut usize) -> bool {
    let Some(parent) = outer.pop() else {
        return false;
    };
    let depth = level.depth() + 1;
    *level = parent;
    *above -= level.operators + level.set_operations;
    level.group = level.group.max(depth);
    true
}

fn keyword(token: &Token) -> Keyword {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn effect(token: &Token) -> Effect {
    match token {
        Token::LParen | Token::LBracket => Effect::Opens,
        Token::RParen | Token::RBracket => Effect::Closes,
        Token::Comma => Effect::EndsItem,
        Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => Effect::SetOperation,
            Keyword::CASE => Effect::OpensCase,
            Keyword::END => Effect::ClosesCase,
            Keyword::WHEN | Keyword::THEN | Keyword::ELSE => Effect::EndsItemOfCase,
            // Each starts an expression of its own.
            Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::JOIN
            | Keyword::ON
            | Keyword::VALUES => Effect::EndsItem,
            Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::SIMILAR
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::BETWEEN
            | Keyword::AT
            | Keyword::COLLATE
            | Keyword::NOTNULL
            | Keyword::OVERLAPS
            | Keyword::XOR
            | Keyword::DIV
            | Keyword::OPERATOR
            | Keyword::MEMBER => Effect::Operator,
            _ => Effect::Nothing,
        },
        Token::Word(_)
        | Token::Number(_, _)
        | Token::SingleQuotedString(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Period
        | Token::Placeholder(_)
        | Token::Question => Effect::Nothing,
        // Every other token that `tokens` lets through is an operator.
        _ => Effect::Operator,
    }
}
