//! From a statement's tree to a plan, the way Trino reads it.
//!
//! DataFusion's own SQL planner is not used: its types, coercions and functions differ from Trino's in
//! ways that run and answer wrongly. Here every expression has a Trino type, every coercion is written
//! out, and what is not known is refused; DataFusion optimises and runs what comes out. Every column of
//! a plan has a name of its own (`email_7`), so names are resolved here and nowhere else.
//!
//! The policy is enforced here too: a table becomes a scan with the policy's filter and masks on it
//! before anything of the statement is put on top (`table`).

mod aggregate;
mod cast;
mod conditional;
mod expression;
mod function;
mod literal;
mod name;
mod operator;
mod query;
mod relation;
mod scope;
mod select;
mod subquery;
mod table;
mod typed;
mod unnest;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use sqlparser::ast;
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use crate::catalog::Resolved;
use crate::error::{Failure, Result};
use crate::policy::Access;
use crate::session::Session;
use crate::types::Shown;

pub use scope::Field;
pub use typed::Typed;

/// A statement that can be run.
#[derive(Debug)]
pub struct Bound {
    /// What to run; its columns are those of `columns`, in order.
    pub plan: LogicalPlan,
    /// Names and types for the client.
    pub columns: Vec<(String, Shown)>,
    /// Every table that was read, and what of it.
    pub reads: Vec<Read>,
}

/// A table that a statement reads.
#[derive(Debug, Clone)]
pub struct Read {
    /// Which.
    pub table: TableRef,
    /// The columns used, with the mask that the policy puts on each.
    pub columns: BTreeMap<String, Option<String>>,
    /// The policy's filters on it.
    pub filters: Vec<String>,
}

/// Binds a query for a session.
///
/// # Errors
/// Whatever Trino would refuse, whatever the engine does not do, whatever the policy does not allow.
pub fn bind(
    query: &ast::Query,
    parameters: &[ast::Expr],
    session: &Session,
    tables: &Resolved,
    access: &Access,
) -> Result<Bound> {
    let binder = Binder {
        session,
        tables,
        access,
        parameters,
        next_symbol: Cell::new(0),
        reads: RefCell::default(),
        depth: Cell::new(0),
        unheld: RefCell::default(),
    };
    let relation = binder.query(query, &query::Names::default(), None);
    let relation = match relation {
        // A plan need not hold together around what stands for a value that the engine cannot hold.
        Err(failure) if failure.code == ErrorCode::GenericInternalError => {
            binder.check_held()?;
            return Err(failure);
        }
        other => other?,
    };
    binder.check_access()?;
    binder.check_held()?;
    let columns = relation
        .fields
        .iter()
        .enumerate()
        .map(|(i, field)| {
            let label = field.label.as_ref().or(field.name.as_ref());
            (
                label.cloned().unwrap_or_else(|| format!("_col{i}")),
                Shown {
                    ty: field.ty.clone(),
                    zone: field.zone,
                },
            )
        })
        .collect();
    Ok(Bound {
        plan: relation.plan,
        columns,
        reads: binder.reads.into_inner().into_reads(),
    })
}

/// The state of binding one statement.
pub(crate) struct Binder<'a> {
    session: &'a Session,
    tables: &'a Resolved,
    access: &'a Access,
    parameters: &'a [ast::Expr],
    next_symbol: Cell<usize>,
    reads: RefCell<Reads>,
    depth: Cell<usize>,
    unheld: RefCell<Option<Type>>,
}

/// The tables read so far, in the order in which they were met: the order of Trino's access checks.
#[derive(Default)]
struct Reads {
    order: Vec<TableRef>,
    columns: BTreeMap<TableRef, BTreeSet<String>>,
    masks: BTreeMap<TableRef, BTreeMap<String, String>>,
    filters: BTreeMap<TableRef, Vec<String>>,
}

impl Reads {
    fn table(&mut self, table: &TableRef) {
        if !self.columns.contains_key(table) {
            self.order.push(table.clone());
            self.columns.insert(table.clone(), BTreeSet::new());
        }
    }

    fn column(&mut self, table: &TableRef, column: &str) {
        self.table(table);
        if let Some(columns) = self.columns.get_mut(table) {
            columns.insert(column.to_owned());
        }
    }

    fn into_reads(self) -> Vec<Read> {
        let Self {
            order,
            columns,
            masks,
            filters,
        } = self;
        order
            .into_iter()
            .map(|table| Read {
                columns: columns
                    .get(&table)
                    .into_iter()
                    .flatten()
                    .map(|column| {
                        let mask = masks
                            .get(&table)
                            .and_then(|masks| masks.get(column))
                            .cloned();
                        (column.clone(), mask)
                    })
                    .collect(),
                filters: filters.get(&table).cloned().unwrap_or_default(),
                table,
            })
            .collect()
    }
}

/// Deeper nesting than any person writes; a stack is not endless.
const MAX_DEPTH: usize = 250;

impl Binder<'_> {
    /// A column name that no other column of the statement has.
    fn symbol(&self, hint: &str) -> String {
        let n = self.next_symbol.get();
        self.next_symbol.set(n + 1);
        format!("{hint}_{n}")
    }

    /// Trino's check at the end of analysis: every column that was named must be allowed. It comes after
    /// names and types, so a statement that is wrong in itself is told so first.
    fn check_access(&self) -> Result<()> {
        let reads = self.reads.borrow();
        for table in &reads.order {
            let columns: Vec<&str> = reads
                .columns
                .get(table)
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            self.access.check_can_select(table, &columns)?;
        }
        Ok(())
    }

    /// Stands for a value of a type that the engine does not hold. The statement is refused for it once all
    /// else in it is found to be right, so that Trino's own errors about types come first.
    fn not_held(&self, ty: &Type) -> Typed {
        self.unheld.borrow_mut().get_or_insert_with(|| ty.clone());
        Typed::null(ty.clone())
    }

    /// Fails if the statement has a value of a type that the engine does not hold.
    fn check_held(&self) -> Result<()> {
        match self.unheld.borrow().as_ref() {
            None => Ok(()),
            Some(ty) => Err(Failure::unsupported(format!(
                "The type {}",
                ty.in_messages()
            ))),
        }
    }

    fn deeper<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get();
        if depth > MAX_DEPTH {
            return Err(Failure::unsupported("A statement nested this deeply"));
        }
        self.depth.set(depth + 1);
        let result = work();
        self.depth.set(depth);
        result
    }

    fn arc<T>(value: T) -> Arc<T> {
        Arc::new(value)
    }
}
