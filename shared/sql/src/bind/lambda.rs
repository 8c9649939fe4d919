//! Lambdas. What their arguments are depends on the function around them, and what that gives depends on them.

use std::cell::RefCell;
use std::sync::Arc;

use sqlparser::ast::{Expr as Tree, LambdaFunction, OneOrManyWithParens};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing::{self, Typed};
use crate::bound::{About, Expr, ExprKind, Known};
use crate::limits::MAX_TRIED_EXPRESSIONS;
use crate::types::{self, Argument, ErrorName, Type, TypeProblem};

/// The type of a lambda's body for the types of its arguments.
type Infer<'a> = Box<dyn FnMut(&[Type]) -> Result<Option<Type>, TypeProblem> + 'a>;

impl Binder<'_> {
    /// The arguments of a call with lambdas among them, the others being bound, and the call's type.
    pub(super) fn with_lambdas(
        &mut self,
        name: &str,
        trees: &[&Tree],
        mut bound: Vec<Option<Expr>>,
        scope: ScopeId,
    ) -> (Vec<Expr>, Typed) {
        if typing::is_special_form(name) {
            for (tree, place) in trees.iter().zip(&mut bound) {
                if let Tree::Lambda(lambda) = tree {
                    *place = Some(self.stray_lambda(lambda, scope));
                }
            }
            return (bound.into_iter().flatten().collect(), Ok(Known::Unknown));
        }
        let resolved = typing::builtin(name).map(|name| {
            let binder = RefCell::new(&mut *self);
            let mut lambdas: Vec<Option<Infer<'_>>> = trees
                .iter()
                .map(|tree| -> Option<Infer<'_>> {
                    let Tree::Lambda(lambda) = tree else {
                        return None;
                    };
                    let binder = &binder;
                    Some(Box::new(move |given| {
                        binder.borrow_mut().try_lambda(lambda, given, scope)
                    }))
                })
                .collect();
            let mut arguments: Vec<Argument<'_>> = bound
                .iter()
                .zip(&mut lambdas)
                .map(|(argument, lambda)| match (argument, lambda) {
                    (_, Some(lambda)) => Argument::Lambda(lambda.as_mut()),
                    (Some(argument), None) => typing::argument(argument),
                    (None, None) => Argument::Unknown,
                })
                .collect();
            types::resolve_function(name, &mut arguments)
        });
        for (index, (tree, place)) in trees.iter().zip(&mut bound).enumerate() {
            let Tree::Lambda(lambda) = tree else {
                continue;
            };
            let settled = match &resolved {
                Some(Ok(resolved)) => resolved.arguments.get(index).cloned().flatten(),
                _ => None,
            };
            let given: Vec<Known<Type>> = match settled {
                Some(Type::Function(inputs, _)) => {
                    inputs.iter().cloned().map(Known::Known).collect()
                }
                _ => Vec::new(),
            };
            *place = Some(self.lambda(lambda, &given, scope));
        }
        let typed = match resolved {
            Some(Ok(resolved)) => Ok(resolved.result.map_or(Known::Unknown, Known::Known)),
            Some(Err(problem)) => Err(problem),
            None => Ok(Known::Unknown),
        };
        (bound.into_iter().flatten().collect(), typed)
    }

    /// A lambda where none can be.
    pub(super) fn stray_lambda(&mut self, lambda: &LambdaFunction, scope: ScopeId) -> Expr {
        let expr = self.lambda(lambda, &[], scope);
        let message = "Lambda expression should always be used inside a function";
        let at = expr.at.clone();
        self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
        expr
    }

    /// `x -> ...`, its arguments being of these types as far as they are known.
    fn lambda(&mut self, lambda: &LambdaFunction, given: &[Known<Type>], scope: ScopeId) -> Expr {
        let outer = self.names.arguments.len();
        let mut at = 0..0;
        let mut names = Vec::new();
        for (index, param) in params(lambda).iter().enumerate() {
            let name = param.name.value.to_lowercase();
            at = union(&at, &self.source.range(param.name.span));
            let ty = given.get(index).cloned().unwrap_or(Known::Unknown);
            self.names.arguments.push((name.clone(), ty));
            names.push(name);
        }
        let body = self.expression(&lambda.body, scope);
        self.names.arguments.truncate(outer);
        let inputs: Option<Vec<Type>> = given
            .iter()
            .map(|ty| match ty {
                Known::Known(ty) => Some(ty.clone()),
                Known::Unknown => None,
            })
            .collect();
        let ty = match (inputs, &body.ty) {
            (Some(inputs), Known::Known(body)) if inputs.len() == names.len() => {
                Known::Known(Type::Function(inputs.into(), Arc::new(body.clone())))
            }
            _ => Known::Unknown,
        };
        Expr {
            ty,
            at: union(&at, &body.at),
            kind: ExprKind::Lambda {
                arguments: names,
                body: Box::new(body),
            },
        }
    }

    /// What a lambda would give. Nothing of it stays but the problems, with which Trino would stop here.
    fn try_lambda(
        &mut self,
        lambda: &LambdaFunction,
        given: &[Type],
        scope: ScopeId,
    ) -> Result<Option<Type>, TypeProblem> {
        let arity = params(lambda).len();
        if arity != given.len() {
            let message = format!(
                "Expected a lambda that takes {} argument(s) but got {arity}",
                given.len()
            );
            return Err(TypeProblem::new(ErrorName::InvalidParameterUsage, message));
        }
        if self.tried > MAX_TRIED_EXPRESSIONS {
            return Ok(None);
        }
        let (problems, relations, columns) = (
            self.bound.problems.len(),
            self.bound.relations.len(),
            self.columns,
        );
        let given: Vec<Known<Type>> = given.iter().cloned().map(Known::Known).collect();
        self.trying += 1;
        let expr = self.lambda(lambda, &given, scope);
        self.trying -= 1;
        self.bound.relations.truncate(relations);
        self.columns = columns;
        self.names.forget_from(relations);
        Ok(match expr.ty {
            Known::Known(Type::Function(_, result)) if self.bound.problems.len() == problems => {
                Some(result.as_ref().clone())
            }
            _ => None,
        })
    }
}

fn params(lambda: &LambdaFunction) -> &[sqlparser::ast::LambdaFunctionParameter] {
    match &lambda.params {
        OneOrManyWithParens::One(one) => std::slice::from_ref(one),
        OneOrManyWithParens::Many(many) => many,
    }
}
