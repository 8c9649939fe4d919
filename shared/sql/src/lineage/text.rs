//! Expressions in one canonical spelling over base columns: what an alias, a CTE, a line break or the case of a
//! word cannot change.
//!
//! A table that a FROM clause mentions twice is told apart by `#2` behind whatever comes from the second mention.

use std::rc::Rc;

use crate::bound::{Call, Expr, ExprKind, Known, SortKey, SubqueryKind};
use crate::lineage::canon::Canon;

/// How tightly the outermost operator of a text binds: what binds looser than its place is put in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    /// A name, a literal, a call.
    Atom,
    /// `-x`
    Sign,
    /// `*`, `/`, `%`
    Product,
    /// `+`, `-`, `||`
    Sum,
    /// Comparisons, `IN`, `LIKE`, `IS NULL`.
    Predicate,
    /// `NOT`
    Negation,
    /// `AND`
    Conjunction,
    /// `OR`, and everything else.
    Loose,
}

/// A canonical text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: Rc<str>,
    pub(crate) binding: Binding,
}

impl Text {
    pub(crate) fn new(text: impl Into<Rc<str>>, binding: Binding) -> Self {
        Self {
            text: text.into(),
            binding,
        }
    }

    pub(crate) fn atom(text: impl Into<Rc<str>>) -> Self {
        Self::new(text, Binding::Atom)
    }

    /// The text, in parentheses if it binds looser than its place allows.
    pub(crate) fn within(&self, loosest: Binding) -> String {
        if self.binding > loosest {
            format!("({})", self.text)
        } else {
            self.text.to_string()
        }
    }
}

/// Which parts of an expression are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// What values are made of; a `?` stands for each condition that chooses among them.
    Values,
}

/// Writes one expression. `arguments` are the lambda arguments around it, the innermost last.
pub(crate) fn write(canon: &Canon<'_>, expr: &Expr, arguments: &mut Vec<String>) -> Text {
    match &expr.kind {
        ExprKind::Literal(literal) => Text::atom(outside_quotes_lowered(literal)),
        ExprKind::Column(id) => canon.column(*id),
        ExprKind::Parameter => Text::atom("?"),
        ExprKind::Argument(name) => Text::atom(argument(name, arguments)),
        ExprKind::Call(call) => Text::atom(write_call(canon, call, arguments)),
        ExprKind::Operator { sign, operands } => operator(canon, sign, operands, arguments),
        ExprKind::Cast { operand, safe } => {
            let name = if *safe { "try_cast" } else { "cast" };
            let ty = match &expr.ty {
                Known::Known(ty) => ty.to_string(),
                Known::Unknown => "?".to_owned(),
            };
            let operand = write(canon, operand, arguments);
            Text::atom(format!("{name}({} as {ty})", operand.text))
        }
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let mut text = "case".to_owned();
            if let Some(operand) = operand {
                push(&mut text, &condition(canon, operand, arguments));
            }
            for (when, then) in branches {
                text.push_str(" when");
                push(&mut text, &condition(canon, when, arguments));
                text.push_str(" then");
                push(&mut text, &write(canon, then, arguments).text);
            }
            if let Some(otherwise) = otherwise {
                text.push_str(" else");
                push(&mut text, &write(canon, otherwise, arguments).text);
            }
            text.push_str(" end");
            Text::atom(text)
        }
        ExprKind::Lambda {
            arguments: own,
            body,
        } => {
            let before = arguments.len();
            arguments.extend(own.iter().cloned());
            let names: Vec<_> = (before..arguments.len())
                .map(|at| format!("${}", at + 1))
                .collect();
            let body = write(canon, body, arguments);
            arguments.truncate(before);
            Text::new(
                format!("({}) -> {}", names.join(", "), body.text),
                Binding::Loose,
            )
        }
        ExprKind::Subquery {
            kind,
            operand,
            query,
        } => {
            let query = canon.query_text(*query);
            let operand = operand
                .as_ref()
                .map(|operand| write(canon, operand, arguments));
            subquery(*kind, operand, &query)
        }
        ExprKind::Array(items) => Text::atom(format!("array[{}]", list(canon, items, arguments))),
        ExprKind::Row(items) => Text::atom(format!("row({})", list(canon, items, arguments))),
        ExprKind::Field { of, name } => {
            let of = write(canon, of, arguments);
            Text::atom(format!("{}.{name}", of.within(Binding::Atom)))
        }
        ExprKind::Subscript { of, index } => {
            let of = write(canon, of, arguments);
            let index = write(canon, index, arguments);
            Text::atom(format!("{}[{}]", of.within(Binding::Atom), index.text))
        }
        ExprKind::Opaque { what, operands } => Text::atom(format!(
            "{}({})",
            outside_quotes_lowered(what),
            list(canon, operands, arguments)
        )),
        ExprKind::Unresolved(name) | ExprKind::OneOf { name, .. } => Text::atom(name.as_str()),
    }
}

