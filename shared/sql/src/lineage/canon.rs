//! The canonical texts of a whole statement: of each column, and of what each relation's rows are.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::bound::{
    Bound, ColumnId, Expr, ExprKind, Join, JoinKind, Relation, RelationId, RelationKind, Value,
};
use crate::lineage::Kind;
use crate::lineage::facts::{self, Facts};
use crate::lineage::origin::BaseId;
use crate::lineage::sources::Sources;
use crate::lineage::text::{self, Binding, Part, Text};
use crate::walk;

/// A text longer than this is put into others as a digest: a query over a query over a query may double it each time.
const LONGEST_INSIDE: usize = 2_048;

/// The texts of a statement.
pub(crate) struct Canon<'b> {
    bound: &'b Bound,
    sources: &'b Sources<'b>,
    part: Part,
    /// For each relation which mention of its tables it is where it stands, from 1.
    ordinals: Vec<u32>,
    columns: Vec<Vec<Text>>,
    facts: Vec<Rc<Facts>>,
    /// What a first pass wrote, for what stands behind the relation that mentions it: a query in ORDER BY.
    before: Option<Box<Canon<'b>>>,
    looked_ahead: Cell<bool>,
}

impl<'b> Canon<'b> {
    /// Writes a statement's columns and rows.
    pub(crate) fn of(bound: &'b Bound, sources: &'b Sources<'b>, part: Part) -> Self {
        let first = Self::pass(bound, sources, part, None);
        if first.looked_ahead.get() {
            Self::pass(bound, sources, part, Some(Box::new(first)))
        } else {
            first
        }
    }

    fn pass(
        bound: &'b Bound,
        sources: &'b Sources<'b>,
        part: Part,
        before: Option<Box<Self>>,
    ) -> Self {
        let mut canon = Self {
            bound,
            sources,
            part,
            ordinals: ordinals(bound, sources),
            columns: Vec::with_capacity(bound.relations.len()),
            facts: Vec::with_capacity(bound.relations.len()),
            before,
            looked_ahead: Cell::new(false),
        };
        for (position, relation) in bound.relations.iter().enumerate() {
            let ordinal = canon.ordinals.get(position).copied().unwrap_or(1);
            let columns = canon.columns_of(position, relation, ordinal);
            canon.columns.push(columns);
            let facts = match &relation.kind {
                RelationKind::Alias { of, .. } if ordinal <= 1 => canon.facts(*of),
                _ => facts::of(&canon, RelationId(position), relation).tagged(ordinal),
            };
            canon.facts.push(facts);
        }
        canon
    }

