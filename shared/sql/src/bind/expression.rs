//! Expressions.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, DataType, Expr as Tree, Query, Spanned,
    Subscript, UnaryOperator, Value as Constant,
};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing;
use crate::bound::{About, Expr, ExprKind, Known, SubqueryKind, TextRange};
use crate::dialect::pattern_with_escape;
use crate::limits::MAX_BOUND_DEPTH;
use crate::types::Type;

impl Binder<'_> {
    /// An expression over what is in reach.
    pub(super) fn expression(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        let here = 0..0;
        self.deeper(
            &here,
            |_| Expr {
                kind: ExprKind::Opaque {
                    what: "too deep".to_owned(),
                    operands: Vec::new(),
                },
                ty: Known::Unknown,
                at: 0..0,
            },
            |binder| binder.any_expression(tree, scope),
        )
    }

    fn any_expression(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        if self.trying > 0 {
            self.tried += 1;
        }
        match tree {
            Tree::Identifier(name) => self.name(std::slice::from_ref(name), scope),
            Tree::CompoundIdentifier(names) => self.name(names, scope),
            Tree::CompoundFieldAccess { root, access_chain } => {
                self.access(root, access_chain, scope)
            }
            Tree::Value(_) | Tree::TypedString(_) | Tree::Interval(_) => self.literal(tree),
            Tree::Nested(inner) => self.nested(inner, scope),
            Tree::BinaryOp { .. } => self.binary_operators(tree, scope),
            Tree::UnaryOp { op, expr } => self.unary_operator(*op, expr, scope),
            Tree::IsNull(_)
            | Tree::IsNotNull(_)
            | Tree::IsTrue(_)
            | Tree::IsNotTrue(_)
            | Tree::IsFalse(_)
            | Tree::IsNotFalse(_)
            | Tree::IsUnknown(_)
            | Tree::IsNotUnknown(_)
            | Tree::IsDistinctFrom(..)
            | Tree::IsNotDistinctFrom(..)
            | Tree::InList { .. }
            | Tree::Between { .. }
            | Tree::Like { .. } => self.predicate(tree, scope),
            Tree::InSubquery { .. }
            | Tree::Exists { .. }
            | Tree::Subquery(_)
            | Tree::AnyOp { .. }
            | Tree::AllOp { .. } => self.with_subquery(tree, scope),
            Tree::Cast {
                kind,
                expr,
                data_type,
                ..
            } => self.cast(kind, expr, data_type, scope),
            Tree::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(
                tree,
                operand.as_deref(),
                conditions,
                else_result.as_deref(),
                scope,
            ),
            Tree::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let operands = vec![
                    self.expression(timestamp, scope),
                    self.expression(time_zone, scope),
                ];
                self.operator("at time zone", operands)
            }
            Tree::Tuple(parts) => self.row(parts, scope),
            Tree::Array(array) => self.array(&array.elem, scope),
            Tree::Function(_)
            | Tree::Extract { .. }
            | Tree::Ceil { .. }
            | Tree::Floor { .. }
            | Tree::Position { .. }
            | Tree::Substring { .. }
            | Tree::Trim { .. } => self.any_call(tree, scope),
            Tree::Lambda(lambda) => self.stray_lambda(lambda, scope),
            other => {
                let at = self.source.range(other.span());
                Expr {
                    kind: ExprKind::Opaque {
                        what: "an expression that is not followed".to_owned(),
                        operands: Vec::new(),
                    },
                    ty: Known::Unknown,
                    at,
                }
            }
        }
    }

    fn nested(&mut self, inner: &Tree, scope: ScopeId) -> Expr {
        let mut expr = self.expression(inner, scope);
        if let Some(around) = self.source.around(&expr.at) {
            expr.at = around;
        }
        expr
    }

    /// An operator whose operands are bound, with its type.
    pub(super) fn operator(&mut self, sign: &'static str, operands: Vec<Expr>) -> Expr {
        let at = operands
            .iter()
            .fold(0..0, |at, operand| union(&at, &operand.at));
        // Trino puts the problem where the sign is.
        let place = match operands.as_slice() {
            [left, right] => self.source.between(&left.at, &right.at),
            _ => at.clone(),
        };
        self.operator_at(sign, operands, at, &place)
    }

    fn operator_at(
        &mut self,
        sign: &'static str,
        operands: Vec<Expr>,
        at: TextRange,
        place: &TextRange,
    ) -> Expr {
        let ty = match typing::operator(sign, &operands) {
            Ok(ty) => ty,
            Err(problem) => {
                let operand = problem.operand.and_then(|index| operands.get(index));
                let place = operand.map_or_else(|| place.clone(), |operand| operand.at.clone());
                self.problem_about(
                    problem.error.as_str(),
                    problem.message,
                    &place,
                    About::Types,
                );
                typing::operator_result(sign)
            }
        };
        Expr {
            kind: ExprKind::Operator { sign, operands },
            ty,
            at,
        }
    }

    /// A chain of operators. It is as deep as it is long on its left side, so it is walked in a loop.
    fn binary_operators(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        let mut chain = Vec::new();
        let mut first = tree;
        while let Tree::BinaryOp { left, op, right } = first {
            chain.push((op, right.as_ref()));
            first = left;
        }
        let mut left = self.expression(first, scope);
        for (operator, right) in chain.into_iter().rev() {
            let right = self.expression(right, scope);
            let Some(sign) = sign_of(operator) else {
                let at = union(&left.at, &right.at);
                left = Expr {
                    kind: ExprKind::Opaque {
                        what: operator.to_string(),
                        operands: vec![left, right],
                    },
                    ty: Known::Unknown,
                    at,
                };
                continue;
            };
            left = match (sign, left) {
                (
                    "and" | "or",
                    Expr {
                        kind:
                            ExprKind::Operator {
                                sign: same,
                                mut operands,
                            },
                        at,
                        ty,
                    },
                ) if same == sign && !self.is_parenthesised(&at, &operands) => {
                    self.logical_operand(&right);
                    let at = union(&at, &right.at);
                    operands.push(right);
                    Expr {
                        kind: ExprKind::Operator { sign, operands },
                        ty,
                        at,
                    }
                }
                (_, left) => self.operator(sign, vec![left, right]),
            };
        }
        left
    }

    /// Whether a chain stands in parentheses of its own.
    fn is_parenthesised(&self, at: &TextRange, operands: &[Expr]) -> bool {
        operands
            .first()
            .is_some_and(|first| first.at.start > at.start)
    }

    fn logical_operand(&mut self, operand: &Expr) {
        if let Err(problem) = typing::logical_operand(operand) {
            let at = operand.at.clone();
            self.problem_about(problem.error.as_str(), problem.message, &at, About::Types);
        }
    }

    fn unary_operator(&mut self, operator: UnaryOperator, operand: &Tree, scope: ScopeId) -> Expr {
        if operator == UnaryOperator::Minus
            && let Tree::Value(value) = operand
            && let Constant::Number(digits, _) = &value.value
        {
            return self.negative_number(digits, operand);
        }
        let operand = self.expression(operand, scope);
        let at = self.source.with_words_before(&operand.at, 1);
        let sign = match operator {
            UnaryOperator::Not => "not",
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            _ => {
                return Expr {
                    kind: ExprKind::Opaque {
                        what: operator.to_string(),
                        operands: vec![operand],
                    },
                    ty: Known::Unknown,
                    at,
                };
            }
        };
        let place = if sign == "not" {
            operand.at.clone()
        } else {
            at.clone()
        };
        self.operator_at(sign, vec![operand], at, &place)
    }

    fn predicate(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        const WORDS: [&str; 6] = ["IS", "NOT", "NULL", "TRUE", "FALSE", "UNKNOWN"];
        let (sign, negated, parts): (&'static str, bool, Vec<&Tree>) = match tree {
            Tree::IsNull(inner) => ("is null", false, vec![inner]),
            Tree::IsNotNull(inner) => ("is not null", false, vec![inner]),
            Tree::IsTrue(inner) => ("is true", false, vec![inner]),
            Tree::IsNotTrue(inner) => ("is not true", false, vec![inner]),
            Tree::IsFalse(inner) => ("is false", false, vec![inner]),
            Tree::IsNotFalse(inner) => ("is not false", false, vec![inner]),
            Tree::IsUnknown(inner) => ("is unknown", false, vec![inner]),
            Tree::IsNotUnknown(inner) => ("is not unknown", false, vec![inner]),
            Tree::IsDistinctFrom(l, r) => ("is distinct from", false, vec![l, r]),
            Tree::IsNotDistinctFrom(l, r) => ("is not distinct from", false, vec![l, r]),
            Tree::InList {
                expr,
                list,
                negated,
            } => {
                let mut parts = vec![expr.as_ref()];
                parts.extend(list);
                ("in", *negated, parts)
            }
            Tree::Between {
                expr,
                negated,
                low,
                high,
            } => ("between", *negated, vec![expr, low, high]),
            Tree::Like {
                negated,
                expr,
                pattern,
                ..
            } => match pattern_with_escape(pattern) {
                Some((pattern, escape)) => ("like", *negated, vec![expr, pattern, escape]),
                None => ("like", *negated, vec![expr, pattern]),
            },
            _ => ("is null", false, Vec::new()),
        };
        let is_list = sign == "in";
        let is_test = parts.len() == 1 && !is_list;
        let mut operands: Vec<Expr> = parts
            .into_iter()
            .map(|part| self.expression(part, scope))
            .collect();
        let mut at = operands
            .iter()
            .fold(0..0, |at, operand| union(&at, &operand.at));
        if is_list && let Some(last) = operands.last() {
            let list = self.source.around(&last.at).unwrap_or(last.at.clone());
            at = union(&at, &list);
        }
        if is_test {
            at = self.source.with_words_behind(&at, &WORDS);
        }
        if let Tree::Like {
            escape_char: Some(escape),
            ..
        } = tree
        {
            let escape = self.literal(&Tree::Value(escape.clone()));
            at = union(&at, &escape.at);
            operands.push(escape);
        }
        let place = match operands.as_slice() {
            [left, right, ..] => self.source.between(&left.at, &right.at),
            _ => at.clone(),
        };
        let symmetric = match operands.as_slice() {
            [value, low, _] if sign == "between" => self
                .source
                .spelled(&(value.at.end..low.at.start))
                .ends_with("between symmetric"),
            _ => false,
        };
        let mut expr = self.operator_at(sign, operands, at.clone(), &place);
        if let (ExprKind::Operator { sign, .. }, true) = (&mut expr.kind, symmetric) {
            *sign = "between symmetric";
        }
        if negated {
            self.operator_at("not", vec![expr], at.clone(), &at)
        } else {
            expr
        }
    }

    fn with_subquery(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        match tree {
            Tree::Exists { subquery, negated } => {
                let query = self.query(subquery, Some(scope));
                let at = self.source.range(subquery.span());
                let at = self.source.around_with_word(&at).unwrap_or(at);
                let exists = Expr {
                    kind: ExprKind::Subquery {
                        kind: SubqueryKind::Exists,
                        operand: None,
                        query,
                    },
                    ty: Known::Known(Type::Boolean),
                    at,
                };
                self.negated(exists, *negated)
            }
            Tree::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                let operand = self.expression(expr, scope);
                let subquery = self.compared_subquery(SubqueryKind::In, operand, subquery, scope);
                self.negated(subquery, *negated)
            }
            Tree::Subquery(query) => self.scalar_subquery(query, scope),
            Tree::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(SubqueryKind::Any, left, compare_op, right, scope),
            Tree::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(SubqueryKind::All, left, compare_op, right, scope),
            _ => self.expression(tree, scope),
        }
    }

    fn negated(&mut self, expr: Expr, negated: bool) -> Expr {
        if !negated {
            return expr;
        }
        let at = match &expr.kind {
            ExprKind::Subquery { operand: None, .. } => self.source.with_words_before(&expr.at, 1),
            _ => expr.at.clone(),
        };
        self.operator_at("not", vec![expr], at.clone(), &at)
    }

    fn scalar_subquery(&mut self, query: &Query, scope: ScopeId) -> Expr {
        let id = self.query(query, Some(scope));
        let at = self.source.range(query.span());
        Expr {
            kind: ExprKind::Subquery {
                kind: SubqueryKind::Scalar,
                operand: None,
                query: id,
            },
            ty: self.subquery_type(id),
            at: self.source.around(&at).unwrap_or(at),
        }
    }

    /// The type of a subquery's row: its one column's, or a row of all of them.
    fn subquery_type(&self, query: crate::bound::RelationId) -> Known<Type> {
        let Some(relation) = self.bound.relation(query) else {
            return Known::Unknown;
        };
        if !relation.complete {
            return Known::Unknown;
        }
        match relation.columns.as_slice() {
            [only] => only.ty.clone(),
            columns => {
                let mut fields = Vec::new();
                for column in columns {
                    match &column.ty {
                        Known::Known(ty) => fields.push((column.name.clone(), ty.clone())),
                        Known::Unknown => return Known::Unknown,
                    }
                }
                Known::Known(Type::Row(fields.into()))
            }
        }
    }

    fn quantified(
        &mut self,
        kind: fn(&'static str) -> SubqueryKind,
        left: &Tree,
        operator: &BinaryOperator,
        right: &Tree,
        scope: ScopeId,
    ) -> Expr {
        let operand = self.expression(left, scope);
        let mut inner = right;
        while let Tree::Nested(nested) = inner {
            inner = nested;
        }
        let sign = sign_of(operator).unwrap_or("=");
        match inner {
            Tree::Subquery(query) => self.compared_subquery(kind(sign), operand, query, scope),
            other => {
                let other = self.expression(other, scope);
                let at = union(&operand.at, &other.at);
                Expr {
                    kind: ExprKind::Opaque {
                        what: "a comparison with ANY or ALL".to_owned(),
                        operands: vec![operand, other],
                    },
                    ty: Known::Known(Type::Boolean),
                    at,
                }
            }
        }
    }

    fn compared_subquery(
        &mut self,
        kind: SubqueryKind,
        operand: Expr,
        query: &Query,
        scope: ScopeId,
    ) -> Expr {
        let id = self.query(query, Some(scope));
        let inner = self.source.range(query.span());
        let inner = self.source.around(&inner).unwrap_or(inner);
        let at = union(&operand.at, &inner);
        let ty = self.subquery_type(id);
        if let Err(problem) = typing::compared_with_subquery(kind, &operand.ty, &ty) {
            let place = self.source.between(&operand.at, &inner);
            self.problem_about(
                problem.error.as_str(),
                problem.message,
                &place,
                About::Types,
            );
        }
        Expr {
            kind: ExprKind::Subquery {
                kind,
                operand: Some(Box::new(operand)),
                query: id,
            },
            ty: Known::Known(Type::Boolean),
            at,
        }
    }

    fn cast(
        &mut self,
        kind: &CastKind,
        operand: &Tree,
        data_type: &DataType,
        scope: ScopeId,
    ) -> Expr {
        let operand = self.expression(operand, scope);
        let at = self
            .source
            .around_with_word(&operand.at)
            .unwrap_or_else(|| operand.at.clone());
        let safe = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
        let ty = match typing::cast(&operand.ty, &data_type.to_string()) {
            Ok(ty) => ty,
            Err(problem) => {
                self.problem_about(problem.error.as_str(), problem.message, &at, About::Types);
                typing::written(&data_type.to_string())
            }
        };
        Expr {
            kind: ExprKind::Cast {
                operand: Box::new(operand),
                safe,
            },
            ty,
            at,
        }
    }

    fn case(
        &mut self,
        tree: &Tree,
        operand: Option<&Tree>,
        conditions: &[CaseWhen],
        otherwise: Option<&Tree>,
        scope: ScopeId,
    ) -> Expr {
        let at = self.source.range(tree.span());
        let operand = operand.map(|operand| self.expression(operand, scope));
        let branches: Vec<(Expr, Expr)> = conditions
            .iter()
            .map(|branch| {
                let when = self.expression(&branch.condition, scope);
                let then = self.expression(&branch.result, scope);
                (when, then)
            })
            .collect();
        let otherwise = otherwise.map(|otherwise| self.expression(otherwise, scope));
        let ty = match typing::case(operand.as_ref(), &branches, otherwise.as_ref()) {
            Ok(ty) => ty,
            Err((problem, place)) => {
                self.problem_about(
                    problem.error.as_str(),
                    problem.message,
                    &place,
                    About::Types,
                );
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Case {
                operand: operand.map(Box::new),
                branches,
                otherwise: otherwise.map(Box::new),
            },
            ty,
            at,
        }
    }

    /// `(a, b)`
    fn row(&mut self, parts: &[Tree], scope: ScopeId) -> Expr {
        let parts: Vec<Expr> = parts
            .iter()
            .map(|part| self.expression(part, scope))
            .collect();
        let at = parts
            .first()
            .and_then(|first| self.source.around(&first.at))
            .unwrap_or(0..0);
        self.row_of(parts, at)
    }

    /// A row of expressions.
    pub(super) fn row_of(&mut self, parts: Vec<Expr>, at: TextRange) -> Expr {
        let types: Option<Vec<_>> = parts
            .iter()
            .map(|part| match &part.ty {
                Known::Known(ty) => Some((None, ty.clone())),
                Known::Unknown => None,
            })
            .collect();
        Expr {
            kind: ExprKind::Row(parts),
            ty: match types {
                Some(types) => Known::Known(Type::Row(types.into())),
                None => Known::Unknown,
            },
            at,
        }
    }

    fn array(&mut self, elements: &[Tree], scope: ScopeId) -> Expr {
        let elements: Vec<Expr> = elements
            .iter()
            .map(|element| self.expression(element, scope))
            .collect();
        let at = elements
            .first()
            .and_then(|first| self.source.around_with_word(&first.at))
            .unwrap_or(0..0);
        let ty = match typing::array(&elements) {
            Ok(ty) => ty,
            Err((problem, place)) => {
                self.problem_about(
                    problem.error.as_str(),
                    problem.message,
                    &place,
                    About::Types,
                );
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Array(elements),
            ty,
            at,
        }
    }

    /// `a[1].b[2]`
    fn access(&mut self, root: &Tree, chain: &[AccessExpr], scope: ScopeId) -> Expr {
        let (mut of, chain) = self.accessed(root, chain, scope);
        // Each step is a level of the result, which is walked and freed by recursion.
        if chain.len() > MAX_BOUND_DEPTH {
            let message =
                format!("the statement is nested more than {MAX_BOUND_DEPTH} levels deep");
            let at = of.at.clone();
            self.problem("STACK_OVERFLOW", message, &at);
        }
        for step in chain.iter().take(MAX_BOUND_DEPTH) {
            of = match step {
                AccessExpr::Dot(Tree::Identifier(field)) => {
                    let at = union(&of.at, &self.source.range(field.span));
                    self.field(of, field, at)
                }
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    let index = self.expression(index, scope);
                    let close = self.source.around(&index.at).unwrap_or(index.at.clone());
                    let at = union(&of.at, &close);
                    self.subscript(of, index, at)
                }
                AccessExpr::Dot(_) | AccessExpr::Subscript(Subscript::Slice { .. }) => of,
            };
        }
        of
    }

    /// What the steps start from, and which are left: `t.a` of `t.a[1]` is one name.
    fn accessed<'t>(
        &mut self,
        root: &Tree,
        chain: &'t [AccessExpr],
        scope: ScopeId,
    ) -> (Expr, &'t [AccessExpr]) {
        let mut names = match root {
            Tree::Identifier(name) => vec![name.clone()],
            Tree::CompoundIdentifier(names) => names.clone(),
            _ => return (self.expression(root, scope), chain),
        };
        let fields = chain.iter().map_while(|step| match step {
            AccessExpr::Dot(Tree::Identifier(field)) => Some(field.clone()),
            _ => None,
        });
        let before = names.len();
        names.extend(fields.take(MAX_BOUND_DEPTH));
        let rest = chain.get(names.len() - before..).unwrap_or_default();
        (self.name(&names, scope), rest)
    }

    fn subscript(&mut self, of: Expr, index: Expr, at: TextRange) -> Expr {
        let ty = match typing::subscript(&of, &index) {
            Ok(ty) => ty,
            Err(problem) => {
                self.problem_about(problem.error.as_str(), problem.message, &at, About::Types);
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Subscript {
                of: Box::new(of),
                index: Box::new(index),
            },
            ty,
            at,
        }
    }
}

fn sign_of(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::And => "and",
        BinaryOperator::Or => "or",
        _ => return None,
    })
}
