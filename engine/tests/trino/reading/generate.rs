//! Statements over the spied tables, the same for the same seed.

use super::spy::TABLES;

/// How deep queries are inside each other.
const DEPTH: usize = 3;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
}

/// A column in reach: what it is called, and by whom.
#[derive(Debug, Clone)]
struct Column {
    qualifier: String,
    name: String,
    kind: Kind,
}

/// A query's text and what it gives.
struct Query {
    text: String,
    columns: Vec<(String, Kind)>,
}

/// Makes statements.
pub struct Generator {
    state: u64,
    names: usize,
    ctes: Vec<(String, Vec<(String, Kind)>)>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d,
            names: 0,
            ctes: Vec::new(),
        }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// One whole statement.
    pub fn statement(&mut self) -> String {
        let mut with = Vec::new();
        for _ in 0..self.below(3) {
            // Now and then a CTE hides a table.
            let name = if self.chance(20) {
                "v".to_owned()
            } else {
                self.name("q")
            };
            if self.ctes.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let query = self.query(DEPTH - 1, &[]);
            if self.chance(30) {
                let columns: Vec<(String, Kind)> = query
                    .columns
                    .iter()
                    .map(|(_, kind)| (self.name("r"), *kind))
                    .collect();
                let list: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
                with.push(format!("{name}({}) AS ({})", list.join(", "), query.text));
                self.ctes.push((name, columns));
            } else {
                with.push(format!("{name} AS ({})", query.text));
                self.ctes.push((name, query.columns));
            }
        }
        let query = if self.chance(20) {
            self.set(DEPTH - 1)
        } else {
            self.query(DEPTH, &[])
        };
        let mut text = query.text;
        if self.chance(30) {
            text.push_str(&format!(
                " ORDER BY {}",
                1 + self.below(query.columns.len())
            ));
            text.push_str(" LIMIT 10");
        }
        match with.is_empty() {
            true => text,
            false => format!("WITH {} {text}", with.join(", ")),
        }
    }

    /// Two queries of one number and one text.
    fn set(&mut self, depth: usize) -> Query {
        let operation = ["UNION ALL", "UNION", "INTERSECT", "EXCEPT"][self.below(4)];
        let sides: Vec<String> = (0..2)
            .map(|_| {
                let (from, scope) = self.from(depth);
                let number = self.value(&scope, Kind::Number, 1, depth);
                let text = self.value(&scope, Kind::Text, 1, depth);
                let filter = self.filter(&scope, depth);
                format!("SELECT {number} AS n, {text} AS x FROM {from}{filter}")
            })
            .collect();
        Query {
            text: format!("{} {operation} {}", sides[0], sides[1]),
            columns: vec![("n".to_owned(), Kind::Number), ("x".to_owned(), Kind::Text)],
        }
    }

    fn query(&mut self, depth: usize, outer: &[Column]) -> Query {
        let (from, scope) = self.from(depth);
        let mut reach = scope.clone();
        if self.chance(30) {
            reach.extend(outer.iter().cloned());
        }
        let filter = self.filter(&reach, depth);
        if self.chance(30) {
            return self.grouped(&from, &filter, &scope, depth);
        }
        let mut items = Vec::new();
        let mut columns: Vec<(String, Kind)> = Vec::new();
        let names: Vec<&str> = scope.iter().map(|column| column.name.as_str()).collect();
        let distinct_names = names
            .iter()
            .all(|name| names.iter().filter(|other| other == &name).count() == 1);
        if self.chance(25) && distinct_names {
            items.push("*".to_owned());
            columns.extend(
                scope
                    .iter()
                    .map(|column| (column.name.clone(), column.kind)),
            );
        } else {
            for _ in 0..=self.below(3) {
                let kind = if self.chance(50) {
                    Kind::Number
                } else {
                    Kind::Text
                };
                let value = if kind == Kind::Number && self.chance(15) {
                    self.window(&scope)
                } else {
                    self.value(&reach, kind, 2, depth)
                };
                let name = self.name("k");
                items.push(format!("{value} AS {name}"));
                columns.push((name, kind));
            }
        }
        let distinct = if self.chance(15) { "DISTINCT " } else { "" };
        Query {
            text: format!("SELECT {distinct}{} FROM {from}{filter}", items.join(", ")),
            columns,
        }
    }

    fn grouped(&mut self, from: &str, filter: &str, scope: &[Column], depth: usize) -> Query {
        let key = scope[self.below(scope.len())].clone();
        let written = self.written(scope, &key);
        let key_name = self.name("k");
        let mut items = vec![format!("{written} AS {key_name}")];
        let mut columns = vec![(key_name, key.kind)];
        for _ in 0..=self.below(2) {
            let name = self.name("k");
            let inner = self.value(scope, Kind::Number, 1, 0);
            let text = self.value(scope, Kind::Text, 1, 0);
            let (aggregate, kind) = match self.below(5) {
                0 => ("count(*)".to_owned(), Kind::Number),
                1 => (format!("count(DISTINCT {text})"), Kind::Number),
                2 => (format!("max({text})"), Kind::Text),
                3 => (
                    format!("sum({inner}) FILTER (WHERE {text} <> 'x')"),
                    Kind::Number,
                ),
                _ => (format!("sum({inner})"), Kind::Number),
            };
            items.push(format!("{aggregate} AS {name}"));
            columns.push((name, kind));
        }
        let having = if self.chance(30) {
            let value = self.value(scope, Kind::Number, 1, 0);
            format!(" HAVING max({value}) > 1")
        } else {
            String::new()
        };
        let group = match self.below(3) {
            0 => "1".to_owned(),
            1 => format!("GROUPING SETS (({written}), ())"),
            _ => written,
        };
        let _ = depth;
        Query {
            text: format!(
                "SELECT {} FROM {from}{filter} GROUP BY {group}{having}",
                items.join(", ")
            ),
            columns,
        }
    }

    fn window(&mut self, scope: &[Column]) -> String {
        let (by, order) = (
            &scope[self.below(scope.len())].clone(),
            &scope[self.below(scope.len())].clone(),
        );
        let (by, order) = (self.written(scope, by), self.written(scope, order));
        let value = self.value(scope, Kind::Number, 1, 0);
        match self.below(3) {
            0 => format!("row_number() OVER (PARTITION BY {by} ORDER BY {order})"),
            1 => format!("sum({value}) OVER (PARTITION BY {by})"),
            _ => format!("rank() OVER (ORDER BY {order} DESC)"),
        }
    }

    /// A FROM clause and the columns in reach behind it.
    fn from(&mut self, depth: usize) -> (String, Vec<Column>) {
        let (mut text, mut scope) = self.relation(depth);
        for _ in 0..self.below(3) {
            let (right, columns) = self.relation(depth.saturating_sub(1));
            let kind = ["JOIN", "LEFT JOIN", "CROSS JOIN", "FULL JOIN"][self.below(4)];
            let count = |scope: &[Column], name: &str| {
                scope.iter().filter(|column| column.name == name).count()
            };
            let shared = columns
                .iter()
                .find(|column| {
                    count(&scope, &column.name) == 1 && count(&columns, &column.name) == 1
                })
                .cloned();
            match (kind, shared) {
                ("CROSS JOIN", _) => {
                    text.push_str(&format!(" CROSS JOIN {right}"));
                    scope.extend(columns);
                }
                ("JOIN" | "LEFT JOIN", Some(shared))
                    if self.chance(30)
                        && scope.iter().any(|column| {
                            column.name == shared.name && column.kind == shared.kind
                        }) =>
                {
                    text.push_str(&format!(" {kind} {right} USING ({})", shared.name));
                    scope.extend(columns);
                    // The column of USING belongs to neither side, and stands before the others.
                    scope.retain(|column| column.name != shared.name);
                    scope.insert(
                        0,
                        Column {
                            qualifier: String::new(),
                            ..shared
                        },
                    );
                }
                _ => {
                    scope.extend(columns);
                    let left_value = self.value(&scope, Kind::Number, 1, 0);
                    let right_value = self.value(&scope, Kind::Number, 1, 0);
                    text.push_str(&format!(" {kind} {right} ON {left_value} = {right_value}"));
                }
            }
        }
        (text, scope)
    }

    fn relation(&mut self, depth: usize) -> (String, Vec<Column>) {
        let alias = self.name("z");
        let columns = |columns: &[(String, Kind)], qualifier: &str| -> Vec<Column> {
            columns
                .iter()
                .map(|(name, kind)| Column {
                    qualifier: qualifier.to_owned(),
                    name: name.clone(),
                    kind: *kind,
                })
                .collect()
        };
        if depth > 0 && self.chance(25) {
            let query = self.query(depth - 1, &[]);
            return (
                format!("({}) {alias}", query.text),
                columns(&query.columns, &alias),
            );
        }
        if !self.ctes.is_empty() && self.chance(40) {
            let at = self.below(self.ctes.len());
            let (name, list) = self.ctes[at].clone();
            return (format!("{name} AS {alias}"), columns(&list, &alias));
        }
        let (table, list) = TABLES[self.below(TABLES.len())];
        if self.ctes.iter().any(|(name, _)| name == table) {
            let full: Vec<(String, Kind)> = list
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), kind(ty)))
                .collect();
            return (format!("m.s.{table} {alias}"), columns(&full, &alias));
        }
        if self.chance(15) {
            let renamed: Vec<(String, Kind)> = list
                .iter()
                .map(|(_, ty)| (self.name("c"), kind(ty)))
                .collect();
            let names: Vec<&str> = renamed.iter().map(|(name, _)| name.as_str()).collect();
            return (
                format!("{table} {alias}({})", names.join(", ")),
                columns(&renamed, &alias),
            );
        }
        let full: Vec<(String, Kind)> = list
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), kind(ty)))
            .collect();
        (format!("{table} {alias}"), columns(&full, &alias))
    }

    fn filter(&mut self, scope: &[Column], depth: usize) -> String {
        if self.chance(40) {
            return String::new();
        }
        let mut parts = vec![self.condition(scope, depth)];
        if self.chance(30) {
            parts.push(self.condition(scope, depth));
        }
        let word = if self.chance(70) { " AND " } else { " OR " };
        format!(" WHERE {}", parts.join(word))
    }

    fn condition(&mut self, scope: &[Column], depth: usize) -> String {
        let number = self.value(scope, Kind::Number, 1, 0);
        let text = self.value(scope, Kind::Text, 1, 0);
        match self.below(if depth > 0 { 7 } else { 4 }) {
            0 => format!("{number} BETWEEN 1 AND 9"),
            1 => format!("{text} LIKE 'x%'"),
            2 => format!("{text} IN ('a', 'b')"),
            3 => format!("{number} IS NOT NULL"),
            4 => {
                let (from, inner) = self.from(depth - 1);
                let other = self.value(&inner, Kind::Number, 1, 0);
                format!("{number} IN (SELECT {other} FROM {from})")
            }
            5 => {
                let (table, list) = TABLES[self.below(TABLES.len())];
                let alias = self.name("z");
                let column = list
                    .iter()
                    .find(|(_, ty)| kind(ty) == Kind::Number)
                    .map_or("a", |(name, _)| name);
                format!(
                    "EXISTS (SELECT 1 FROM m.s.{table} {alias} WHERE {alias}.{column} = {number})"
                )
            }
            _ => {
                let (from, inner) = self.from(depth - 1);
                let other = self.value(&inner, Kind::Number, 1, 0);
                format!("{number} > (SELECT max({other}) FROM {from})")
            }
        }
    }

    /// An expression of a kind over columns in reach.
    fn value(&mut self, scope: &[Column], wanted: Kind, nested: usize, depth: usize) -> String {
        let fitting: Vec<&Column> = scope
            .iter()
            .filter(|column| column.kind == wanted)
            .collect();
        if fitting.is_empty() || self.chance(5) {
            return match wanted {
                Kind::Number => "7".to_owned(),
                Kind::Text => "'seven'".to_owned(),
            };
        }
        let column = fitting[self.below(fitting.len())].clone();
        let column = self.written(scope, &column);
        if nested == 0 || self.chance(50) {
            return column;
        }
        let other = self.value(scope, wanted, nested - 1, 0);
        let condition = self.condition(scope, 0);
        let _ = depth;
        match (wanted, self.below(4)) {
            (Kind::Number, 0) => format!("({column} + {other})"),
            (Kind::Number, 1) => format!("coalesce({column}, {other}, 0)"),
            (Kind::Number, 2) => format!("length(CAST({other} AS varchar))"),
            (Kind::Text, 0) => format!("({column} || {other})"),
            (Kind::Text, 1) => format!("upper({column})"),
            (Kind::Text, 2) => format!("coalesce({column}, {other})"),
            _ => format!("CASE WHEN {condition} THEN {column} ELSE {other} END"),
        }
    }

    /// A column as it may be written: bare where only one has the name.
    fn written(&mut self, scope: &[Column], column: &Column) -> String {
        let alone = scope
            .iter()
            .filter(|other| other.name == column.name)
            .count()
            == 1;
        let name = match self.below(3) {
            0 => column.name.to_uppercase(),
            1 => format!("\"{}\"", column.name),
            _ => column.name.clone(),
        };
        if column.qualifier.is_empty() || (alone && self.chance(50)) {
            name
        } else {
            format!("{}.{name}", column.qualifier)
        }
    }
}

fn kind(ty: &str) -> Kind {
    if ty == "bigint" {
        Kind::Number
    } else {
        Kind::Text
    }
}
