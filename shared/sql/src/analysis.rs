//! Every table and column that a statement reads or writes: what for, and where it says so.
//!
//! Never less than what an engine would touch. A column of a CTE that nothing reads is here too, as the statement
//! names it; where a construct is not followed inside, every column of what it reads is.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::bound::{
    AssignedValue, Bound, CallKind, ColumnId, Expr, ExprKind, Relation, RelationId, RelationKind,
    Table, TextRange, Value,
};
use crate::limits::{MAX_MENTIONS, MAX_MERGED};
use crate::statement::Statement;

/// Functions that Trino calls deterministic, as they give one value in all of a query, but another in the next.
const TELLS_THE_TIME: [&str; 6] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
];

/// What a statement touches.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// Every mention of a table that is read, in the order of the text.
    pub reads: Vec<TableMention>,
    /// The table that is written.
    pub writes: Option<TableMention>,
    /// Every mention of a table's column, in the order of the text.
    pub columns: Vec<ColumnMention>,
    /// Names that may belong to one of several tables whose columns are not known.
    pub unknown: Vec<UnknownMention>,
    /// Whether the same tables always give the same result: no `random()`, `now()` and the like.
    pub deterministic: bool,
    /// Whether these are all mentions: behind `limits::MAX_MENTIONS` of them none are collected.
    pub complete: bool,
}

/// A mention of a table.
#[derive(Debug, Clone)]
pub struct TableMention {
    /// The table.
    pub table: Table,
    /// Where its name stands.
    pub at: TextRange,
}

/// A mention of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMention {
    /// The table's mention that it belongs to, as a position in `Analysis::reads`; none for a written column.
    pub table: Option<usize>,
    /// Its name, in lower case.
    pub column: String,
    /// What for.
    pub role: Role,
    /// Where: the name, the star that stands for it, or the construct that reads all columns.
    pub at: TextRange,
}

/// A name whose table cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMention {
    /// The column's name, in lower case.
    pub column: String,
    /// The tables that may have it, as positions in `Analysis::reads`.
    pub among: Vec<usize>,
    /// Where.
    pub at: TextRange,
}

/// What a column is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is, or becomes part of, a value that is given or written.
    Value,
    /// It decides which rows there are: WHERE, HAVING, FILTER, a MERGE's or UPDATE's condition.
    Filter,
    /// It decides which rows belong together: ON, USING.
    Join,
    /// Rows are grouped by it.
    Group,
    /// Rows are put in order by it.
    Order,
    /// It makes the window of a window function.
    Window,
    /// It is written.
    Target,
}

/// Whether a statement only reads.
pub fn is_read_only(statement: &Statement) -> bool {
    match statement {
        // Without ANALYZE, what is explained does not run.
        Statement::Explain { analyze, of } => !analyze || is_read_only(of),
        Statement::Prepare { .. } | Statement::DescribePrepared { .. } => true,
        Statement::Execute { of, .. } | Statement::ExecuteImmediate { of } => is_read_only(of),
        Statement::Query
        | Statement::Show(_)
        | Statement::Use { .. }
        | Statement::SetSession { .. }
        | Statement::ResetSession { .. }
        | Statement::SetOption(_)
        | Statement::Deallocate { .. }
        | Statement::Transaction(_) => true,
        Statement::Write(_)
        | Statement::Define { .. }
        | Statement::Call { .. }
        | Statement::TableExecute { .. }
        | Statement::Become => false,
    }
}

/// Collects what a statement touches.
pub fn analyse(bound: &Bound) -> Analysis {
    let mut collector = Collector::new(bound);
    for relation in &bound.relations {
        collector.relation(relation);
    }
    if let Some(output) = bound.output {
        collector.unnamed_columns(output);
    }
    collector.write();
    collector.finish()
}

struct Collector<'b> {
    bound: &'b Bound,
    /// The position in `reads` of each relation that is a table.
    tables: BTreeMap<RelationId, usize>,
    /// Where the way of a column ends that is passed on unchanged, so that a long way is gone once.
    ends: HashMap<ColumnId, ColumnId>,
    /// How many sides of merged columns, and tables that a name may be of, were looked at.
    merged: usize,
    found: Analysis,
}

