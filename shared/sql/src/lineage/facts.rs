//! What a relation's rows are, in a form that two queries share if they differ in aliases, in CTEs, or in
//! where the condition of an inner join is written.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::bound::{
    Expr, Group, Join, JoinKind, Limit, Relation, RelationId, RelationKind, Select, SetOperation,
    SortKey,
};
use crate::lineage::canon::{Canon, digest};
use crate::lineage::{GrainPart, text};
use crate::walk;

/// Facts that are longer than this become a digest when more is put around them.
const LONGEST_INSIDE: usize = 4_096;

/// And so do facts of more parts than this: a chain of queries may add one to all before it each time.
const MOST_PARTS: usize = 100;

/// A row of more parts than this is not described: each query may join the one before with itself.
const MOST_GRAIN: usize = 50;

/// What rows there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Tables, and sealed queries, in the order of the text.
    pub(crate) sources: Vec<Rc<str>>,
    /// What all must hold.
    pub(crate) filters: BTreeSet<Rc<str>>,
    /// Grouping, DISTINCT, LIMIT: what comes behind can no longer be mixed with what came before.
    closing: Vec<Rc<str>>,
    /// Whether a column is computed by a window over these rows: a filter around it is not one inside it.
    windowed: bool,
    /// What one row is: a combination of these.
    pub(crate) grain: Vec<GrainPart>,
}

impl Facts {
    /// All of it in one line.
    pub(crate) fn text(&self) -> String {
        let mut text = self.sources.join(", ");
        if !self.filters.is_empty() {
            let filters: Vec<&str> = self.filters.iter().map(|filter| &**filter).collect();
            text.push_str(" where ");
            text.push_str(&filters.join(" and "));
        }
        for part in &self.closing {
            text.push(' ');
            text.push_str(part);
        }
        text
    }

    /// The same from a table's later mention.
    pub(crate) fn tagged(self, ordinal: u32) -> Rc<Self> {
        if ordinal <= 1 {
            return Rc::new(self);
        }
        let tag = |text: &Rc<str>| -> Rc<str> { format!("({text})#{ordinal}").into() };
        Rc::new(Self {
            sources: self
                .sources
                .iter()
                .map(|text| format!("{text}#{ordinal}").into())
                .collect(),
            filters: self.filters.iter().map(tag).collect(),
            closing: self.closing.iter().map(tag).collect(),
            windowed: self.windowed,
            grain: self.grain,
        })
    }

    /// The same as one thing that more can be put around.
    fn sealed(&self) -> Self {
        if self.closing.is_empty() && !self.windowed && !self.is_long() {
            return self.clone();
        }
        Self {
            sources: vec![self.sealed_text()],
            grain: self.grain.clone(),
            ..Self::default()
        }
    }

    fn sealed_text(&self) -> Rc<str> {
        if self.is_long() {
            return format!("(query {:016x})", digest(&self.text())).into();
        }
        match self.sources.as_slice() {
            [only] if self.is_plain() => Rc::clone(only),
            _ => format!("({})", self.text()).into(),
        }
    }

    /// Whether a single source is all that there is to it.
    fn is_plain(&self) -> bool {
        self.filters.is_empty() && self.closing.is_empty() && !self.windowed
    }

    fn is_long(&self) -> bool {
        let parts = self
            .sources
            .iter()
            .chain(&self.filters)
            .chain(&self.closing);
        let (count, length) = parts.fold((0, 0), |(count, length), part| {
            (count + 1, length + part.len())
        });
        count > MOST_PARTS || length > LONGEST_INSIDE
    }

    fn add_grain(&mut self, other: &[GrainPart]) {
        if self.grain.len() + other.len() > MOST_GRAIN {
            self.grain = vec![GrainPart::Unknown];
        } else {
            self.grain.extend(other.iter().cloned());
        }
    }

    fn join(&mut self, other: &Self) {
        self.sources.extend(other.sources.iter().cloned());
        self.filters.extend(other.filters.iter().cloned());
        self.add_grain(&other.grain);
        self.windowed |= other.windowed;
    }
}