fn push(text: &mut String, part: &str) {
    text.push(' ');
    text.push_str(part);
}

/// A condition that chooses among values, or a `?` for it.
fn condition(canon: &Canon<'_>, expr: &Expr, arguments: &mut Vec<String>) -> Rc<str> {
    match canon.part() {
        Part::Whole => write(canon, expr, arguments).text,
        Part::Values => "?".into(),
    }
}

fn list(canon: &Canon<'_>, items: &[Expr], arguments: &mut Vec<String>) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|item| write(canon, item, arguments).text)
        .collect();
    items.join(", ")
}

/// Lambda arguments are numbered from the outside, since their names mean nothing.
fn argument(name: &str, arguments: &[String]) -> String {
    match arguments.iter().rposition(|argument| argument == name) {
        Some(position) => format!("${}", position + 1),
        None => name.to_owned(),
    }
}

fn subquery(kind: SubqueryKind, operand: Option<Text>, query: &str) -> Text {
    let operand = operand
        .map(|operand| operand.within(Binding::Sum))
        .unwrap_or_default();
    match kind {
        SubqueryKind::Scalar => Text::atom(format!("({query})")),
        SubqueryKind::Exists => Text::atom(format!("exists ({query})")),
        SubqueryKind::In => Text::new(format!("{operand} in ({query})"), Binding::Predicate),
        SubqueryKind::All(sign) => Text::new(
            format!("{operand} {sign} all ({query})"),
            Binding::Predicate,
        ),
        SubqueryKind::Any(sign) => Text::new(
            format!("{operand} {sign} any ({query})"),
            Binding::Predicate,
        ),
    }
}

/// `a + b - c` is as deep as it has operators; the chain of left operands is followed in a loop.
fn operator(canon: &Canon<'_>, sign: &str, operands: &[Expr], arguments: &mut Vec<String>) -> Text {
    let mut chain: Vec<(&str, &Expr)> = Vec::new();
    let (mut sign, mut operands) = (sign, operands);
    let mut text = loop {
        let (Some(binding), [left, right]) = (infix(sign), operands) else {
            break prefix_or_special(canon, sign, operands, arguments);
        };
        chain.push((sign, right));
        match &left.kind {
            ExprKind::Operator {
                sign: inner,
                operands: more,
            } if infix(inner).is_some() && more.len() == 2 && binding != Binding::Atom => {
                (sign, operands) = (inner, more);
            }
            _ => break write(canon, left, arguments),
        }
    };
    while let Some((sign, right)) = chain.pop() {
        let binding = infix(sign).unwrap_or(Binding::Loose);
        let right_text = write(canon, right, arguments);
        text = binary(sign, binding, &text, &right_text);
    }
    text
}

fn binary(sign: &str, binding: Binding, left: &Text, right: &Text) -> Text {
    // The same operator on the right is another grouping, unless the grouping means nothing.
    let (left_place, right_place) = match binding {
        Binding::Conjunction | Binding::Loose => (binding, binding),
        Binding::Product => (binding, Binding::Sign),
        Binding::Sum => (binding, Binding::Product),
        _ => (Binding::Sum, Binding::Sum),
    };
    let (mut left, mut right) = (left.within(left_place), right.within(right_place));
    // Either side may stand first; a constant stays behind, where people write it.
    if matches!(sign, "=" | "<>" | "!=") && is_name(&left) && is_name(&right) && right < left {
        std::mem::swap(&mut left, &mut right);
    }
    let sign = if sign == "!=" { "<>" } else { sign };
    Text::new(format!("{left} {sign} {right}"), binding)
}

/// Whether a text starts as a column or a call does, not as a constant.
fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c == '\'' || c.is_ascii_digit() || c == '-' || c == '(')
        && !text.ends_with('\'')
        && !matches!(text, "null" | "true" | "false")
}

fn infix(sign: &str) -> Option<Binding> {
    Some(match sign {
        "*" | "/" | "%" => Binding::Product,
        "+" | "-" | "||" => Binding::Sum,
        "and" => Binding::Conjunction,
        "or" => Binding::Loose,
        "="
        | "<>"
        | "!="
        | "<"
        | "<="
        | ">"
        | ">="
        | "is distinct from"
        | "is not distinct from" => Binding::Predicate,
        _ => return None,
    })
}

