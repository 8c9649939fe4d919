//! What can be named where: the columns in reach of an expression, the queries of WITH, the arguments of lambdas.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::bound::{ColumnId, Known, RelationId, Window};
use crate::types::Type;

/// A column that can be named.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its name in lower case, if it has one.
    pub(super) name: Option<String>,
    /// What may stand before it: an alias, or a table's full name.
    pub(super) table: Option<Rc<[String]>>,
    /// What it is.
    pub(super) column: ColumnId,
    /// Whether `*` leaves it out.
    pub(super) hidden: bool,
}

/// A relation in FROM that may have more columns than are known.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// What may stand before its columns.
    pub(super) table: Option<Rc<[String]>>,
    /// The relation.
    pub(super) relation: RelationId,
}

/// A relation with what can be named of it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The relation that the fields' columns are of.
    pub(super) relation: RelationId,
    /// Its columns in order.
    pub(super) fields: Vec<Field>,
    /// Those relations in it that may have more.
    pub(super) open: Vec<Open>,
    /// Every name that may stand before a `.*`, columns or not.
    pub(super) tables: Vec<Rc<[String]>>,
}

/// The columns in reach of an expression, as an index into `Names::scopes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ScopeId(usize);

/// The columns in reach, and where to look further.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) fields: Vec<Field>,
    pub(super) open: Vec<Open>,
    pub(super) tables: Vec<Rc<[String]>>,
    /// The relations that the fields' columns are of.
    pub(super) relations: Vec<RelationId>,
    /// The scope around this one.
    pub(super) parent: Option<ScopeId>,
    by_name: HashMap<String, Vec<usize>>,
}

/// A query of WITH that can be named.
#[derive(Debug)]
pub(super) struct NamedQuery {
    /// Its name in lower case.
    pub(super) name: String,
    /// What it gives.
    pub(super) relation: RelationId,
    /// Its own columns' names, if WITH lists them.
    pub(super) columns: Option<Vec<String>>,
    /// Whether it is being defined: a mention is a recursive one.
    pub(super) recursive: bool,
}

/// All that can be named at the present point.
#[derive(Debug, Default)]
pub(super) struct Names {
    scopes: Vec<Scope>,
    /// The queries of WITH, innermost last.
    pub(super) queries: Vec<NamedQuery>,
    /// The arguments of the lambdas around, innermost last.
    pub(super) arguments: Vec<(String, Known<Type>)>,
    /// The windows of WINDOW, by query.
    pub(super) windows: Vec<HashMap<String, Window>>,
    /// The join that a relation is a side of.
    pub(super) joins: HashMap<RelationId, RelationId>,
    /// How many columns of an incomplete query stand before its first `*`.
    pub(super) before_star: HashMap<RelationId, usize>,
    /// Which columns of an incomplete query stand behind its last `*`.
    pub(super) after_star: HashMap<RelationId, Range<usize>>,
    /// The relations that `*` of an incomplete query draws from.
    pub(super) stars: HashMap<RelationId, Vec<RelationId>>,
}

impl Names {
    /// Opens a scope. It stays for as long as the statement is bound.
    pub(super) fn open(&mut self, shapes: Vec<Shape>, parent: Option<ScopeId>) -> ScopeId {
        let mut scope = Scope {
            fields: Vec::new(),
            open: Vec::new(),
            tables: Vec::new(),
            relations: Vec::new(),
            parent,
            by_name: HashMap::new(),
        };
        for shape in shapes {
            scope.relations.push(shape.relation);
            // The first is moved as it is: a long chain of joins opens a scope for each of them.
            if scope.open.is_empty() && scope.tables.is_empty() {
                (scope.open, scope.tables) = (shape.open, shape.tables);
            } else {
                scope.open.extend(shape.open);
                scope.tables.extend(shape.tables);
            }
            for field in shape.fields {
                scope.push(field);
            }
        }
        self.scopes.push(scope);
        ScopeId(self.scopes.len().saturating_sub(1))
    }

    /// Closes a scope that nothing needs any more: what was put into it, and what was added since, is one shape.
    pub(super) fn close(&mut self, id: ScopeId, relation: RelationId) -> Shape {
        let mut shape = Shape {
            relation,
            fields: Vec::new(),
            open: Vec::new(),
            tables: Vec::new(),
        };
        if let Some(scope) = self.scopes.get_mut(id.0) {
            shape.fields = std::mem::take(&mut scope.fields);
            shape.open = std::mem::take(&mut scope.open);
            shape.tables = std::mem::take(&mut scope.tables);
            scope.by_name = HashMap::new();
        }
        shape
    }

    /// Forgets what is known of relations that were taken back.
    pub(super) fn forget_from(&mut self, first: usize) {
        self.joins
            .retain(|side, join| side.0 < first && join.0 < first);
        self.stars.retain(|id, _| id.0 < first);
        self.before_star.retain(|id, _| id.0 < first);
        self.after_star.retain(|id, _| id.0 < first);
    }

    /// A scope.
    pub(super) fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.get(id.0)
    }

    /// A scope, to add a field to it.
    pub(super) fn scope_mut(&mut self, id: ScopeId) -> Option<&mut Scope> {
        self.scopes.get_mut(id.0)
    }

    /// A scope and those around it, innermost first.
    pub(super) fn chain(&self, id: ScopeId) -> Vec<ScopeId> {
        let mut chain = vec![id];
        let mut next = self.scope(id).and_then(|scope| scope.parent);
        while let Some(id) = next {
            chain.push(id);
            next = self.scope(id).and_then(|scope| scope.parent);
        }
        chain
    }
}

impl Scope {
    /// Adds a field.
    pub(super) fn push(&mut self, field: Field) {
        if let Some(name) = &field.name {
            self.by_name
                .entry(name.clone())
                .or_default()
                .push(self.fields.len());
        }
        self.fields.push(field);
    }

    /// The columns that a name means here.
    pub(super) fn matching(&self, parts: &[String]) -> Vec<ColumnId> {
        let Some((name, table)) = parts.split_last() else {
            return Vec::new();
        };
        let indices = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        indices
            .iter()
            .filter_map(|index| self.fields.get(*index))
            .filter(|field| is_named(field.table.as_ref(), table))
            .map(|field| field.column)
            .collect()
    }

    /// The incomplete relations that a name before a column may mean.
    pub(super) fn open_as(&self, table: &[String]) -> Vec<RelationId> {
        self.open
            .iter()
            .filter(|open| is_named(open.table.as_ref(), table))
            .map(|open| open.relation)
            .collect()
    }

    /// Whether the first of the parts are a column here, as in `column.field`.
    pub(super) fn starts_with_column(&self, parts: &[String]) -> bool {
        (1..parts.len()).any(|length| {
            parts
                .get(..length)
                .is_some_and(|first| !self.matching(first).is_empty())
        })
    }
}

/// Whether a relation's name ends with what is written before a column.
pub(super) fn is_named(table: Option<&Rc<[String]>>, written: &[String]) -> bool {
    written.is_empty() || table.is_some_and(|table| table.ends_with(written))
}