/// What a relation's rows are; those of its inputs are known.
pub(crate) fn of(canon: &Canon<'_>, id: RelationId, relation: &Relation) -> Facts {
    match &relation.kind {
        RelationKind::Table(table) => {
            let mut name = super::table_name(table);
            if let Some(version) = &table.version {
                name.push_str(&format!(" for version {}", canon.expression(version)));
            }
            if let Some(branch) = &table.branch {
                name.push_str(&format!(" @ {branch}"));
            }
            source(name.clone(), vec![GrainPart::Row(name)])
        }
        RelationKind::Alias { of, .. } => canon.facts(*of).as_ref().clone(),
        RelationKind::Itself { .. } => source("itself", vec![GrainPart::Unknown]),
        RelationKind::Select(select) => of_select(canon, id, select),
        RelationKind::Set {
            operation,
            all,
            left,
            right,
        } => of_set(canon, id, *operation, *all, [*left, *right]),
        RelationKind::Recursive { base, step } => {
            let (base, step) = (canon.facts(*base).text(), canon.facts(*step).text());
            source(
                format!("recursive({base}; {step})"),
                vec![GrainPart::Unknown],
            )
        }
        RelationKind::Values(rows) => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| {
                    let items: Vec<_> = row.iter().map(|item| canon.expression(item)).collect();
                    format!("({})", items.join(", "))
                })
                .collect();
            let text = format!("values {}", rows.join(", "));
            source(text, vec![GrainPart::Row("values".to_owned())])
        }
        RelationKind::Join(join) => of_join(canon, join),
        RelationKind::Unnest { arguments } => {
            let text = format!("unnest({})", list(canon, arguments));
            source(text.clone(), vec![GrainPart::Row(text)])
        }
        RelationKind::Sorted { of, order, limit } => close(
            canon,
            canon.facts(*of).as_ref().clone(),
            order,
            limit.as_ref(),
        ),
        RelationKind::Opaque {
            what,
            inputs,
            arguments,
            detail,
        } => {
            let inputs: Vec<_> = inputs
                .iter()
                .map(|input| canon.facts(*input).text())
                .collect();
            let (what, arguments) = (text::outside_quotes_lowered(what), list(canon, arguments));
            let text = format!("{what}({}; {arguments}; {detail})", inputs.join(", "));
            source(text, vec![GrainPart::Unknown])
        }
        RelationKind::OneRow => Facts::default(),
    }
}

fn source(text: impl Into<Rc<str>>, grain: Vec<GrainPart>) -> Facts {
    Facts {
        sources: vec![text.into()],
        grain,
        ..Facts::default()
    }
}

fn list(canon: &Canon<'_>, items: &[Expr]) -> String {
    let items: Vec<_> = items.iter().map(|item| canon.expression(item)).collect();
    items.join(", ")
}

fn of_select(canon: &Canon<'_>, id: RelationId, select: &Select) -> Facts {
    let mut facts = canon.facts(select.from).as_ref().clone();
    if !select.samples.is_empty() {
        let text = format!(
            "{} sampled {}",
            facts.sealed_text(),
            select.samples.join(", ")
        );
        facts = source(text, facts.grain);
    }
    if select.filter.is_some() || select.group.is_some() {
        facts = facts.sealed();
    }
    for condition in select.filter.iter().flat_map(walk::conjuncts) {
        facts.filters.insert(canon.condition(condition));
    }
    if let Some(group) = &select.group {
        close_group(canon, &mut facts, group, select.having.as_ref());
    }
    if select.distinct {
        let columns = canon.columns(id);
        facts
            .closing
            .push(format!("distinct {}", columns.join(", ")).into());
        facts.grain = vec![GrainPart::Distinct(
            columns.iter().map(|column| column.to_string()).collect(),
        )];
    }
    facts.windowed |= canon.is_windowed(id);
    close(canon, facts, &select.order, select.limit.as_ref())
}

