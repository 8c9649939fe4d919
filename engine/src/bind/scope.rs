//! What a name can mean.

use datafusion::arrow::datatypes::Field as ArrowField;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan};
use sqlparser::ast::Ident;
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::arrow_type;
use crate::zone::SessionZone;

/// A column of a relation.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name, in lower case, if it has one.
    pub name: Option<String>,
    /// The name as the statement wrote it, where it wrote one: what the client is shown.
    pub label: Option<String>,
    /// What may stand before the name: `[alias]` or `[catalog, schema, table]`.
    pub relation: Vec<String>,
    /// The plan's column.
    pub symbol: String,
    /// Its type.
    pub ty: Type,
    /// The zone in which its instants are shown.
    pub zone: Option<SessionZone>,
    /// The table's column that it is, if it is one as such.
    pub origin: Option<(TableRef, String)>,
    /// Whether `*` shows it.
    pub visible: bool,
    /// Whether the caller may read it. One that they may not can be named (and the statement is refused
    /// for it), but the plan holds no value of it.
    pub readable: bool,
}

/// A plan and its columns.
#[derive(Debug, Clone)]
pub struct Relation {
    /// The plan. INVARIANT: its columns include `fields`' symbols.
    pub plan: LogicalPlan,
    /// The columns in order.
    pub fields: Vec<Field>,
}

/// The columns in reach of an expression.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    /// Those of the query itself.
    pub fields: &'s [Field],
    /// Those of the query around it.
    pub parent: Option<&'s Scope<'s>>,
}

/// A resolved name.
pub struct Found<'s> {
    /// The column.
    pub field: &'s Field,
    /// How many queries further out it was found.
    pub depth: usize,
}

impl Field {
    /// A column that holds a value that is computed rather than read from a table.
    pub fn computed(name: Option<String>, symbol: String, value: &Typed) -> Self {
        Self {
            label: None,
            name,
            relation: Vec::new(),
            symbol,
            ty: value.ty.clone(),
            zone: value.zone,
            origin: None,
            visible: true,
            readable: true,
        }
    }

    /// The plan's column.
    pub fn value(&self) -> Typed {
        let column = Expr::Column(Column::new_unqualified(&self.symbol));
        Typed::new(column, self.ty.clone()).shown_in(self.zone)
    }
}

/// A name's parts in lower case. Trino folds quoted names too.
pub fn lower(parts: &[Ident]) -> Vec<String> {
    parts.iter().map(|part| part.value.to_lowercase()).collect()
}

impl<'s> Scope<'s> {
    /// The column of a name, e.g. `email` or `p.email`; nothing if there is none.
    ///
    /// # Errors
    /// More than one column fits.
    pub fn find(&self, parts: &[Ident]) -> Result<Option<Found<'s>>> {
        let names = lower(parts);
        let Some((name, relation)) = names.split_last() else {
            return Ok(None);
        };
        let mut scope = *self;
        let mut depth = 0;
        loop {
            let mut hits = scope.fields.iter().filter(|field| {
                field.name.as_ref() == Some(name) && field.relation.ends_with(relation)
            });
            if let Some(field) = hits.next() {
                if hits.next().is_some() {
                    return Err(Failure::new(
                        ErrorCode::AmbiguousName,
                        format!("Column '{}' is ambiguous", names.join(".")),
                    ));
                }
                return Ok(Some(Found { field, depth }));
            }
            match scope.parent {
                Some(parent) => {
                    scope = *parent;
                    depth += 1;
                }
                None => return Ok(None),
            }
        }
    }
}

impl Binder<'_> {
    /// Notes that a column was named, for the access check and the audit.
    pub(super) fn note(&self, field: &Field) {
        if let Some((table, column)) = &field.origin {
            self.reads.borrow_mut().column(table, column);
        }
    }

    /// The expression of a column, found so many queries further out.
    pub(super) fn field_expr(&self, field: &Field, depth: usize) -> Result<Typed> {
        self.note(field);
        if !field.readable {
            // The statement will be refused; until then nothing of the column is in the plan.
            return Ok(Typed::null(field.ty.clone()));
        }
        match depth {
            0 => Ok(field.value()),
            1 => Ok(field.value().with(Expr::OuterReferenceColumn(
                Self::arc(ArrowField::new(&field.symbol, arrow_type(&field.ty), true)),
                Column::new_unqualified(&field.symbol),
            ))),
            _ => Err(Failure::unsupported(
                "A subquery that refers to a query more than one level out",
            )),
        }
    }
}
