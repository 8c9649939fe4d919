//! Functions over arrays and maps.

use datafusion::arrow::array::Array;
use townlake_sql::types::{Type, subscript};

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::convert;
use crate::error::{Failure, Result};
use crate::udf;
use crate::udf::cell::{Cell, Out, reader};
use crate::udf::elements::is_plain;

impl Binder<'_> {
    pub(super) fn collection_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        Ok(Some(match (call.name, call.args.as_slice(), &call.ty) {
            ("concat", args, Type::Array(item)) => return self.array_concat(args, item).map(Some),
            ("cardinality", [of], _) if matches!(of.ty, Type::Array(_) | Type::Map(..)) => {
                udf::array::cardinality(of.clone())
            }
            ("element_at", [of, index], _) => return Ok(element(of, index, &call.ty, true)),
            ("map", [], _) => {
                let none = udf::array::make(Vec::new(), Type::Unknown);
                udf::map::of_arrays(none.clone(), none, Type::Unknown, Type::Unknown)
            }
            ("map", [keys, values], Type::Map(key, value)) if is_plain(key) => {
                let (key, value) = ((**key).clone(), (**value).clone());
                udf::map::of_arrays(keys.clone(), values.clone(), key, value)
            }
            ("zip", args, Type::Array(row)) => match &**row {
                Type::Row(fields) => {
                    let items = fields.iter().map(|(_, ty)| ty.clone()).collect();
                    udf::map::zip(args.to_vec(), items)
                }
                _ => return Ok(None),
            },
            ("sequence", args, Type::Array(item))
                if matches!(**item, Type::BigInt | Type::Date) =>
            {
                udf::sequence::sequence(args.to_vec(), (**item).clone())
            }
            ("array_join", ..) => return Ok(self.array_join(call)),
            ("map_keys" | "map_values", [map], Type::Array(item)) => {
                udf::array::map_side(map.clone(), call.name == "map_keys", (**item).clone())
            }
            _ => return Ok(None),
        }))
    }

    /// `of[index]`
    pub(in crate::bind) fn subscript(&self, of: Typed, index: Typed) -> Result<Typed> {
        let literal = index.constant_integer();
        let ty = subscript(Some(&of.ty), Some(&index.ty), literal)?.unwrap_or(Type::Unknown);
        if let Type::Row(_) = of.ty {
            let field = literal.and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
            let field = field.ok_or_else(misuse)?;
            return Ok(udf::row::field(of, field, ty));
        }
        let shown = of.ty.clone();
        let ([of, index], ty) = self.operands("[]", of, index)?;
        element(&of, &index, &ty, false)
            .ok_or_else(|| Failure::unsupported(format!("A subscript into {shown}")))
    }

    fn array_join(&self, call: &Call<'_>) -> Option<Typed> {
        let Some(Type::Array(item)) = call.args.first().map(|list| &list.ty) else {
            return None;
        };
        let item = (**item).clone();
        if !matches!(item, Type::Varchar(_) | Type::Boolean) && !item.is_integer() {
            return None;
        }
        let zone = self.session.zone;
        Some(call.strict(move |row| {
            let (list, delimiter, instead) = match row {
                [Cell::List(list), Cell::Text(delimiter)] => (list, *delimiter, None),
                [Cell::List(list), Cell::Text(delimiter), Cell::Text(instead)] => {
                    (list, *delimiter, Some(*instead))
                }
                _ => return Err(misuse()),
            };
            let read = reader(list)?;
            let parts: Vec<String> = (0..list.len())
                .filter_map(|at| match read(at) {
                    Cell::Null => instead.map(str::to_owned),
                    cell => convert::text_of(&cell, &item, &zone),
                })
                .collect();
            Ok(Out::Text(parts.join(delimiter)))
        }))
    }

    /// Arrays, or an array and an element before or behind it.
    fn array_concat(&self, args: &[Typed], item: &Type) -> Result<Typed> {
        let is_element = |arg: &Typed| arg.ty == *item;
        let arrays = args.iter().cloned().map(|arg| {
            if is_element(&arg) {
                udf::array::make(vec![arg], item.clone())
            } else {
                arg
            }
        });
        let all = udf::array::concat(arrays.collect(), item.clone());
        // An element that is null makes all of it null.
        match args.iter().find(|arg| is_element(arg)) {
            None => Ok(all),
            Some(element) => {
                let known = element.expr.clone().is_not_null();
                let null = Typed::null(all.ty.clone());
                self.if_then(known, all, null)
            }
        }
    }
}

/// An array's element or a map's value; nothing where the engine does not compare such keys.
fn element(of: &Typed, index: &Typed, ty: &Type, lenient: bool) -> Option<Typed> {
    let (of, index, ty) = (of.clone(), index.clone(), ty.clone());
    match &of.ty {
        Type::Array(_) => Some(udf::array::element(of, index, ty, lenient)),
        Type::Map(key, _) if is_plain(key) => Some(udf::map::value_of(of, index, ty, !lenient)),
        _ => None,
    }
}
