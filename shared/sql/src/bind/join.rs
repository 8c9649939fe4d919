//! Joins.

use std::collections::HashSet;

use sqlparser::ast::{
    Expr as Tree, Join as JoinTree, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart,
    Spanned, TableFactor, Value as Literal,
};

use super::Binder;
use super::names::{Field, ScopeId, Shape};
use super::source::union;
use super::typing;
use crate::bound::{
    About, Column, ColumnId, Expr, Join, JoinKind, Known, Relation, RelationKind, TextRange, Value,
};

/// A column of USING or NATURAL: its name, and its value on each side as far as it is known.
pub(super) struct Shared {
    name: String,
    left: Option<ColumnId>,
    right: Option<ColumnId>,
    at: TextRange,
}

impl Binder<'_> {
    /// `left JOIN ...`
    pub(super) fn joined(
        &mut self,
        mut left: Shape,
        join: &JoinTree,
        parent: Option<ScopeId>,
    ) -> Shape {
        use JoinConstraint::{Natural, None as Plain, On, Using};
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                (JoinKind::Inner, constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                (JoinKind::Left, constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                (JoinKind::Right, constraint)
            }
            JoinOperator::FullOuter(constraint) => (JoinKind::Full, constraint),
            JoinOperator::CrossJoin(constraint) => (JoinKind::Cross, constraint),
            _ => (JoinKind::Inner, &Plain),
        };
        let mut right = self.right_side(&mut left, &join.relation, parent);
        self.check_lateral_join(&left, join, kind, constraint);
        match constraint {
            On(condition) => {
                let sides = (left.relation, right.relation);
                let scope = self.names.open(vec![left, right], parent);
                let condition = self.expression(condition, scope);
                self.no_aggregates(&condition, "JOIN clause");
                self.must_be_boolean(&condition, "JOIN ON clause");
                // Columns that were added meanwhile stand behind the right side's: they are put in order again.
                let mut left = self.names.close(scope, sides.0);
                let (fields, others) = left
                    .fields
                    .into_iter()
                    .partition(|field| field.column.relation == sides.0);
                left.fields = fields;
                let right = Shape {
                    relation: sides.1,
                    fields: others,
                    open: Vec::new(),
                    tables: Vec::new(),
                };
                self.join(left, right, kind, Some(condition), Vec::new())
            }
            Using(names) => {
                let shared = self.using(&mut left, &mut right, names);
                self.join(left, right, kind, None, shared)
            }
            Natural => {
                let at = self.source.range(join.relation.span());
                self.problem("NOT_SUPPORTED", "Natural join not supported", &at);
                let shared = natural(&left, &right, &at);
                self.join(left, right, kind, None, shared)
            }
            Plain => self.join(left, right, kind, None, Vec::new()),
        }
    }

    /// What a lateral relation is joined by can only be TRUE.
    fn check_lateral_join(
        &mut self,
        left: &Shape,
        join: &JoinTree,
        kind: JoinKind,
        constraint: &JoinConstraint,
    ) {
        let what = match &join.relation {
            TableFactor::UNNEST { .. } => "UNNEST",
            TableFactor::Derived { lateral: true, .. } if kind == JoinKind::Full => {
                "LATERAL relation"
            }
            _ => return,
        };
        let at = match constraint {
            JoinConstraint::On(condition) if is_true(condition) => return,
            JoinConstraint::On(condition) => self.source.range(condition.span()),
            JoinConstraint::Using(_) => {
                let right = self.source.range(join.relation.span());
                let left = self.bound.relation(left.relation);
                left.map_or(right.clone(), |left| union(&left.at, &right))
            }
            _ => return,
        };
        let kind = match kind {
            JoinKind::Left => "LEFT",
            JoinKind::Right => "RIGHT",
            JoinKind::Full => "FULL",
            _ => "INNER",
        };
        let message =
            format!("{kind} JOIN involving {what} is only supported with condition ON TRUE");
        self.problem("NOT_SUPPORTED", message, &at);
    }

    /// What stands right of a join; what is lateral in it has the left side in reach, and may add columns to it.
    pub(super) fn right_side(
        &mut self,
        left: &mut Shape,
        factor: &TableFactor,
        parent: Option<ScopeId>,
    ) -> Shape {
        if !is_lateral(factor) {
            return self.factor(factor, parent, None);
        }
        let relation = left.relation;
        let moved = std::mem::replace(
            left,
            Shape {
                relation,
                fields: Vec::new(),
                open: Vec::new(),
                tables: Vec::new(),
            },
        );
        let scope = self.names.open(vec![moved], parent);
        let right = self.factor(factor, parent, Some(scope));
        *left = self.names.close(scope, relation);
        right
    }

    /// Takes in the columns that were added to a relation while it was a side of something.
    fn refresh(&self, shape: &mut Shape) {
        let known: HashSet<ColumnId> = shape.fields.iter().map(|field| field.column).collect();
        let Some(relation) = self.bound.relation(shape.relation) else {
            return;
        };
        for (index, column) in relation.columns.iter().enumerate() {
            let id = ColumnId {
                relation: shape.relation,
                column: index,
            };
            if known.contains(&id) {
                continue;
            }
            let origin = self.origin(id);
            let table = shape
                .open
                .iter()
                .find(|open| origin.contains(&open.relation))
                .and_then(|open| open.table.clone());
            shape.fields.push(Field {
                name: column.name.clone(),
                table,
                column: id,
                hidden: column.hidden,
            });
        }
    }

    /// The relations that a column was passed through, itself first.
    fn origin(&self, column: ColumnId) -> Vec<crate::bound::RelationId> {
        let mut through = vec![column.relation];
        let mut next = column;
        while let Some(Column {
            value: Value::Passed(of),
            ..
        }) = self.bound.column(next)
        {
            through.push(of.relation);
            next = *of;
        }
        through
    }

    /// The columns of USING, looked up on both sides.
    fn using(&mut self, left: &mut Shape, right: &mut Shape, names: &[ObjectName]) -> Vec<Shared> {
        let mut shared = Vec::new();
        for name in names {
            let Some(ObjectNamePart::Identifier(ident)) = name.0.last() else {
                continue;
            };
            let at = self.source.range(ident.span);
            let name = ident.value.to_lowercase();
            let sides = [
                self.using_side(left, &name, "left", &at),
                self.using_side(right, &name, "right", &at),
            ];
            let [left_column, right_column] = sides;
            if let (Some(l), Some(r)) = (left_column, right_column) {
                let (l, r) = (self.type_of(l), self.type_of(r));
                if typing::common(&l, &r).is_none() {
                    let message = format!(
                        "Column types of left and right side of join on column '{name}' must be comparable: {} vs {}",
                        typing::shown(&l),
                        typing::shown(&r)
                    );
                    self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
                }
            }
            if shared.iter().any(|other: &Shared| other.name == name) {
                let message = format!("Column '{name}' appears multiple times in USING clause");
                self.problem("DUPLICATE_COLUMN_NAME", message, &at);
            }
            shared.push(Shared {
                name,
                left: left_column,
                right: right_column,
                at,
            });
        }
        shared
    }

    fn using_side(
        &mut self,
        side: &mut Shape,
        name: &str,
        which: &str,
        at: &TextRange,
    ) -> Option<ColumnId> {
        let found: Vec<ColumnId> = side
            .fields
            .iter()
            .filter(|field| field.name.as_deref() == Some(name))
            .map(|field| field.column)
            .collect();
        match found.as_slice() {
            [only] => return Some(*only),
            [] => {}
            several => {
                let about = About::Ambiguous {
                    name: vec![name.to_owned()],
                    candidates: several.to_vec(),
                };
                let message = format!("Column '{name}' is ambiguous");
                self.problem_about("AMBIGUOUS_NAME", message, at, about);
                return several.first().copied();
            }
        }
        match side.open.as_slice() {
            [] => {
                let message = format!("Column '{name}' is missing from {which} side of join");
                let about = About::Column {
                    name: vec![name.to_owned()],
                    among: vec![side.relation],
                };
                self.problem_about("COLUMN_NOT_FOUND", message, at, about);
                None
            }
            [only] => {
                let column = self.demand(only.relation, name, at)?;
                let column = self.lift(column, &[side.relation]);
                self.refresh(side);
                Some(column)
            }
            _ => None,
        }
    }

    /// Puts two sides together.
    pub(super) fn join(
        &mut self,
        left: Shape,
        right: Shape,
        kind: JoinKind,
        condition: Option<Expr>,
        shared: Vec<Shared>,
    ) -> Shape {
        let used: HashSet<ColumnId> = shared
            .iter()
            .flat_map(|shared| [shared.left, shared.right])
            .flatten()
            .collect();
        let mut columns = Vec::new();
        let mut fields: Vec<Field> = Vec::new();
        for one in &shared {
            let sides: Vec<ColumnId> = [one.left, one.right].into_iter().flatten().collect();
            let ty = match (one.left, one.right) {
                (Some(l), Some(r)) => {
                    typing::common(&self.type_of(l), &self.type_of(r)).unwrap_or(Known::Unknown)
                }
                _ => Known::Unknown,
            };
            columns.push(Column {
                name: Some(one.name.clone()),
                ty,
                value: if sides.is_empty() {
                    Value::Unknown
                } else {
                    Value::Merged(sides)
                },
                at: one.at.clone(),
                hidden: false,
            });
            fields.push(Field {
                name: Some(one.name.clone()),
                table: None,
                column: ColumnId {
                    relation: left.relation,
                    column: 0,
                },
                hidden: false,
            });
        }
        for field in left.fields.iter().chain(&right.fields) {
            if used.contains(&field.column) {
                continue;
            }
            let at = self
                .bound
                .column(field.column)
                .map(|column| column.at.clone())
                .unwrap_or_default();
            columns.push(Column {
                name: field.name.clone(),
                ty: self.type_of(field.column),
                value: Value::Passed(field.column),
                at,
                hidden: field.hidden,
            });
            fields.push(field.clone());
        }
        let side_at = |side: &Shape| {
            self.bound
                .relation(side.relation)
                .map(|relation| relation.at.clone())
                .unwrap_or_default()
        };
        let mut at = union(&side_at(&left), &side_at(&right));
        if let Some(condition) = &condition {
            at = union(&at, &condition.at);
        }
        let using = shared
            .iter()
            .filter_map(|shared| Some((shared.left?, shared.right?)))
            .collect();
        let complete = left.open.is_empty() && right.open.is_empty();
        let relation = self.push(Relation {
            kind: RelationKind::Join(Box::new(Join {
                kind,
                left: left.relation,
                right: right.relation,
                condition,
                using,
            })),
            columns,
            complete,
            at,
        });
        self.names.joins.insert(left.relation, relation);
        self.names.joins.insert(right.relation, relation);
        // From here on they are the join's own.
        for (index, field) in fields.iter_mut().enumerate() {
            field.column = ColumnId {
                relation,
                column: index,
            };
        }
        let is_whole = self
            .bound
            .relation(relation)
            .is_some_and(|relation| !relation.columns.is_empty());
        let mut open = left.open;
        open.extend(right.open);
        let mut tables = left.tables;
        tables.extend(right.tables);
        Shape {
            relation,
            fields: if is_whole { fields } else { Vec::new() },
            open,
            tables,
        }
    }
}

fn is_true(condition: &Tree) -> bool {
    match condition {
        Tree::Nested(inner) => is_true(inner),
        Tree::Value(value) => value.value == Literal::Boolean(true),
        _ => false,
    }
}

/// Whether what stands right of a join can name columns of what stands left.
fn is_lateral(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Derived { lateral, .. } => *lateral,
        TableFactor::UNNEST { .. } | TableFactor::TableFunction { .. } => true,
        _ => false,
    }
}

fn natural(left: &Shape, right: &Shape, at: &TextRange) -> Vec<Shared> {
    left.fields
        .iter()
        .filter_map(|field| {
            let name = field.name.clone()?;
            let other = right
                .fields
                .iter()
                .find(|other| other.name.as_ref() == Some(&name))?;
            Some(Shared {
                name,
                left: Some(field.column),
                right: Some(other.column),
                at: at.clone(),
            })
        })
        .collect()
}
