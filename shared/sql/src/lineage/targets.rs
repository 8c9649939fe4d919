//! What a statement gives: the columns of its query, or the columns that it writes.

use crate::bound::{AssignedValue, Bound, ColumnId, Expr, Known, TextRange, WriteKind};
use crate::lineage::origin::Origin;
use crate::lineage::sources::Sources;
use crate::lineage::{Canon, columns_of};
use crate::types::Type;

/// An output column and the values that it may get: several from a MERGE with several WHEN.
pub(crate) struct Target<'b> {
    pub(crate) name: Option<String>,
    pub(crate) ty: Known<Type>,
    pub(crate) values: Vec<TargetValue<'b>>,
    pub(crate) at: TextRange,
}

/// A value that an output column gets.
#[derive(Clone, Copy)]
pub(crate) enum TargetValue<'b> {
    Column(ColumnId),
    Expr(&'b Expr),
}

/// A statement's outputs.
pub(crate) fn outputs(bound: &Bound) -> Vec<Target<'_>> {
    match &bound.write {
        Some(write) if !write.assignments.is_empty() => {
            let mut targets: Vec<Target<'_>> = Vec::new();
            for assignment in &write.assignments {
                let (value, ty, at, own_name) = match &assignment.value {
                    AssignedValue::Column(id) => {
                        let column = bound.column(*id);
                        (
                            TargetValue::Column(*id),
                            column.map_or(Known::Unknown, |column| column.ty.clone()),
                            column.map_or(0..0, |column| column.at.clone()),
                            column.and_then(|column| column.name.clone()),
                        )
                    }
                    AssignedValue::Expr(expr) => (
                        TargetValue::Expr(expr),
                        expr.ty.clone(),
                        expr.at.clone(),
                        None,
                    ),
                };
                let name = assignment.column.clone().or(own_name);
                // INSERT may name no column twice; UPDATE and MERGE write the same one in each WHEN.
                let same = targets.iter_mut().find(|target| {
                    assignment.column.is_some()
                        && write.kind == WriteKind::Merge
                        && target.name == name
                });
                match same {
                    Some(target) => target.values.push(value),
                    None => targets.push(Target {
                        name,
                        ty,
                        values: vec![value],
                        at,
                    }),
                }
            }
            targets
        }
        _ => bound.output.map_or_else(Vec::new, |id| {
            columns_of(bound, id)
                .filter_map(|id| {
                    let column = bound.column(id)?;
                    Some(Target {
                        name: column.name.clone(),
                        ty: column.ty.clone(),
                        values: vec![TargetValue::Column(id)],
                        at: column.at.clone(),
                    })
                })
                .collect()
        }),
    }
}

/// What an output is made of.
pub(crate) fn origin(sources: &Sources<'_>, target: &Target<'_>) -> Origin {
    let parts = target.values.iter().map(|value| match value {
        TargetValue::Column(id) => sources.passed(*id).as_ref().clone(),
        TargetValue::Expr(expr) => sources.expression(expr),
    });
    Origin::of_several(parts)
}

/// An output's whole expression.
pub(crate) fn expression(canon: &Canon<'_>, target: &Target<'_>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for value in &target.values {
        let text = match value {
            TargetValue::Column(id) => canon
                .full_column(*id)
                .map_or_else(|| "unknown".to_owned(), |text| text.text.to_string()),
            TargetValue::Expr(expr) => canon.expression(expr).to_string(),
        };
        texts.push(text);
    }
    let same = texts.windows(2).all(|pair| pair.first() == pair.get(1));
    match texts.len() {
        1.. if same => texts.remove(0),
        _ => format!("either({})", texts.join(", ")),
    }
}
