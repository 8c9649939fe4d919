//! `UNNEST(...)`.

use sqlparser::ast::{Expr as Tree, TableAlias};

use super::Binder;
use super::names::{ScopeId, Shape};
use crate::bound::{
    Call, CallKind, Column, Expr, ExprKind, Known, Relation, RelationKind, TextRange, Value,
};
use crate::types::Type;

impl Binder<'_> {
    /// The rows of arrays and maps, side by side. An array of rows gives a column for each field.
    pub(super) fn unnest(
        &mut self,
        arguments: &[Tree],
        with_ordinality: bool,
        alias: Option<&TableAlias>,
        scope: ScopeId,
        at: &TextRange,
    ) -> Shape {
        let arguments: Vec<Expr> = arguments
            .iter()
            .map(|argument| {
                let argument = self.expression(argument, scope);
                self.no_aggregates(&argument, "UNNEST");
                argument
            })
            .collect();
        // Of an argument without a known type, only the aliases tell how many columns it gives.
        let aliases = alias.map_or(0, |alias| alias.columns.len());
        let expected = aliases.saturating_sub(usize::from(with_ordinality));
        let mut columns = Vec::new();
        let mut complete = true;
        for argument in &arguments {
            let sure = arguments.len() == 1 || expected == arguments.len();
            match &argument.ty {
                Known::Known(Type::Array(item)) => match item.as_ref() {
                    Type::Row(fields) => {
                        for (index, (name, ty)) in fields.iter().enumerate() {
                            columns.push(field_column(argument, item, index, name.clone(), ty));
                        }
                    }
                    item => columns.push(element("element", argument, Known::Known(item.clone()))),
                },
                Known::Known(Type::Map(key, value)) => {
                    for (name, ty) in [("element_key", key), ("element_value", value)] {
                        let ty = Known::Known(ty.as_ref().clone());
                        columns.push(element(name, argument, ty));
                    }
                }
                Known::Known(other) => {
                    let message = format!("Cannot unnest type: {}", other.in_messages());
                    self.problem("INVALID_FUNCTION_ARGUMENT", message, &argument.at);
                    complete = false;
                }
                Known::Unknown if expected > 0 && sure => {
                    let width = if arguments.len() == 1 { expected } else { 1 };
                    for _ in 0..width {
                        columns.push(element("element", argument, Known::Unknown));
                    }
                }
                Known::Unknown => complete = false,
            }
        }
        if !complete {
            columns.clear();
        }
        if with_ordinality && complete {
            let call = call("ordinality", Vec::new(), Known::Known(Type::BigInt), at);
            columns.push(computed(call));
        }
        let relation = self.push(Relation {
            kind: RelationKind::Unnest { arguments },
            columns,
            complete,
            at: at.clone(),
        });
        self.aliased(relation, None, alias, at)
    }
}

fn call(name: &str, arguments: Vec<Expr>, ty: Known<Type>, at: &TextRange) -> Expr {
    Expr {
        kind: ExprKind::Call(Box::new(Call {
            name: name.to_owned(),
            kind: CallKind::Scalar,
            arguments,
            distinct: false,
            filter: None,
            order: Vec::new(),
            window: None,
            says: String::new(),
            deterministic: true,
        })),
        ty,
        at: at.clone(),
    }
}

fn computed(expr: Expr) -> Column {
    Column {
        name: None,
        ty: expr.ty.clone(),
        at: expr.at.clone(),
        value: Value::Computed(Box::new(expr)),
        hidden: false,
    }
}

fn element(name: &str, argument: &Expr, ty: Known<Type>) -> Column {
    computed(call(name, vec![argument.clone()], ty, &argument.at))
}

/// A field of the rows in an array. One without a name is taken by its number.
fn field_column(
    argument: &Expr,
    item: &Type,
    index: usize,
    name: Option<String>,
    ty: &Type,
) -> Column {
    let row = call(
        "element",
        vec![argument.clone()],
        Known::Known(item.clone()),
        &argument.at,
    );
    let folded = name.map(|name| name.to_lowercase());
    let field = Expr {
        kind: ExprKind::Field {
            of: Box::new(row),
            name: folded.clone().unwrap_or_else(|| (index + 1).to_string()),
        },
        ty: Known::Known(ty.clone()),
        at: argument.at.clone(),
    };
    Column {
        name: folded,
        ..computed(field)
    }
}