fn close_group(canon: &Canon<'_>, facts: &mut Facts, group: &Group, having: Option<&Expr>) {
    let keys: Vec<Rc<str>> = group.keys.iter().map(|key| canon.expression(key)).collect();
    let sets: Vec<Vec<String>> = group
        .sets
        .iter()
        .map(|set| {
            let mut set: Vec<String> = set
                .iter()
                .filter_map(|position| keys.get(*position))
                .map(|key| key.to_string())
                .collect();
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect();
    let texts: Vec<String> = sets
        .iter()
        .map(|set| format!("({})", set.join(", ")))
        .collect();
    facts
        .closing
        .push(format!("group by {}", texts.join(", ")).into());
    if let Some(having) = having {
        let mut conditions: Vec<_> = walk::conjuncts(having)
            .into_iter()
            .map(|part| canon.condition(part))
            .collect();
        conditions.sort_unstable();
        facts
            .closing
            .push(format!("having {}", conditions.join(" and ")).into());
    }
    facts.grain = match <[Vec<String>; 1]>::try_from(sets) {
        Ok([set]) if set.is_empty() => Vec::new(),
        Ok([set]) => vec![GrainPart::Keys(set)],
        Err(sets) => vec![GrainPart::Sets(sets)],
    };
}

fn close(canon: &Canon<'_>, mut facts: Facts, order: &[SortKey], limit: Option<&Limit>) -> Facts {
    let Some(limit) = limit else {
        // The order alone leaves the rows what they are.
        return facts;
    };
    if !order.is_empty() {
        let keys = text::order(canon, order, &mut Vec::new());
        facts.closing.push(format!("order by {keys}").into());
    }
    if let Some(offset) = &limit.offset {
        facts
            .closing
            .push(format!("offset {}", canon.expression(offset)).into());
    }
    let count = limit.count.as_ref().map(|count| canon.expression(count));
    if let Some(count) = count.or(limit.one.then(|| "1".into())) {
        let ties = if limit.with_ties { " with ties" } else { "" };
        facts.closing.push(format!("limit {count}{ties}").into());
        if &*count == "1" && !limit.with_ties {
            facts.grain = Vec::new();
        }
    }
    facts
}

fn of_join(canon: &Canon<'_>, join: &Join) -> Facts {
    let (left, right) = (canon.facts(join.left), canon.facts(join.right));
    let mut conditions: BTreeSet<Rc<str>> = canon.using_text(join).into_iter().collect();
    for condition in join.condition.iter().flat_map(walk::conjuncts) {
        conditions.insert(canon.condition(condition));
    }
    let (kept, other, word) = match join.kind {
        JoinKind::Cross | JoinKind::Inner => {
            let mut facts = left.sealed();
            facts.join(&right.sealed());
            facts.filters.extend(conditions);
            return facts;
        }
        JoinKind::Left => (left, right, "left join"),
        JoinKind::Right => (right, left, "left join"),
        JoinKind::Full => (left, right, "full join"),
    };
    let mut facts = kept.sealed();
    if join.kind == JoinKind::Full {
        // Neither side's filters hold for the rows that the other adds.
        facts = source(facts.sealed_text(), facts.grain);
    }
    let conditions: Vec<Rc<str>> = conditions.into_iter().collect();
    let text = format!(
        "{word} {} on {}",
        other.sealed_text(),
        conditions.join(" and ")
    );
    facts.sources.push(text.into());
    facts.add_grain(&other.grain);
    facts
}

fn of_set(
    canon: &Canon<'_>,
    id: RelationId,
    operation: SetOperation,
    all: bool,
    sides: [RelationId; 2],
) -> Facts {
    let word = match operation {
        SetOperation::Union => "union",
        SetOperation::Intersect => "intersect",
        SetOperation::Except => "except",
    };
    let by_value = !all || operation != SetOperation::Union;
    let [left, right] = sides.map(|side| {
        let rows = canon.facts(side).sealed_text();
        if by_value {
            format!("{} from {rows}", canon.columns(side).join(", "))
        } else {
            rows.to_string()
        }
    });
    let grain = match (operation, all) {
        (_, false) => {
            let columns = canon
                .columns(id)
                .iter()
                .map(|column| column.to_string())
                .collect();
            vec![GrainPart::Distinct(columns)]
        }
        (SetOperation::Union, true) => vec![GrainPart::Unknown],
        (_, true) => canon.facts(sides[0]).grain.clone(),
    };
    let all = if all { " all" } else { "" };
    source(format!("{word}{all}({left}; {right})"), grain)
}