    /// The statement.
    pub(crate) fn bound(&self) -> &'b Bound {
        self.bound
    }

    /// Which parts are written.
    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// A column's text, as it is put into another.
    pub(crate) fn column(&self, id: ColumnId) -> Text {
        match self.full_column(id) {
            Some(text) => inside(text),
            None => Text::atom("unknown"),
        }
    }

    /// A column's whole text.
    pub(crate) fn full_column(&self, id: ColumnId) -> Option<&Text> {
        match self.columns.get(id.relation.0) {
            Some(columns) => columns.get(id.column),
            None => {
                self.looked_ahead.set(true);
                self.before.as_ref()?.full_column(id)
            }
        }
    }

    /// The texts of all of a relation's columns.
    pub(crate) fn columns(&self, id: RelationId) -> Vec<Rc<str>> {
        super::columns_of(self.bound, id)
            .map(|id| self.column(id).text)
            .collect()
    }

    /// What a relation's rows are.
    pub(crate) fn facts(&self, id: RelationId) -> Rc<Facts> {
        match (self.facts.get(id.0), &self.before) {
            (Some(facts), _) => Rc::clone(facts),
            (None, Some(before)) => before.facts(id),
            (None, None) => Rc::default(),
        }
    }

    /// Whether a relation computes a column by a window over its rows.
    pub(crate) fn is_windowed(&self, id: RelationId) -> bool {
        let columns = self
            .bound
            .relation(id)
            .map(|relation| relation.columns.as_slice());
        columns
            .unwrap_or_default()
            .iter()
            .any(|column| match &column.value {
                Value::Computed(expr) => {
                    let mut found = false;
                    walk::each_inside(expr, &mut |expr| {
                        found |=
                            matches!(&expr.kind, ExprKind::Call(call) if call.window.is_some());
                    });
                    found
                }
                _ => false,
            })
    }

    /// A condition's text, as it stands beside others with AND between them.
    pub(crate) fn condition(&self, expr: &Expr) -> Rc<str> {
        text::write(self, expr, &mut Vec::new())
            .within(Binding::Conjunction)
            .into()
    }

    /// An expression's text.
    pub(crate) fn expression(&self, expr: &Expr) -> Rc<str> {
        text::write(self, expr, &mut Vec::new()).text
    }

    /// A query inside an expression.
    pub(crate) fn query_text(&self, id: RelationId) -> String {
        let columns = self.columns(id).join(", ");
        let text = format!("select {columns} from {}", self.facts(id).text());
        inside(&Text::atom(text)).text.to_string()
    }

    fn columns_of(&self, position: usize, relation: &'b Relation, ordinal: u32) -> Vec<Text> {
        let columns = relation.columns.iter().enumerate();
        columns
            .map(|(column, described)| {
                let id = ColumnId {
                    relation: RelationId(position),
                    column,
                };
                let text = match &described.value {
                    Value::Stored => {
                        let table = match &relation.kind {
                            RelationKind::Table(table) => super::table_name(table),
                            _ => String::new(),
                        };
                        let name = described.name.as_deref().unwrap_or_default();
                        Text::atom(format!("{table}.{name}"))
                    }
                    // Its value is that of the step before, not that of the first one.
                    Value::Passed(_) if matches!(relation.kind, RelationKind::Itself { .. }) => {
                        let name = described.name.as_deref().unwrap_or_default();
                        Text::atom(format!("itself.{name}"))
                    }
                    Value::Passed(of) => match self.full_column(*of) {
                        Some(text) => text.clone(),
                        None => Text::atom("unknown"),
                    },
                    Value::Merged(ids) => self.merged(relation, ids),
                    Value::Computed(expr) => match &relation.kind {
                        RelationKind::Values(rows) => self.listed(rows, column),
                        _ => text::write(self, expr, &mut Vec::new()),
                    },
                    Value::Unknown => self.unknown(relation, described.name.as_deref(), column),
                };
                let constant = self
                    .sources
                    .column(id)
                    .is_some_and(|origin| origin.kind == Kind::Constant);
                if ordinal > 1 && !constant {
                    tagged(&text, ordinal)
                } else {
                    text
                }
            })
            .collect()
    }

    fn merged(&self, relation: &Relation, ids: &[ColumnId]) -> Text {
        if let (RelationKind::Join(join), [left, right]) = (&relation.kind, ids) {
            match join.kind {
                JoinKind::Cross | JoinKind::Inner | JoinKind::Left => return self.column(*left),
                JoinKind::Right => return self.column(*right),
                JoinKind::Full => {
                    let (left, right) = (self.column(*left).text, self.column(*right).text);
                    return Text::atom(format!("coalesce({left}, {right})"));
                }
            }
        }
        let texts: Vec<Text> = ids.iter().map(|id| self.column(*id)).collect();
        match texts.split_first() {
            Some((first, rest)) if rest.iter().all(|text| text.text == first.text) => first.clone(),
            _ => {
                let texts: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
                Text::atom(format!("either({})", texts.join(", ")))
            }
        }
    }

    fn listed(&self, rows: &[Vec<Expr>], column: usize) -> Text {
        let items: Vec<Rc<str>> = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|expr| self.expression(expr))
            .collect();
        Text::atom(format!("values({})", items.join(", ")))
    }

    fn unknown(&self, relation: &Relation, name: Option<&str>, column: usize) -> Text {
        match &relation.kind {
            RelationKind::Opaque {
                what, arguments, ..
            } => {
                let arguments: Vec<_> =
                    arguments.iter().map(|expr| self.expression(expr)).collect();
                let name = name.map_or_else(|| (column + 1).to_string(), str::to_owned);
                let what = text::outside_quotes_lowered(what);
                Text::atom(format!("{what}({}).{name}", arguments.join(", ")))
            }
            _ => Text::atom("unknown"),
        }
    }

    /// The two sides of a USING column as an equation.
    pub(crate) fn using_text(&self, join: &Join) -> Vec<Rc<str>> {
        join.using
            .iter()
            .map(|(left, right)| {
                let (left, right) = (self.column(*left).text, self.column(*right).text);
                let (first, second) = if right < left {
                    (right, left)
                } else {
                    (left, right)
                };
                format!("{first} = {second}").into()
            })
            .collect()
    }
}