fn prefix_or_special(
    canon: &Canon<'_>,
    sign: &str,
    operands: &[Expr],
    arguments: &mut Vec<String>,
) -> Text {
    let texts: Vec<Text> = operands
        .iter()
        .map(|operand| write(canon, operand, arguments))
        .collect();
    let within = |text: &Text| text.within(Binding::Sum);
    match texts.as_slice() {
        [only] if sign == "not" => Text::new(
            format!("not {}", only.within(Binding::Negation)),
            Binding::Negation,
        ),
        [only] if sign.starts_with("is ") => {
            Text::new(format!("{} {sign}", within(only)), Binding::Predicate)
        }
        [only] => Text::new(
            format!("{sign}{}", only.within(Binding::Atom)),
            Binding::Sign,
        ),
        [value, low, high] if sign.contains("between") => Text::new(
            format!(
                "{} {sign} {} and {}",
                within(value),
                within(low),
                within(high)
            ),
            Binding::Predicate,
        ),
        [value, pattern, escape] if sign.ends_with("like") => Text::new(
            format!(
                "{} {sign} {} escape {}",
                within(value),
                within(pattern),
                within(escape)
            ),
            Binding::Predicate,
        ),
        [value, rest @ ..] if sign == "in" || sign == "not in" => {
            let rest: Vec<&str> = rest.iter().map(|text| &*text.text).collect();
            Text::new(
                format!("{} {sign} ({})", within(value), rest.join(", ")),
                Binding::Predicate,
            )
        }
        [left, right] => Text::new(
            format!("{} {sign} {}", within(left), within(right)),
            Binding::Predicate,
        ),
        _ => {
            let texts: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
            Text::atom(format!("{sign}({})", texts.join(", ")))
        }
    }
}

fn write_call(canon: &Canon<'_>, call: &Call, arguments: &mut Vec<String>) -> String {
    let mut inside = if call.distinct { "distinct " } else { "" }.to_owned();
    let starred = call.arguments.is_empty() && call.name == "count";
    for (position, argument) in call.arguments.iter().enumerate() {
        if position > 0 {
            inside.push_str(", ");
        }
        let chooses = super::expressions::chooses(&call.name, position);
        let text = if chooses {
            condition(canon, argument, arguments)
        } else {
            write(canon, argument, arguments).text
        };
        inside.push_str(&text);
    }
    if starred {
        inside.push('*');
    }
    let whole = canon.part() == Part::Whole;
    if !call.order.is_empty() && whole {
        inside.push_str(&format!(
            " order by {}",
            order(canon, &call.order, arguments)
        ));
    }
    let mut text = format!("{}({})", call.name, inside);
    if !call.says.is_empty() {
        push(&mut text, &call.says);
    }
    if let (Some(filter), true) = (&call.filter, whole) {
        text.push_str(&format!(
            " filter (where {})",
            write(canon, filter, arguments).text
        ));
    }
    let Some(window) = &call.window else {
        return text;
    };
    let mut parts = Vec::new();
    if !window.partition.is_empty() && whole {
        parts.push(format!(
            "partition by {}",
            list(canon, &window.partition, arguments)
        ));
    }
    if !window.order.is_empty() && whole {
        parts.push(format!(
            "order by {}",
            order(canon, &window.order, arguments)
        ));
    }
    if let (Some((frame, _)), true) = (&window.frame, whole) {
        parts.push(outside_quotes_lowered(frame));
    }
    if let (Some((pattern, _)), true) = (&window.pattern, whole) {
        parts.push(format!("pattern {pattern}"));
    }
    text.push_str(&format!(" over ({})", parts.join(" ")));
    text
}

/// The keys of an ORDER BY.
pub(crate) fn order(canon: &Canon<'_>, keys: &[SortKey], arguments: &mut Vec<String>) -> String {
    let keys: Vec<String> = keys
        .iter()
        .map(|key| {
            let direction = if key.descending { " desc" } else { "" };
            let nulls = if key.nulls_first { " nulls first" } else { "" };
            format!(
                "{}{direction}{nulls}",
                write(canon, &key.expr, arguments).text
            )
        })
        .collect();
    keys.join(", ")
}

/// A text in lower case with single spaces, except for what is in quotes.
pub(crate) fn outside_quotes_lowered(text: &str) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut quote = None;
    for character in text.chars() {
        match quote {
            Some(open) => {
                lowered.push(character);
                if character == open {
                    quote = None;
                }
            }
            None if character == '\'' || character == '"' => {
                lowered.push(character);
                quote = Some(character);
            }
            None if character.is_whitespace() => {
                if !lowered.ends_with(' ') {
                    lowered.push(' ');
                }
            }
            None => lowered.extend(character.to_lowercase()),
        }
    }
    lowered
}
