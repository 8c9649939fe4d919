//! What a name in an expression means: a column, a field of a row, a lambda's argument.

use sqlparser::ast::Ident;

use super::Binder;
use super::names::{ScopeId, is_named};
use super::source::union;
use crate::bound::{About, ColumnId, Expr, ExprKind, Known, RelationId, TextRange};
use crate::types::Type;

/// What a name was found to be.
enum Found {
    Column(ColumnId),
    OneOf(Vec<RelationId>),
    /// A part of it is a column, so it is a field.
    Field,
    Nothing,
}

impl Binder<'_> {
    /// A name of one part or more.
    pub(super) fn name(&mut self, idents: &[Ident], scope: ScopeId) -> Expr {
        let parts: Vec<String> = idents
            .iter()
            .map(|ident| ident.value.to_lowercase())
            .collect();
        let at = idents
            .iter()
            .fold(0..0, |at, ident| union(&at, &self.source.range(ident.span)));
        if let Some(expr) = self.argument(&parts, &at) {
            return expr;
        }
        // `a.b.c` is the column of the longest part that is one, and fields of it.
        match self.find(&parts, scope, &at) {
            Found::Column(column) => self.column(column, at),
            Found::OneOf(among) => one_of(&parts, among, at),
            Found::Field => self.field_of_name(idents, scope, at),
            Found::Nothing => self.missing(&parts, scope, at),
        }
    }

    /// The last part as a field of what the parts before it are.
    fn field_of_name(&mut self, idents: &[Ident], scope: ScopeId, at: TextRange) -> Expr {
        let Some((field, row)) = idents.split_last() else {
            return unresolved(String::new(), at);
        };
        let row = self.name(row, scope);
        self.field(row, field, at)
    }

    fn column(&self, column: ColumnId, at: TextRange) -> Expr {
        Expr {
            kind: ExprKind::Column(column),
            ty: self.type_of(column),
            at,
        }
    }

    fn missing(&mut self, parts: &[String], scope: ScopeId, at: TextRange) -> Expr {
        let among = self
            .names
            .chain(scope)
            .into_iter()
            .filter_map(|scope| self.names.scope(scope))
            .flat_map(|scope| scope.relations.clone())
            .collect();
        let name = parts.join(".");
        let message = format!("Column '{name}' cannot be resolved");
        let about = About::Column {
            name: parts.to_vec(),
            among,
        };
        self.problem_about("COLUMN_NOT_FOUND", message, &at, about);
        unresolved(name, at)
    }

    /// A lambda's argument, or a field of it.
    fn argument(&mut self, parts: &[String], at: &TextRange) -> Option<Expr> {
        let (first, fields) = parts.split_first()?;
        let (name, ty) = self
            .names
            .arguments
            .iter()
            .rev()
            .find(|(name, _)| name == first)?
            .clone();
        let mut expr = Expr {
            kind: ExprKind::Argument(name),
            ty,
            at: at.clone(),
        };
        for field in fields {
            expr = self.field(expr, &Ident::new(field), at.clone());
        }
        Some(expr)
    }

    /// A field of a row by name.
    pub(super) fn field(&mut self, row: Expr, field: &Ident, at: TextRange) -> Expr {
        let name = field.value.to_lowercase();
        let ty = match &row.ty {
            Known::Unknown => Known::Unknown,
            Known::Known(Type::Row(fields)) => {
                let found: Vec<&Type> = fields
                    .iter()
                    .filter(|(other, _)| {
                        other
                            .as_ref()
                            .is_some_and(|other| other.to_lowercase() == name)
                    })
                    .map(|(_, ty)| ty)
                    .collect();
                match found.as_slice() {
                    [only] => Known::Known((*only).clone()),
                    [] => {
                        let written = self.source.text(&at).to_lowercase();
                        let message = format!("Column '{written}' cannot be resolved");
                        let about = About::Column {
                            name: vec![name.clone()],
                            among: Vec::new(),
                        };
                        self.problem_about("COLUMN_NOT_FOUND", message, &at, about);
                        Known::Unknown
                    }
                    _ => {
                        let message = format!("Ambiguous row field reference: {name}");
                        self.problem("AMBIGUOUS_NAME", message, &at);
                        Known::Unknown
                    }
                }
            }
            Known::Known(_) => {
                let message = format!(
                    "Expression {} is not of type ROW",
                    self.source.text(&row.at)
                );
                let place = row.at.clone();
                self.problem_about("TYPE_MISMATCH", message, &place, About::Types);
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Field {
                of: Box::new(row),
                name,
            },
            ty,
            at,
        }
    }

    /// Looks a name up in the scopes, innermost first, as Trino does.
    fn find(&mut self, parts: &[String], scope: ScopeId, at: &TextRange) -> Found {
        let chain = self.names.chain(scope);
        let (table, name) = match parts.split_last() {
            Some((name, table)) => (table, name),
            None => return Found::Nothing,
        };
        // Incomplete relations that may have it, in every scope up to the one that certainly has it.
        let mut maybe: Vec<(ScopeId, RelationId)> = Vec::new();
        for id in &chain {
            let Some(scope) = self.names.scope(*id) else {
                continue;
            };
            let mut found = scope.matching(parts);
            found.dedup();
            match found.as_slice() {
                [] => {}
                [only] if maybe.is_empty() => return Found::Column(*only),
                [only] => {
                    let mut among: Vec<RelationId> =
                        maybe.iter().map(|(_, relation)| *relation).collect();
                    among.push(only.relation);
                    return Found::OneOf(among);
                }
                // A query further in may have it.
                several if !maybe.is_empty() => {
                    let known = several.iter().map(|column| column.relation);
                    let among = maybe.iter().map(|(_, relation)| *relation).chain(known);
                    return Found::OneOf(among.collect());
                }
                several => {
                    let first = several.first().copied();
                    let written = parts.join(".");
                    let message = format!("Column '{written}' is ambiguous");
                    let about = About::Ambiguous {
                        name: parts.to_vec(),
                        candidates: several.to_vec(),
                    };
                    self.problem_about("AMBIGUOUS_NAME", message, at, about);
                    return first.map_or(Found::Nothing, Found::Column);
                }
            }
            if scope.starts_with_column(parts) {
                return Found::Field;
            }
            let open = scope.open_as(table);
            let mut distinct = open;
            distinct.dedup();
            maybe.extend(distinct.into_iter().map(|relation| (*id, relation)));
            // A name before the dot that is a relation's here means that relation.
            if !table.is_empty() && !maybe.is_empty() {
                break;
            }
        }
        match maybe.as_slice() {
            [] => {}
            [(scope, relation)] => {
                return match self.demand_in(*scope, *relation, name, at) {
                    Some(column) => Found::Column(column),
                    None => Found::Nothing,
                };
            }
            several => {
                return Found::OneOf(several.iter().map(|(_, relation)| *relation).collect());
            }
        }
        // `a.b` where no relation is called `a`: perhaps a field of a column that is not known yet.
        let scopes = || chain.iter().filter_map(|id| self.names.scope(*id));
        let has_open = scopes().any(|scope| !scope.open.is_empty());
        let is_relation = scopes()
            .flat_map(|scope| &scope.tables)
            .any(|known| is_named(Some(known), table));
        if !table.is_empty() && has_open && !is_relation {
            return Found::Field;
        }
        Found::Nothing
    }
}

fn one_of(parts: &[String], among: Vec<RelationId>, at: TextRange) -> Expr {
    Expr {
        kind: ExprKind::OneOf {
            name: parts.last().cloned().unwrap_or_default(),
            among,
        },
        ty: Known::Unknown,
        at,
    }
}

fn unresolved(name: String, at: TextRange) -> Expr {
    Expr {
        kind: ExprKind::Unresolved(name),
        ty: Known::Unknown,
        at,
    }
}