/// A text as it is put into another: itself, or its digest.
pub(crate) fn inside(text: &Text) -> Text {
    if text.text.len() <= LONGEST_INSIDE {
        return text.clone();
    }
    Text::atom(format!("expression({:016x})", digest(&text.text)))
}

/// A number that is the same for the same text everywhere (FNV-1a).
pub(crate) fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A text that comes from a table's later mention.
pub(crate) fn tagged(text: &Text, ordinal: u32) -> Text {
    let simple = text.binding == Binding::Atom && !text.text.contains([' ', '(', '\'']);
    if simple {
        Text::atom(format!("{}#{ordinal}", text.text))
    } else {
        Text::atom(format!("({})#{ordinal}", text.text))
    }
}

/// Which mention of its tables each leaf of each FROM clause is. The query inside an expression goes on
/// counting where the queries around it stopped, since it may mention their columns.
fn ordinals(bound: &Bound, sources: &Sources<'_>) -> Vec<u32> {
    let mut ordinals = vec![1_u32; bound.relations.len()];
    let mut around: HashMap<RelationId, Rc<HashMap<BaseId, u32>>> = HashMap::new();
    if let Some(write) = &bound.write {
        let sides = write.target.into_iter().chain(write.source);
        let mut counts = HashMap::new();
        sides.for_each(|side| count(sources, side, &mut counts, &mut ordinals));
        let counts = Rc::new(counts);
        let mut inner = Vec::new();
        walk::write_expressions(write, &mut |expr| queries_in(expr, &mut inner));
        around.extend(inner.into_iter().map(|query| (query, Rc::clone(&counts))));
    }
    // From the outside in: what a relation is made of stands before it.
    for position in (0..bound.relations.len()).rev() {
        let id = RelationId(position);
        let Some(relation) = bound.relations.get(position) else {
            continue;
        };
        let outer = around.remove(&id);
        match &relation.kind {
            RelationKind::Select(select) => {
                let mut counts = outer
                    .map(|outer| outer.as_ref().clone())
                    .unwrap_or_default();
                let mut joins = vec![select.from];
                for leaf in walk::leaves(bound, select.from) {
                    count(sources, leaf, &mut counts, &mut ordinals);
                }
                let counts = Rc::new(counts);
                let mut inner = Vec::new();
                walk::relation_expressions(relation, &mut |expr| queries_in(expr, &mut inner));
                while let Some(join) = joins.pop() {
                    let Some(relation) = bound.relation(join) else {
                        continue;
                    };
                    if let RelationKind::Join(sides) = &relation.kind {
                        joins.extend([sides.left, sides.right]);
                        for expr in relation.kind.expressions() {
                            queries_in(expr, &mut inner);
                        }
                    }
                }
                for query in inner {
                    around.insert(query, Rc::clone(&counts));
                }
            }
            RelationKind::Sorted { .. } | RelationKind::Set { .. } => {
                if let Some(outer) = outer {
                    for input in relation.kind.inputs() {
                        around.insert(input, Rc::clone(&outer));
                    }
                }
            }
            _ => {}
        }
    }
    ordinals
}

/// Notes one more mention of a leaf's tables, and which one it is.
fn count(
    sources: &Sources<'_>,
    leaf: RelationId,
    counts: &mut HashMap<BaseId, u32>,
    ordinals: &mut [u32],
) {
    let tables = sources.rows(leaf).map(|rows| rows.tables.as_slice());
    let tables = tables.unwrap_or_default();
    let before = tables.iter().filter_map(|table| counts.get(table)).max();
    let ordinal = before.copied().unwrap_or(0) + 1;
    counts.extend(tables.iter().map(|table| (*table, ordinal)));
    if let Some(place) = ordinals.get_mut(leaf.0) {
        *place = ordinal;
    }
}

fn queries_in(expr: &Expr, found: &mut Vec<RelationId>) {
    walk::each_inside(expr, &mut |expr| {
        if let ExprKind::Subquery { query, .. } = &expr.kind {
            found.push(*query);
        }
    });
}
