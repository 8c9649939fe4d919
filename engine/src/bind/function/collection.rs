//! Functions over arrays and maps.

use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::Type;
use crate::udf;

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
                _ => None,
            },
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
            other => Err(Failure::unsupported(format!("A subscript into {other}"))),
        }
    }

    fn array_concat(&self, args: &[Typed]) -> Result<Option<Typed>> {
        let refs: Vec<&Typed> = args.iter().collect();
        let Some(common @ Type::Array(_)) = self.common(&refs) else {
            return Ok(None);
        };
        let Type::Array(item) = &common else {
            return Ok(None);
        };
        let item = (**item).clone();
        let args = args
            .iter()
            .map(|arg| self.coerce(arg.clone(), &common))
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(udf::array::concat(args, item)))
    }
}