impl<'b> Collector<'b> {
    fn new(bound: &'b Bound) -> Self {
        let mut reads: Vec<(RelationId, TableMention)> = bound
            .relations
            .iter()
            .enumerate()
            .filter_map(|(position, relation)| match &relation.kind {
                RelationKind::Table(table) => Some((
                    RelationId(position),
                    TableMention {
                        table: table.clone(),
                        at: table.at.clone(),
                    },
                )),
                _ => None,
            })
            .collect();
        reads.sort_by_key(|(_, mention)| mention.at.start);
        let tables = reads
            .iter()
            .enumerate()
            .map(|(position, (id, _))| (*id, position))
            .collect();
        Self {
            bound,
            tables,
            ends: HashMap::new(),
            merged: 0,
            found: Analysis {
                reads: reads.into_iter().map(|(_, mention)| mention).collect(),
                deterministic: true,
                complete: true,
                ..Analysis::default()
            },
        }
    }

    fn finish(self) -> Analysis {
        let mut found = self.found;
        found.columns.sort_by(|a, b| {
            (a.at.start, a.table, &a.column, a.role).cmp(&(b.at.start, b.table, &b.column, b.role))
        });
        found.columns.dedup();
        found.unknown.sort_by_key(|mention| mention.at.start);
        found.unknown.dedup();
        found
    }

    fn relation(&mut self, relation: &'b Relation) {
        match &relation.kind {
            RelationKind::Table(table) => self.expressions(table.version.as_deref(), Role::Filter),
            RelationKind::Select(select) => {
                self.expressions(&select.filter, Role::Filter);
                let keys = select.group.iter().flat_map(|group| &group.keys);
                self.expressions(keys, Role::Group);
                self.expressions(&select.having, Role::Filter);
                self.expressions(select.order.iter().map(|key| &key.expr), Role::Order);
                for column in &relation.columns {
                    match &column.value {
                        Value::Passed(id) => self.column(*id, Role::Value, &column.at),
                        Value::Computed(expr) => self.expression(expr, Role::Value),
                        _ => {}
                    }
                }
            }
            RelationKind::Values(rows) => self.expressions(rows.iter().flatten(), Role::Value),
            RelationKind::Join(join) => {
                self.expressions(&join.condition, Role::Join);
                for (left, right) in &join.using {
                    self.column(*left, Role::Join, &relation.at);
                    self.column(*right, Role::Join, &relation.at);
                }
            }
            RelationKind::Unnest { arguments } => self.expressions(arguments, Role::Value),
            RelationKind::Sorted { order, .. } => {
                self.expressions(order.iter().map(|key| &key.expr), Role::Order);
            }
            RelationKind::Opaque {
                inputs, arguments, ..
            } => {
                for input in inputs {
                    self.all_columns(*input, &relation.at);
                }
                self.expressions(arguments, Role::Value);
                for column in &relation.columns {
                    if let Value::Computed(expr) = &column.value {
                        self.expression(expr, Role::Value);
                    }
                }
            }
            RelationKind::Set { left, right, .. } => {
                self.unnamed_columns(*left);
                self.unnamed_columns(*right);
            }
            RelationKind::Alias { .. }
            | RelationKind::Recursive { .. }
            | RelationKind::Itself { .. }
            | RelationKind::OneRow => {}
        }
    }

    fn write(&mut self) {
        let Some(write) = &self.bound.write else {
            return;
        };
        self.found.writes = Some(TableMention {
            table: write.table.clone(),
            at: write.table.at.clone(),
        });
        for assignment in &write.assignments {
            match &assignment.value {
                AssignedValue::Expr(expr) => self.expression(expr, Role::Value),
                AssignedValue::Column(id) => self.column(*id, Role::Value, &write.table.at),
            }
            if let Some(column) = &assignment.column {
                self.found.columns.push(ColumnMention {
                    table: None,
                    column: column.clone(),
                    role: Role::Target,
                    at: write.table.at.clone(),
                });
            }
        }
        self.expressions(&write.conditions, Role::Filter);
    }

    fn expressions(&mut self, expressions: impl IntoIterator<Item = &'b Expr>, role: Role) {
        for expr in expressions {
            self.expression(expr, role);
        }
    }

