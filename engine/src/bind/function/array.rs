//! Functions whose result is made of, or asks about, an array's elements.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf;
use crate::udf::cell::Cell;
use crate::udf::elements::{Element, Lists, Pick, asked, counted, is_plain, one, picked};

/// Picks of whole elements.
type Picked = Result<Option<Vec<Option<Element>>>>;

impl Binder<'_> {
    pub(super) fn array_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let Some(Type::Array(item)) = call.args.first().map(|arg| &arg.ty) else {
            return Ok(None);
        };
        let item = (**item).clone();
        let (name, args) = (call.name, call.args.clone());
        let pick: Pick = match (name, args.len()) {
            ("reverse", 1) => |lists| Ok(Some(lists.elements(0).rev().map(Some).collect())),
            ("slice", 3) => slice,
            ("trim_array", 2) => trim,
            // The others compare elements.
            _ if !is_plain(&item) => return Ok(None),
            ("array_distinct", 1) | ("array_union", 2) => distinct,
            ("array_sort", 1) => |lists| Ok(Some(sorted(lists).into_iter().map(Some).collect())),
            ("array_except", 2) => except,
            ("array_intersect", 2) => intersect,
            _ => return self.array_question(call, item),
        };
        let lists = match name {
            "array_union" | "array_except" | "array_intersect" => 2,
            _ => 1,
        };
        let mut lists_and_others = args;
        let others = lists_and_others.split_off(lists);
        Ok(Some(picked(name, lists_and_others, others, item, pick)))
    }

    /// Functions that give no array.
    fn array_question(&self, call: &Call<'_>, item: Type) -> Result<Option<Typed>> {
        let (name, args) = (call.name, call.args.clone());
        Ok(Some(match (name, args.as_slice()) {
            ("array_min", [_]) => one(name, args, item, |lists| extreme(lists, false)),
            ("array_max", [_]) => one(name, args, item, |lists| extreme(lists, true)),
            ("arrays_overlap", [_, _]) => asked(name, args, overlap),
            ("contains" | "array_position", [list, value]) => {
                let wanted = udf::array::make(vec![value.clone()], value.ty.clone());
                let lists = vec![list.clone(), wanted];
                if name == "contains" {
                    return Ok(Some(asked(name, lists, contains)));
                }
                let position = counted(name, lists, position);
                // Looking for null gives null.
                let known = value.expr.clone().is_not_null();
                self.if_then(known, position, Typed::null(Type::BigInt))?
            }
            _ => return Ok(None),
        }))
    }
}

fn argument(message: String) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// The first of each, of all arrays together.
fn distinct(lists: &Lists<'_>) -> Picked {
    let mut seen = std::collections::HashSet::new();
    let all = lists.elements(0).chain(lists.elements(1));
    Ok(Some(
        all.filter(|element| seen.insert(lists.key(*element)))
            .map(Some)
            .collect(),
    ))
}

fn except(lists: &Lists<'_>) -> Picked {
    if lists.len(1) == 0 {
        // Trino hands the first array on, doubles and all.
        return Ok(Some(lists.elements(0).map(Some).collect()));
    }
    let mut seen: std::collections::HashSet<_> = lists
        .elements(1)
        .map(|element| lists.key(element))
        .collect();
    Ok(Some(
        lists
            .elements(0)
            .filter(|element| seen.insert(lists.key(*element)))
            .map(Some)
            .collect(),
    ))
}

fn intersect(lists: &Lists<'_>) -> Picked {
    let common = |from: usize, with: usize| -> Vec<Element> {
        let others: std::collections::HashSet<_> = lists
            .elements(with)
            .map(|element| lists.key(element))
            .collect();
        let mut seen = std::collections::HashSet::new();
        lists
            .elements(from)
            .filter(|element| {
                others.contains(&lists.key(*element)) && seen.insert(lists.key(*element))
            })
            .collect()
    };
    let (left, right) = (common(0, 1), common(1, 0));
    let same = left
        .iter()
        .zip(&right)
        .all(|(a, b)| lists.key(*a) == lists.key(*b));
    if !same {
        return Err(Failure::unsupported(
            "array_intersect of arrays in which the common elements stand in another order",
        ));
    }
    Ok(Some(left.into_iter().map(Some).collect()))
}

