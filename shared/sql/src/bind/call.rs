//! Function calls, and the forms that are calls written otherwise.

use sqlparser::ast::{
    CeilFloorKind, DuplicateTreatment, Expr as Tree, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, LambdaFunction, OneOrManyWithParens, TrimWhereField,
};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing;
use crate::bound::{About, Call, CallKind, Expr, ExprKind, Known, SortKey, TextRange};
use crate::types::Type;

impl Binder<'_> {
    /// A function call, or what is one by another syntax.
    pub(super) fn any_call(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        match tree {
            Tree::Function(function) => self.function(function, scope),
            Tree::Extract { field, expr, .. } => {
                let value = self.expression(expr, scope);
                let at = self.around_word(&value.at);
                let field = Expr {
                    kind: ExprKind::Literal(field.to_string().to_lowercase()),
                    ty: Known::Known(Type::Varchar(None)),
                    at: at.start..value.at.start,
                };
                self.form("extract", vec![field, value], at)
            }
            Tree::Ceil { expr, field } | Tree::Floor { expr, field } => {
                let name = if matches!(tree, Tree::Ceil { .. }) {
                    "ceil"
                } else {
                    "floor"
                };
                let value = self.expression(expr, scope);
                let at = self.around_word(&value.at);
                let mut arguments = vec![value];
                if let CeilFloorKind::Scale(scale) = field {
                    arguments.push(self.literal(&Tree::Value(scale.clone())));
                }
                self.form(name, arguments, at)
            }
            Tree::Position { expr, r#in } => {
                let arguments = vec![self.expression(expr, scope), self.expression(r#in, scope)];
                let at = self.around_word(&first_place(&arguments));
                self.form("position", arguments, at)
            }
            Tree::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let mut arguments = vec![self.expression(expr, scope)];
                for part in [substring_from, substring_for].into_iter().flatten() {
                    arguments.push(self.expression(part, scope));
                }
                let at = self.around_word(&first_place(&arguments));
                self.form("substring", arguments, at)
            }
            Tree::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) | None => "trim",
                };
                let mut arguments = vec![self.expression(expr, scope)];
                let what = trim_what.iter().map(|what| what.as_ref());
                for part in what.chain(trim_characters.iter().flatten()) {
                    arguments.push(self.expression(part, scope));
                }
                let at = self.around_word(&first_place(&arguments));
                self.form(name, arguments, at)
            }
            other => self.expression(other, scope),
        }
    }

    fn around_word(&self, at: &TextRange) -> TextRange {
        self.source
            .around_with_word(at)
            .unwrap_or_else(|| at.clone())
    }

    /// A scalar function over bound arguments.
    fn form(&mut self, name: &str, arguments: Vec<Expr>, at: TextRange) -> Expr {
        let call = Call {
            name: name.to_owned(),
            kind: CallKind::Scalar,
            arguments,
            distinct: false,
            filter: None,
            order: Vec::new(),
            window: None,
            deterministic: true,
        };
        self.typed_call(call, at)
    }

    /// A call with its type.
    fn typed_call(&mut self, mut call: Call, at: TextRange) -> Expr {
        call.deterministic = typing::is_deterministic(&call.name);
        let ty = match typing::call(&call.name, &call.arguments) {
            Ok(ty) => ty,
            Err(problem) => {
                let about = if problem.error.as_str() == "FUNCTION_NOT_FOUND" {
                    About::Function(call.name.clone())
                } else {
                    About::Types
                };
                if self.in_pattern == 0 {
                    self.problem_about(problem.error.as_str(), problem.message, &at, about);
                }
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Call(Box::new(call)),
            ty,
            at,
        }
    }

    fn function(&mut self, function: &Function, scope: ScopeId) -> Expr {
        let name = function
            .name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(|part| part.value.to_lowercase())
            .collect::<Vec<_>>()
            .join(".");
        let name_at = function
            .name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .fold(0..0, |at, part| union(&at, &self.source.range(part.span)));
        let at = self.source.call(&name_at);
        let (arguments, clauses, distinct) = match &function.args {
            FunctionArguments::List(list) => (
                list.args.as_slice(),
                list.clauses.as_slice(),
                list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
            ),
            _ => (&[][..], &[][..], false),
        };
        let arguments = self.arguments(&name, arguments, scope);
        if name == "row" && function.over.is_none() {
            return self.row_of(arguments, at);
        }
        let mut order: Vec<SortKey> = Vec::new();
        let inside = clauses.iter().filter_map(|clause| match clause {
            FunctionArgumentClause::OrderBy(items) => Some(items.as_slice()),
            _ => None,
        });
        for item in inside.chain([function.within_group.as_slice()]).flatten() {
            let expr = self.expression(&item.expr, scope);
            order.push(self.sort_key(item, expr));
        }
        let filter = function.filter.as_ref().map(|filter| {
            let filter = self.expression(filter, scope);
            self.must_be_boolean(&filter, "Filter expression");
            filter
        });
        let window = function
            .over
            .as_ref()
            .map(|over| self.window(over, scope, &at));
        let kind = match (&window, typing::kind(&name)) {
            (Some(_), _) => CallKind::Window,
            (None, kind) => kind,
        };
        if kind == CallKind::Window && window.is_none() {
            let message = format!("Window function {name} requires an OVER clause");
            self.problem("MISSING_OVER", message, &at);
        }
        let call = Call {
            name,
            kind,
            arguments,
            distinct,
            filter,
            order,
            window,
            deterministic: true,
        };
        self.typed_call(call, at)
    }

    /// The arguments of a call. Those that are lambdas come last: the others tell what they are given.
    fn arguments(&mut self, name: &str, arguments: &[FunctionArg], scope: ScopeId) -> Vec<Expr> {
        let trees: Vec<&Tree> = arguments
            .iter()
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
                | FunctionArg::Named {
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                }
                | FunctionArg::ExprNamed {
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                } => Some(expr),
                _ => None,
            })
            .collect();
        let mut bound: Vec<Option<Expr>> = trees
            .iter()
            .map(|tree| match tree {
                Tree::Lambda(_) => None,
                tree => Some(self.expression(tree, scope)),
            })
            .collect();
        for index in 0..trees.len() {
            if let Some(Tree::Lambda(lambda)) = trees.get(index).copied() {
                let given = typing::lambda_arguments(name, &bound, index);
                let lambda = self.lambda(lambda, &given, scope);
                if let Some(place) = bound.get_mut(index) {
                    *place = Some(lambda);
                }
            }
        }
        bound.into_iter().flatten().collect()
    }

    /// `x -> ...`, its arguments being of these types as far as they are known.
    pub(super) fn lambda(
        &mut self,
        lambda: &LambdaFunction,
        given: &[Known<Type>],
        scope: ScopeId,
    ) -> Expr {
        let params = match &lambda.params {
            OneOrManyWithParens::One(one) => std::slice::from_ref(one),
            OneOrManyWithParens::Many(many) => many.as_slice(),
        };
        let outer = self.names.arguments.len();
        let mut at = 0..0;
        let mut names = Vec::new();
        for (index, param) in params.iter().enumerate() {
            let name = param.name.value.to_lowercase();
            at = union(&at, &self.source.range(param.name.span));
            let ty = given.get(index).cloned().unwrap_or(Known::Unknown);
            self.names.arguments.push((name.clone(), ty));
            names.push(name);
        }
        let body = self.expression(&lambda.body, scope);
        self.names.arguments.truncate(outer);
        Expr {
            ty: body.ty.clone(),
            at: union(&at, &body.at),
            kind: ExprKind::Lambda {
                arguments: names,
                body: Box::new(body),
            },
        }
    }
}

fn first_place(arguments: &[Expr]) -> TextRange {
    arguments
        .first()
        .map_or(0..0, |argument| argument.at.clone())
}