    /// Notes what an expression names. Its subqueries are relations of their own.
    fn expression(&mut self, expr: &'b Expr, role: Role) {
        let mut open = vec![(expr, role)];
        while let Some((expr, role)) = open.pop() {
            match &expr.kind {
                ExprKind::Column(id) => self.column(*id, role, &expr.at),
                ExprKind::OneOf { name, among } => self.one_of(name, among, &expr.at),
                ExprKind::Call(call) => {
                    self.found.deterministic &=
                        call.deterministic && !TELLS_THE_TIME.contains(&call.name.as_str());
                    open.extend(call.arguments.iter().map(|argument| (argument, role)));
                    open.extend(call.filter.iter().map(|filter| (filter, Role::Filter)));
                    let own_order = match call.kind {
                        CallKind::Window => Role::Window,
                        CallKind::Scalar | CallKind::Aggregate => Role::Order,
                    };
                    open.extend(call.order.iter().map(|key| (&key.expr, own_order)));
                    if let Some(window) = &call.window {
                        open.extend(window.expressions().map(|inside| (inside, Role::Window)));
                    }
                }
                ExprKind::Subquery { query, .. } => {
                    self.unnamed_columns(*query);
                    open.extend(expr.children().into_iter().map(|child| (child, role)));
                }
                _ => open.extend(expr.children().into_iter().map(|child| (child, role))),
            }
        }
    }

    /// Notes every column of a query that is a table: `TABLE t` gives them without a select item for each.
    fn unnamed_columns(&mut self, query: RelationId) {
        if let Some(relation) = self.bound.relation(query)
            && matches!(relation.kind, RelationKind::Table(_))
        {
            self.all_columns(query, &relation.at);
        }
    }

    /// Notes every column of a relation that `*` would show.
    fn all_columns(&mut self, id: RelationId, at: &TextRange) {
        let Some(relation) = self.bound.relation(id) else {
            return;
        };
        for (column, _) in relation
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.hidden)
        {
            let id = ColumnId {
                relation: id,
                column,
            };
            self.column(id, Role::Value, at);
        }
    }

    /// Notes the tables' columns that a column is. One that is computed has its own mentions where that is done.
    fn column(&mut self, id: ColumnId, role: Role, at: &TextRange) {
        let bound = self.bound;
        let mut seen = HashSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let id = self.end_of(id);
            if !seen.insert(id) {
                continue;
            }
            match bound.column(id).map(|column| (&column.value, &column.name)) {
                Some((Value::Stored, Some(name))) => {
                    let Some(table) = self.tables.get(&id.relation) else {
                        continue;
                    };
                    if self.found.columns.len() >= MAX_MENTIONS {
                        self.found.complete = false;
                        return;
                    }
                    self.found.columns.push(ColumnMention {
                        table: Some(*table),
                        column: name.clone(),
                        role,
                        at: at.clone(),
                    });
                }
                Some((Value::Merged(from), _)) => {
                    self.merged = self.merged.saturating_add(from.len());
                    if self.merged > MAX_MERGED {
                        self.found.complete = false;
                        return;
                    }
                    open.extend(from);
                }
                _ => {}
            }
        }
    }

    /// The first column on the way that is not just another one.
    fn end_of(&mut self, id: ColumnId) -> ColumnId {
        let mut way = Vec::new();
        let mut end = id;
        while let Some(Value::Passed(from)) = self.bound.column(end).map(|column| &column.value) {
            way.push(end);
            end = self.ends.get(from).copied().unwrap_or(*from);
        }
        self.ends
            .extend(way.into_iter().map(|passed| (passed, end)));
        end
    }

    fn one_of(&mut self, name: &str, among: &[RelationId], at: &TextRange) {
        let mut tables: Vec<usize> = among.iter().flat_map(|id| self.tables_below(*id)).collect();
        tables.sort_unstable();
        tables.dedup();
        self.merged = self.merged.saturating_add(tables.len());
        if self.merged > MAX_MERGED {
            self.found.complete = false;
            return;
        }
        self.found.unknown.push(UnknownMention {
            column: name.to_owned(),
            among: tables,
            at: at.clone(),
        });
    }

    /// The tables that a relation's rows are made of.
    fn tables_below(&self, id: RelationId) -> Vec<usize> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            found.extend(self.tables.get(&id));
            if let Some(relation) = self.bound.relation(id) {
                open.extend(relation.kind.inputs());
            }
        }
        found
    }
}
