//! Constants.

use sqlparser::ast::{Expr as Tree, Interval, Spanned, Value as Constant};

use super::Binder;
use super::typing;
use crate::bound::{About, Expr, ExprKind, Known, TextRange};

impl Binder<'_> {
    /// A constant.
    pub(super) fn literal(&mut self, tree: &Tree) -> Expr {
        let at = self.literal_place(tree);
        let written = self.source.text(&at).to_owned();
        let kind = match tree {
            Tree::Value(value) if matches!(value.value, Constant::Placeholder(_)) => {
                ExprKind::Parameter
            }
            _ => ExprKind::Literal(written),
        };
        let ty = match &kind {
            ExprKind::Parameter => Known::Unknown,
            _ => match typing::literal(tree) {
                Ok(ty) => ty,
                Err(problem) => {
                    self.problem_about(problem.error.as_str(), problem.message, &at, About::Types);
                    Known::Unknown
                }
            },
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
