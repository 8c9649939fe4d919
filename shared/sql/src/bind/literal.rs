//! Constants.

use sqlparser::ast::{Expr as Tree, Interval, Spanned, Value as Constant};

use super::Binder;
use super::typing;
use crate::bound::{Expr, ExprKind, Known, TextRange};

impl Binder<'_> {
    /// A constant.
    pub(super) fn literal(&mut self, tree: &Tree) -> Expr {
        let at = self.literal_place(tree);
        let typed = match tree {
            Tree::Value(value) => match &value.value {
                Constant::Placeholder(_) => {
                    return Expr {
                        kind: ExprKind::Parameter,
                        ty: Known::Unknown,
                        at,
                    };
                }
                // sqlparser gives `0xFF`, a number, as it gives `X'FF'`.
                Constant::HexStringLiteral(_) if self.source.text(&at).starts_with('0') => {
                    typing::number(self.source.text(&at))
                }
                _ => typing::literal(tree),
            },
            _ => typing::literal(tree),
        };
        self.literal_of(typed, at)
    }

    /// A number and the minus before it, which belongs to it.
    pub(super) fn negative_number(&mut self, digits: &str, tree: &Tree) -> Expr {
        let at = self.source.range(tree.span());
        let at = self.source.with_words_before(&at, 1);
        self.literal_of(typing::number(&format!("-{digits}")), at)
    }

    fn literal_of(&mut self, typed: typing::Typed, at: TextRange) -> Expr {
        let kind = ExprKind::Literal(self.source.text(&at).to_owned());
        let ty = match typed {
            Ok(ty) => ty,
            Err(problem) => {
                self.problem(problem.error.as_str(), problem.message, &at);
                Known::Unknown
            }
        };
        Expr { kind, ty, at }
    }

    /// Where a constant stands, the words before and behind its string included.
    pub(super) fn literal_place(&self, tree: &Tree) -> TextRange {
        const UNITS: [&str; 8] = [
            "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK", "TO",
        ];
        match tree {
            Tree::TypedString(string) => {
                let at = self.source.range(string.value.span);
                self.source.with_words_before(&at, 1)
            }
            Tree::Interval(Interval { value, .. }) => {
                let at = self.source.range(value.span());
                let at = self.source.back_to(&at, "INTERVAL");
                self.source.with_words_behind(&at, &UNITS)
            }
            other => self.source.range(other.span()),
        }
    }
}
