//! Statements that write: which columns get which values.

use std::rc::Rc;

use sqlparser::ast::{
    AssignmentTarget, Expr as Tree, Merge, MergeAction, MergeClauseKind, MergeInsertKind,
    ObjectName, Spanned, TableAlias, TableFactor,
};

use super::Binder;
use super::names::{ScopeId, Shape};
use super::typing;
use crate::bound::{
    About, AssignedValue, Assignment, ColumnId, Expr, Known, RelationId, RelationKind, Table,
    TextRange, When, Write, WriteKind,
};
use crate::statement::{Statement, Write as WriteStatement};
use crate::tree::{self, Change, ParsedStatement, Target};
use crate::types::Type;

impl Binder<'_> {
    /// A whole statement.
    pub(super) fn statement(&mut self, statement: &ParsedStatement) {
        let kind = match statement.reading.statement.innermost() {
            Statement::Write(WriteStatement::Insert) => Some(WriteKind::Insert),
            Statement::Write(WriteStatement::CreateTableAs) => Some(WriteKind::CreateTableAs),
            Statement::Define { .. } if statement.query.is_some() => Some(WriteKind::CreateView),
            _ => None,
        };
        match (&statement.target, &statement.change, kind) {
            (Some(target), Some(change), _) => self.change(target, change),
            (Some(target), None, Some(WriteKind::Insert)) => self.insert(target, statement),
            (Some(target), None, Some(kind)) => self.define(target, kind, statement),
            _ => self.output(statement),
        }
    }

    fn output(&mut self, statement: &ParsedStatement) {
        if let Some(query) = &statement.query {
            let output = self.query(query, None);
            self.bound.output = Some(output);
        }
    }

    fn target_place(&self, target: &Target) -> TextRange {
        target.name.iter().fold(0..0, |at, part| {
            super::source::union(&at, &self.source.range(part.span))
        })
    }

    fn target_table(&self, target: &Target, known: bool) -> Table {
        Table {
            written: target
                .name
                .iter()
                .map(|part| part.value.to_lowercase())
                .collect(),
            name: Some(target.table.clone()),
            known,
            version: None,
            branch: target
                .branch
                .as_ref()
                .map(|branch| branch.value.to_lowercase()),
            keys: Vec::new(),
            at: self.target_place(target),
        }
    }

    /// `INSERT INTO`.
    fn insert(&mut self, target: &Target, statement: &ParsedStatement) {
        let at = self.target_place(target);
        // Trino looks at the query first.
        self.output(statement);
        let parts: Vec<String> = target
            .name
            .iter()
            .map(|part| part.value.to_lowercase())
            .collect();
        let (_, known, listed) = self.look_up(&parts, &at);
        let listed: Option<Vec<(String, Known<Type>)>> = listed.map(|columns| {
            columns
                .into_iter()
                .filter(|column| !column.hidden)
                .map(|column| (column.name, column.ty))
                .collect()
        });
        let named = self.insert_columns(target, listed.as_deref());
        let wanted: Option<Vec<(String, Known<Type>)>> = if named.is_empty() {
            listed
        } else {
            Some(named)
        };
        let assignments = self.assign_output(wanted.as_deref());
        if let (Some(wanted), Some(output)) = (&wanted, self.bound.output) {
            self.check_insert(wanted, output, &at);
        }
        self.bound.write = Some(Write {
            table: self.target_table(target, known),
            kind: WriteKind::Insert,
            assignments,
            target: None,
            source: None,
            conditions: Vec::new(),
            whens: Vec::new(),
        });
    }

    /// The columns that an INSERT lists, with their types.
    fn insert_columns(
        &mut self,
        target: &Target,
        listed: Option<&[(String, Known<Type>)]>,
    ) -> Vec<(String, Known<Type>)> {
        let mut named: Vec<(String, Known<Type>)> = Vec::new();
        for column in &target.columns {
            let name = column.value.to_lowercase();
            let at = self.source.range(column.span);
            let found = listed.map(|listed| listed.iter().find(|(other, _)| *other == name));
            let ty = match found {
                Some(Some((_, ty))) => ty.clone(),
                Some(None) => {
                    let message =
                        format!("Insert column name does not exist in target table: {name}");
                    let about = About::Column {
                        name: vec![name.clone()],
                        among: Vec::new(),
                    };
                    self.problem_about("COLUMN_NOT_FOUND", message, &at, about);
                    Known::Unknown
                }
                None => Known::Unknown,
            };
            if named.iter().any(|(other, _)| *other == name) {
                let message = format!("Insert column name is specified more than once: {name}");
                self.problem("DUPLICATE_COLUMN_NAME", message, &at);
            }
            named.push((name, ty));
        }
        named
    }

    /// Each column of the query's output, to the column at its place.
    fn assign_output(&self, wanted: Option<&[(String, Known<Type>)]>) -> Vec<Assignment> {
        let Some(output) = self.bound.output else {
            return Vec::new();
        };
        let Some(relation) = self.bound.relation(output) else {
            return Vec::new();
        };
        // Without all of the query's columns no place is certain, but those before the first `*`.
        let certain = if relation.complete {
            relation.columns.len()
        } else {
            self.names.before_star.get(&output).copied().unwrap_or(0)
        };
        (0..certain)
            .map(|index| Assignment {
                column: wanted
                    .and_then(|wanted| wanted.get(index))
                    .map(|(name, _)| name.clone()),
                value: AssignedValue::Column(ColumnId {
                    relation: output,
                    column: index,
                }),
            })
            .collect()
    }

    fn check_insert(
        &mut self,
        wanted: &[(String, Known<Type>)],
        output: RelationId,
        at: &TextRange,
    ) {
        let Some(relation) = self
            .bound
            .relation(output)
            .filter(|relation| relation.complete)
        else {
            return;
        };
        let given: Vec<Known<Type>> = relation
            .columns
            .iter()
            .map(|column| column.ty.clone())
            .collect();
        let fits = wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|((_, to), from)| match (from, to) {
                    (Known::Known(from), Known::Known(to)) => can_be_stored(from, to),
                    _ => true,
                });
        if !fits {
            let table: Vec<String> = wanted.iter().map(|(_, ty)| typing::shown(ty)).collect();
            let query: Vec<String> = given.iter().map(typing::shown).collect();
            let message = format!(
                "Insert query has mismatched column types: Table: [{}], Query: [{}]",
                table.join(", "),
                query.join(", ")
            );
            self.problem_about("TYPE_MISMATCH", message, at, About::Types);
        }
    }

    /// `CREATE TABLE ... AS`, `CREATE VIEW`.
    fn define(&mut self, target: &Target, kind: WriteKind, statement: &ParsedStatement) {
        self.output(statement);
        let at = self.target_place(target);
        let mut names: Vec<(String, Known<Type>)> = target
            .columns
            .iter()
            .map(|column| (column.value.to_lowercase(), Known::Unknown))
            .collect();
        let relation = self.bound.output.and_then(|id| self.bound.relation(id));
        let width = relation.map_or(0, |relation| relation.columns.len());
        let complete = relation.is_some_and(|relation| relation.complete);
        if names.is_empty() {
            let columns: Vec<(Option<String>, TextRange)> = relation
                .map(|relation| {
                    relation
                        .columns
                        .iter()
                        .map(|column| (column.name.clone(), column.at.clone()))
                        .collect()
                })
                .unwrap_or_default();
            for (index, (name, place)) in columns.into_iter().enumerate() {
                match name {
                    Some(name) => {
                        if names.iter().any(|(other, _)| *other == name) {
                            let message = format!("Column name '{name}' specified more than once");
                            self.problem("DUPLICATE_COLUMN_NAME", message, &place);
                        }
                        names.push((name, Known::Unknown));
                    }
                    None => {
                        let message =
                            format!("Column name not specified at position {}", index + 1);
                        self.problem("MISSING_COLUMN_NAME", message, &place);
                        names.push((String::new(), Known::Unknown));
                    }
                }
            }
        } else if complete && names.len() != width {
            let message = format!(
                "Column alias list has {} entries but relation has {width} columns",
                names.len()
            );
            self.problem("MISMATCHED_COLUMN_ALIASES", message, &at);
        }
        let mut assignments = self.assign_output(Some(&names));
        for assignment in &mut assignments {
            assignment.column = assignment.column.take().filter(|name| !name.is_empty());
        }
        self.bound.write = Some(Write {
            table: self.target_table(target, true),
            kind,
            assignments,
            target: None,
            source: None,
            conditions: Vec::new(),
            whens: Vec::new(),
        });
    }

    /// `UPDATE`, `DELETE`, `MERGE`.
    fn change(&mut self, target: &Target, change: &Change) {
        if let Change::Merge(merge) = change {
            self.merge(target, merge);
            return;
        }
        let at = self.target_place(target);
        let parts: Vec<String> = target
            .name
            .iter()
            .map(|part| part.value.to_lowercase())
            .collect();
        let shape = self.table(&parts, &at, None);
        let relation = shape.relation;
        let scope = self.names.open(vec![shape], None);
        let (kind, assignments, condition) = match change {
            Change::Update {
                assignments,
                condition,
            } => (
                WriteKind::Update,
                self.update(assignments, relation, scope),
                condition,
            ),
            Change::Delete { condition } => (WriteKind::Delete, Vec::new(), condition),
            Change::Merge(_) => return,
        };
        let conditions = condition
            .iter()
            .map(|condition| self.condition(condition, scope, "WHERE clause"))
            .collect();
        self.finish(target, kind, assignments, relation, conditions);
    }

    fn finish(
        &mut self,
        target: &Target,
        kind: WriteKind,
        assignments: Vec<Assignment>,
        relation: RelationId,
        conditions: Vec<Expr>,
    ) {
        let known = match self.bound.relation(relation).map(|relation| &relation.kind) {
            Some(RelationKind::Table(table)) => table.known,
            _ => true,
        };
        self.bound.write = Some(Write {
            table: self.target_table(target, known),
            kind,
            assignments,
            target: Some(relation),
            source: None,
            conditions,
            whens: Vec::new(),
        });
    }

    fn condition(&mut self, tree: &Tree, scope: ScopeId, clause: &str) -> Expr {
        let condition = self.expression(tree, scope);
        self.no_aggregates(&condition, clause);
        self.must_be_boolean(&condition, clause);
        condition
    }

    fn update(
        &mut self,
        assignments: &[tree::Assignment],
        target: RelationId,
        scope: ScopeId,
    ) -> Vec<Assignment> {
        assignments
            .iter()
            .map(|assignment| {
                let name = assignment.column.value.to_lowercase();
                let at = self.source.range(assignment.column.span);
                let message = format!("The UPDATE SET target column {name} doesn't exist");
                self.target_column(&name, target, &at, message);
                let value = self.expression(&assignment.value, scope);
                self.no_aggregates(&value, "UPDATE assignment");
                self.check_assigned(&name, target, &value, "UPDATE");
                Assignment {
                    column: Some(name),
                    value: AssignedValue::Expr(Box::new(value)),
                }
            })
            .collect()
    }

    /// A column that is written must be one of the table's.
    fn target_column(&mut self, name: &str, target: RelationId, at: &TextRange, message: String) {
        if self.demand(target, name, at).is_none() {
            let about = About::Column {
                name: vec![name.to_owned()],
                among: vec![target],
            };
            self.problem_about("COLUMN_NOT_FOUND", message, at, about);
        }
    }

    fn check_assigned(&mut self, name: &str, target: RelationId, value: &Expr, what: &str) {
        let Some(column) = self.demand(target, name, &value.at) else {
            return;
        };
        if let (Known::Known(from), Known::Known(to)) = (&value.ty, self.type_of(column))
            && !can_be_stored(from, &to)
        {
            let message = format!(
                "{what} table column types don't match SET expressions: Table: [{}], Expressions: [{}]",
                to.in_messages(),
                from.in_messages()
            );
            self.problem_about("TYPE_MISMATCH", message, &value.at, About::Types);
        }
    }

    fn merge(&mut self, target: &Target, merge: &Merge) {
        let at = self.target_place(target);
        let parts: Vec<String> = target
            .name
            .iter()
            .map(|part| part.value.to_lowercase())
            .collect();
        let alias = match &merge.table {
            TableFactor::Table { alias, .. } => alias.as_ref(),
            _ => None,
        };
        let table = self.table(&parts, &at, None);
        let relation = table.relation;
        let shape = self.merge_target(table, alias, &at);
        let source = self.factor(&merge.source, None, None);
        let source_id = source.relation;
        let both = self.names.open(vec![shape, source], None);
        let mut conditions = vec![self.condition(&merge.on, both, "MERGE ON clause")];
        let mut assignments: Vec<Assignment> = Vec::new();
        let mut whens = Vec::new();
        for clause in &merge.clauses {
            // As in Trino, what is inserted may name the target too: it has no row there.
            let scope = both;
            let written = assignments.len();
            let condition = clause.predicate.as_ref().map(|_| conditions.len());
            if let Some(predicate) = &clause.predicate {
                conditions.push(self.condition(predicate, scope, "MERGE WHEN clause"));
            }
            match &clause.action {
                MergeAction::Update(update) => {
                    for assignment in &update.assignments {
                        let AssignmentTarget::ColumnName(name) = &assignment.target else {
                            continue;
                        };
                        let value = self.expression(&assignment.value, scope);
                        assignments.push(self.merged(name, relation, value));
                    }
                }
                MergeAction::Insert(insert) => {
                    let MergeInsertKind::Values(values) = &insert.kind else {
                        continue;
                    };
                    let row = values.rows.first().map(|row| row.content.as_slice());
                    let row: Vec<Expr> = row
                        .unwrap_or_default()
                        .iter()
                        .map(|value| self.expression(value, scope))
                        .collect();
                    if insert.columns.is_empty() {
                        assignments.extend(self.merge_insert_all(relation, row));
                        continue;
                    }
                    for (name, value) in insert.columns.iter().zip(row) {
                        assignments.push(self.merged(name, relation, value));
                    }
                }
                MergeAction::Delete { .. } => {}
            }
            let columns: Vec<&str> = assignments
                .iter()
                .skip(written)
                .map(|assignment| assignment.column.as_deref().unwrap_or("?"))
                .collect();
            whens.push(When {
                matched: clause.clause_kind == MergeClauseKind::Matched,
                condition,
                action: match &clause.action {
                    MergeAction::Update(_) => format!("update {}", columns.join(", ")),
                    MergeAction::Insert(_) => format!("insert {}", columns.join(", ")),
                    MergeAction::Delete { .. } => "delete".to_owned(),
                },
            });
        }
        self.finish(target, WriteKind::Merge, assignments, relation, conditions);
        if let Some(write) = &mut self.bound.write {
            write.source = Some(source_id);
            write.whens = whens;
        }
    }

    fn merge_target(&mut self, table: Shape, alias: Option<&TableAlias>, at: &TextRange) -> Shape {
        let name: Option<Rc<[String]>> = table.tables.first().cloned();
        match alias {
            Some(alias) => self.aliased(table.relation, name, Some(alias), at),
            None => table,
        }
    }

    fn merged(&mut self, name: &ObjectName, target: RelationId, value: Expr) -> Assignment {
        let at = self.source.range(name.span());
        let name = name
            .0
            .last()
            .and_then(|part| part.as_ident())
            .map(|part| part.value.to_lowercase())
            .unwrap_or_default();
        let message = format!("Merge column name does not exist in target table: {name}");
        self.target_column(&name, target, &at, message);
        self.check_assigned(&name, target, &value, "MERGE");
        Assignment {
            column: Some(name),
            value: AssignedValue::Expr(Box::new(value)),
        }
    }

    fn merge_insert_all(&self, target: RelationId, row: Vec<Expr>) -> Vec<Assignment> {
        let relation = self.bound.relation(target);
        row.into_iter()
            .enumerate()
            .map(|(index, value)| Assignment {
                column: relation
                    .filter(|relation| relation.complete)
                    .and_then(|relation| {
                        let shown = relation.columns.iter().filter(|column| !column.hidden);
                        shown.clone().nth(index)?.name.clone()
                    }),
                value: AssignedValue::Expr(Box::new(value)),
            })
            .collect()
    }
}

/// Whether a value may be written into a column. Text that is too long is refused only when it is met.
fn can_be_stored(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Varchar(_), Type::Varchar(_)) | (Type::Char(_), Type::Char(_)) => true,
        (Type::Char(_), Type::Varchar(_)) => true,
        _ => typing::coerces(from, to),
    }
}