fn overlap(lists: &Lists<'_>) -> Option<bool> {
    if lists.len(0) == 0 || lists.len(1) == 0 {
        return Some(false);
    }
    let known: std::collections::HashSet<_> = lists
        .elements(1)
        .filter(|element| !lists.is_null(*element))
        .map(|element| lists.key(element))
        .collect();
    if lists
        .elements(0)
        .any(|element| !lists.is_null(element) && known.contains(&lists.key(element)))
    {
        return Some(true);
    }
    let mut all = lists.elements(0).chain(lists.elements(1));
    (!all.any(|element| lists.is_null(element))).then_some(false)
}

/// Whether the only element of the second array is in the first.
fn contains(lists: &Lists<'_>) -> Option<bool> {
    let wanted = lists
        .elements(1)
        .next()
        .filter(|element| !lists.is_null(*element))?;
    let wanted = lists.key(wanted);
    if lists
        .elements(0)
        .any(|element| lists.key(element) == wanted)
    {
        return Some(true);
    }
    (!lists.elements(0).any(|element| lists.is_null(element))).then_some(false)
}

/// From 1; 0 if it is not there.
fn position(lists: &Lists<'_>) -> i64 {
    let wanted = lists
        .elements(1)
        .next()
        .and_then(|element| lists.key(element));
    lists
        .elements(0)
        .position(|element| lists.key(element) == wanted)
        .and_then(|at| i64::try_from(at + 1).ok())
        .unwrap_or(0)
}

/// In order, nulls last.
fn sorted(lists: &Lists<'_>) -> Vec<Element> {
    let mut all: Vec<Element> = lists.elements(0).collect();
    all.sort_by_key(|element| (lists.is_null(*element), lists.key(*element)));
    all
}

/// Nothing if any is null.
fn extreme(lists: &Lists<'_>, greatest: bool) -> Option<Element> {
    let all = sorted(lists);
    let last = *all.last()?;
    if lists.is_null(last) {
        return None;
    }
    if greatest {
        Some(last)
    } else {
        all.first().copied()
    }
}

fn slice(lists: &Lists<'_>) -> Picked {
    let (Some(Cell::Int(start)), Some(Cell::Int(length))) = (lists.other(0), lists.other(1)) else {
        return Err(Failure::internal("two numbers"));
    };
    if *length < 0 {
        return Err(argument(
            "length must be greater than or equal to 0".to_owned(),
        ));
    }
    if *start == 0 {
        return Err(argument("SQL array indices start at 1".to_owned()));
    }
    let count = i64::try_from(lists.len(0)).unwrap_or(i64::MAX);
    let from = if *start > 0 { start - 1 } else { count + start };
    if from < 0 {
        return Ok(Some(Vec::new()));
    }
    Ok(Some(
        lists
            .elements(0)
            .skip(usize::try_from(from).unwrap_or(usize::MAX))
            .take(usize::try_from(*length).unwrap_or(usize::MAX))
            .map(Some)
            .collect(),
    ))
}

fn trim(lists: &Lists<'_>) -> Picked {
    let Some(Cell::Int(size)) = lists.other(0) else {
        return Err(Failure::internal("one number"));
    };
    let count = lists.len(0);
    match usize::try_from(*size)
        .ok()
        .map(|size| count.checked_sub(size))
    {
        None => Err(argument(format!("size must not be negative: {size}"))),
        Some(None) => Err(argument(format!(
            "size must not exceed array cardinality {count}: {size}"
        ))),
        Some(Some(left)) => Ok(Some(lists.elements(0).take(left).map(Some).collect())),
    }
}
