//! Functions over arrays and maps.

use std::sync::Arc;

use datafusion::arrow::array::Array;
use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::convert;
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce, common_super_type};
use crate::udf::cell::{Cell, Out, reader};
use crate::udf::elements::is_plain;
use crate::udf::{self, strict};

impl Binder<'_> {
    pub(super) fn collection_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        Ok(match (name, args) {
            ("concat", [_, _, ..]) if args.iter().any(|arg| matches!(arg.ty, Type::Array(_))) => {
                self.array_concat(args)?
            }
            ("cardinality", [arg]) if matches!(arg.ty, Type::Array(_) | Type::Map(..)) => {
                Some(udf::array::cardinality(arg.clone()))
            }
            ("element_at", [list, index]) => match &list.ty {
                Type::Array(item) if index.ty.is_integer() => {
                    let item = (**item).clone();
                    let index = self.coerce(index.clone(), &Type::BigInt)?;
                    Some(udf::array::element(list.clone(), index, item, true))
                }
                Type::Map(key, value) if is_plain(key) && can_coerce(&index.ty, key) => {
                    let value = (**value).clone();
                    let index = self.coerce(index.clone(), key)?;
                    Some(udf::map::value_of(list.clone(), index, value, false))
                }
                _ => None,
            },
            ("map", [keys, values]) => match (&keys.ty, &values.ty) {
                (Type::Array(key), Type::Array(value)) if is_plain(key) => {
                    let (key, value) = ((**key).clone(), (**value).clone());
                    Some(udf::map::of_arrays(
                        keys.clone(),
                        values.clone(),
                        key,
                        value,
                    ))
                }
                _ => None,
            },
            ("zip", [_, _, ..]) => {
                let items: Option<Vec<Type>> = args
                    .iter()
                    .map(|arg| match &arg.ty {
                        Type::Array(item) => Some((**item).clone()),
                        _ => None,
                    })
                    .collect();
                items.map(|items| udf::map::zip(args.to_vec(), items))
            }
            ("sequence", [start, stop, step @ ..]) if step.len() <= 1 => {
                self.sequence(start, stop, step.first())?
            }
            ("array_join", [list, delimiter, instead @ ..]) if instead.len() <= 1 => {
                self.array_join(list, delimiter, instead.first())?
            }
            ("map_keys" | "map_values", [map]) => match &map.ty {
                Type::Map(key, value) => {
                    let keys = name == "map_keys";
                    let item = if keys {
                        (**key).clone()
                    } else {
                        (**value).clone()
                    };
                    Some(udf::array::map_side(map.clone(), keys, item))
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// `array[index]`
    pub(in crate::bind) fn subscript(&self, list: Typed, index: Typed) -> Result<Typed> {
        match &list.ty {
            Type::Array(item) if index.ty.is_integer() => {
                let item = (**item).clone();
                let index = self.coerce(index, &Type::BigInt)?;
                Ok(udf::array::element(list, index, item, false))
            }
            Type::Map(key, value) if is_plain(key) && can_coerce(&index.ty, key) => {
                let value = (**value).clone();
                let index = self.coerce(index, key)?;
                Ok(udf::map::value_of(list, index, value, true))
            }
            other => Err(Failure::unsupported(format!("A subscript into {other}"))),
        }
    }

    fn sequence(&self, start: &Typed, stop: &Typed, step: Option<&Typed>) -> Result<Option<Typed>> {
        let whole = |value: &Typed| can_coerce(&value.ty, &Type::BigInt);
        let day = |value: &Typed| value.ty == Type::Date;
        let item = match step {
            None if whole(start) && whole(stop) => Type::BigInt,
            None if day(start) && day(stop) => Type::Date,
            Some(step) if whole(start) && whole(stop) && whole(step) => Type::BigInt,
            Some(step)
                if day(start)
                    && day(stop)
                    && matches!(step.ty, Type::IntervalDayTime | Type::IntervalYearMonth) =>
            {
                Type::Date
            }
            _ => return Ok(None),
        };
        let mut args = vec![
            self.coerce(start.clone(), &item)?,
            self.coerce(stop.clone(), &item)?,
        ];
        if let Some(step) = step {
            args.push(match item {
                Type::BigInt => self.coerce(step.clone(), &Type::BigInt)?,
                _ => step.clone(),
            });
        }
        Ok(Some(udf::sequence::sequence(args, item)))
    }

    fn array_join(
        &self,
        list: &Typed,
        delimiter: &Typed,
        instead: Option<&Typed>,
    ) -> Result<Option<Typed>> {
        let is_text = |value: &Typed| matches!(value.ty, Type::Varchar(_));
        let Type::Array(item) = &list.ty else {
            return Ok(None);
        };
        let item = (**item).clone();
        if !is_text(delimiter)
            || !instead.is_none_or(is_text)
            || !matches!(item, Type::Varchar(_) | Type::Boolean) && !item.is_integer()
        {
            return Ok(None);
        }
        let mut args = vec![list.clone(), delimiter.clone()];
        args.extend(instead.cloned());
        Ok(Some(strict(
            format!("array_join({item} {})", args.len()),
            args,
            Type::Varchar(None),
            move |row| {
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
                        cell => convert::text_of(&cell, &item),
                    })
                    .collect();
                Ok(Out::Text(parts.join(delimiter)))
            },
        )))
    }

    /// Two arrays, or an array and an element before or behind it.
    fn array_concat(&self, args: &[Typed]) -> Result<Option<Typed>> {
        if args.iter().any(|arg| arg.ty == Type::Unknown) {
            return Ok(None);
        }
        let refs: Vec<&Typed> = args.iter().collect();
        if let Some(Type::Array(item)) = self.common(&refs) {
            return self.joined(args.to_vec(), &item).map(Some);
        }
        if let [left, right] = args {
            let single = |value: &Typed| udf::array::make(vec![value.clone()], value.ty.clone());
            for (element, a, b) in [
                (right, left.clone(), single(right)),
                (left, single(left), right.clone()),
            ] {
                let (Type::Array(x), Type::Array(y)) = (&a.ty, &b.ty) else {
                    continue;
                };
                if let Some(item) = common_super_type(x, y) {
                    // An element that is null makes all of it null.
                    let known = element.expr.clone().is_not_null();
                    let all = self.joined(vec![a, b], &item)?;
                    let null = Typed::null(all.ty.clone());
                    return self.if_then(known, all, null).map(Some);
                }
            }
        }
        let given: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
        Err(Failure::new(
            ErrorCode::FunctionNotFound,
            format!(
                "Unexpected parameters ({}) for function concat",
                given.join(", ")
            ),
        ))
    }

    fn joined(&self, args: Vec<Typed>, item: &Type) -> Result<Typed> {
        let common = Type::Array(Arc::new(item.clone()));
        let args = args
            .into_iter()
            .map(|arg| self.coerce(arg, &common))
            .collect::<Result<Vec<_>>>()?;
        Ok(udf::array::concat(args, item.clone()))
    }
}
