//! `MATCH_RECOGNIZE`: what it reads and which columns it gives; how it matches is not followed.

use std::collections::HashSet;
use std::rc::Rc;

use sqlparser::ast::{
    Ident, MatchRecognizePattern, MatchRecognizeSymbol, RowsPerMatch, Spanned, TableFactor,
};

use super::Binder;
use super::names::{Field, ScopeId, Shape};
use super::typing;
use crate::bound::{
    About, Column, Expr, ExprKind, Known, Relation, RelationId, RelationKind, TextRange, Value,
};
use crate::extras::{RowPattern, label};
use crate::types::Type;

impl Binder<'_> {
    /// `t MATCH_RECOGNIZE (...)`.
    pub(super) fn match_recognize(
        &mut self,
        factor: &TableFactor,
        parent: Option<ScopeId>,
        left: Option<ScopeId>,
        at: &TextRange,
    ) -> Shape {
        let TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            symbols,
            pattern,
            alias,
            ..
        } = factor
        else {
            let relation = self.nothing(at);
            return self.shape(relation, None);
        };
        let input = self.factor(table, parent, left);
        let scope = self.names.open(vec![input.clone()], parent);
        let partition: Vec<Expr> = partition_by
            .iter()
            .map(|expr| self.expression(expr, scope))
            .collect();
        let order: Vec<Expr> = order_by
            .iter()
            .map(|item| self.expression(&item.expr, scope))
            .collect();
        let mut variables: Vec<String> = symbols
            .iter()
            .map(|symbol| symbol.symbol.value.to_lowercase())
            .collect();
        if let MatchRecognizePattern::Symbol(MatchRecognizeSymbol::Named(stand_in)) = pattern
            && let Some(pattern) = self.extras.row_patterns.get(&stand_in.span.start)
        {
            variables.extend(named_in(pattern));
        }
        let inner = self.pattern_scope(&input, variables, parent);
        if let MatchRecognizePattern::Symbol(MatchRecognizeSymbol::Named(stand_in)) = pattern
            && let Some(pattern) = self.extras.row_patterns.get(&stand_in.span.start)
        {
            self.check_labels(pattern, symbols.iter().map(|symbol| &symbol.symbol));
        }
        self.in_pattern += 1;
        let measured: Vec<(String, Expr)> = measures
            .iter()
            .map(|measure| {
                let expr = self.expression(&measure.expr, inner);
                (measure.alias.value.to_lowercase(), expr)
            })
            .collect();
        let defined: Vec<Expr> = symbols
            .iter()
            .map(|symbol| self.expression(&symbol.definition, inner))
            .collect();
        self.in_pattern -= 1;
        self.check_definitions(&defined);

        let mut columns: Vec<Column> = Vec::new();
        let all_rows = matches!(rows_per_match, Some(RowsPerMatch::AllRows(_)));
        if all_rows {
            columns.extend(self.passed(input.relation));
        } else {
            for key in &partition {
                columns.push(Column {
                    name: self.column_name(key),
                    ty: key.ty.clone(),
                    at: key.at.clone(),
                    value: match &key.kind {
                        ExprKind::Column(column) => Value::Passed(*column),
                        _ => Value::Computed(Box::new(key.clone())),
                    },
                    hidden: false,
                });
            }
        }
        for (name, measure) in &measured {
            columns.push(Column {
                name: Some(name.clone()),
                ty: measure.ty.clone(),
                at: measure.at.clone(),
                value: Value::Computed(Box::new(measure.clone())),
                hidden: false,
            });
        }
        let complete = !all_rows || self.is_complete(input.relation);
        let arguments = partition.into_iter().chain(order).chain(defined).collect();
        let input_at = self.source.range(table.span());
        let word = self.source.next_word(&input_at, "MATCH_RECOGNIZE");
        let all = word.map(|word| self.source.with_group_behind(&word));
        let detail = self.source.spelled(&all.unwrap_or_else(|| at.clone()));
        let relation = self.push(Relation {
            kind: RelationKind::Opaque {
                what: "MATCH_RECOGNIZE".to_owned(),
                inputs: vec![input.relation],
                arguments,
                detail,
            },
            columns,
            complete,
            at: at.clone(),
        });
        self.aliased(relation, None, alias.as_ref(), at)
    }

    /// What a window's row pattern names: its measures and definitions, none of which is followed.
    pub(super) fn window_pattern(&mut self, pattern: &RowPattern, scope: ScopeId) -> Vec<Expr> {
        let Some(around) = self.names.scope(scope) else {
            return Vec::new();
        };
        let input = Shape {
            relation: around.relations.first().copied().unwrap_or(RelationId(0)),
            fields: around.fields.clone(),
            open: around.open.clone(),
            tables: around.tables.clone(),
        };
        let parent = around.parent;
        let inner = self.pattern_scope(&input, named_in(pattern).collect(), parent);
        let measures = pattern.measures.iter().map(|(measure, _)| measure);
        let definitions = pattern.definitions.iter().map(|(_, condition)| condition);
        self.check_labels(pattern, pattern.definitions.iter().map(|(name, _)| name));
        self.in_pattern += 1;
        self.in_window_pattern = true;
        let named = measures
            .chain(definitions)
            .map(|tree| self.expression(tree, inner))
            .collect();
        self.in_window_pattern = false;
        self.in_pattern -= 1;
        named
    }

    /// What SUBSET and DEFINE name must be told apart, and what is defined must be in the pattern.
    fn check_labels<'p>(&mut self, pattern: &RowPattern, defined: impl Iterator<Item = &'p Ident>) {
        let mut unions = HashSet::new();
        for subset in &pattern.subsets {
            let (label, at) = (label(subset), self.source.range(subset.span));
            let message = if pattern.variables.contains(&label) {
                format!(
                    "union pattern variable name: {subset} is a duplicate of primary pattern variable name"
                )
            } else if !unions.insert(label) {
                format!("union pattern variable name: {subset} is declared twice")
            } else {
                continue;
            };
            self.problem("INVALID_LABEL", message, &at);
        }
        let mut labels = HashSet::new();
        for variable in defined {
            let (label, at) = (label(variable), self.source.range(variable.span));
            let message = if !pattern.variables.contains(&label) {
                format!("defined variable: {variable} is not a primary pattern variable")
            } else if !labels.insert(label) {
                format!("pattern variable with name: {variable} is defined twice")
            } else {
                continue;
            };
            self.problem("INVALID_LABEL", message, &at);
        }
    }

    fn check_definitions(&mut self, definitions: &[Expr]) {
        for definition in definitions {
            if let Known::Known(ty) = &definition.ty
                && !typing::coerces(ty, &Type::Boolean)
            {
                let message = format!(
                    "Expression defining a label must be boolean (actual type: {})",
                    ty.in_messages()
                );
                let at = definition.at.clone();
                self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
            }
        }
    }

    /// The input's columns, also behind the name of each pattern variable.
    fn pattern_scope(
        &mut self,
        input: &Shape,
        mut variables: Vec<String>,
        parent: Option<ScopeId>,
    ) -> ScopeId {
        variables.sort();
        variables.dedup();
        let mut shape = input.clone();
        for variable in variables {
            let table: Rc<[String]> = Rc::from([variable]);
            shape.fields.extend(input.fields.iter().map(|field| Field {
                table: Some(Rc::clone(&table)),
                ..field.clone()
            }));
            shape
                .open
                .extend(input.open.iter().map(|open| super::names::Open {
                    table: Some(Rc::clone(&table)),
                    relation: open.relation,
                }));
        }
        self.names.open(vec![shape], parent)
    }

    /// What a select item that is only a name is called.
    pub(super) fn column_name(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Column(column) => self.name_of(*column),
            ExprKind::Field { name, .. } | ExprKind::OneOf { name, .. } => Some(name.clone()),
            _ => None,
        }
    }
}

/// The names that may stand before a column in a row pattern.
fn named_in(pattern: &RowPattern) -> impl Iterator<Item = String> {
    let variables = pattern.variables.iter().map(|name| name.to_lowercase());
    let subsets = pattern.subsets.iter();
    variables.chain(subsets.map(|name| name.value.to_lowercase()))
}
