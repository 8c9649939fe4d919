//! `system.jdbc`: what JDBC's `DatabaseMetaData` is made of, with the columns and numbers that a Trino 476 gives.
//! Drivers select each column by name, so a table that is always empty here has all of them too.

use townlake_sql::types::Type;

use super::Column;

/// Its tables.
pub const TABLES: &[&str] = &[
    "attributes",
    "catalogs",
    "columns",
    "procedure_columns",
    "procedures",
    "pseudo_columns",
    "schemas",
    "super_tables",
    "super_types",
    "table_types",
    "tables",
    "types",
    "udts",
];

/// `java.sql.DatabaseMetaData.columnNullable`.
const NULLABLE: &str = "1";
/// `java.sql.DatabaseMetaData.typeSearchable`.
const SEARCHABLE: &str = "3";
/// The length of text without a limit, as drivers take it.
const UNLIMITED: u32 = 2_147_483_647;

/// The columns of a table, if there is one of the name. A `#` marks a `bigint`, a `?` a `boolean`; others are text.
pub fn columns(table: &str) -> Option<Vec<(&'static str, Type)>> {
    let list = match table {
        "attributes" => {
            "type_cat type_schem type_name attr_name #data_type attr_type_name #attr_size #decimal_digits \
             #num_prec_radix #nullable remarks attr_def #sql_data_type #sql_datetime_sub #char_octet_length \
             #ordinal_position is_nullable scope_catalog scope_schema scope_table #source_data_type"
        }
        "catalogs" => "table_cat",
        "columns" => {
            "table_cat table_schem table_name column_name #data_type type_name #column_size #buffer_length \
             #decimal_digits #num_prec_radix #nullable remarks column_def #sql_data_type #sql_datetime_sub \
             #char_octet_length #ordinal_position is_nullable scope_catalog scope_schema scope_table \
             #source_data_type is_autoincrement is_generatedcolumn"
        }
        "procedure_columns" => {
            "procedure_cat procedure_schem procedure_name column_name #column_type #data_type type_name \
             #precision #length #scale #radix #nullable remarks column_def #sql_data_type #sql_datetime_sub \
             #char_octet_length #ordinal_position is_nullable specific_name"
        }
        "procedures" => {
            "procedure_cat procedure_schem procedure_name remarks #procedure_type specific_name"
        }
        "pseudo_columns" => {
            "table_cat table_schem table_name column_name #data_type #column_size #decimal_digits \
             #num_prec_radix column_usage remarks #char_octet_length #is_nullable"
        }
        "schemas" => "table_schem table_catalog",
        "super_tables" => "table_cat table_schem table_name supertable_name",
        "super_types" => {
            "type_cat type_schem type_name supertype_cat supertype_schem supertype_name"
        }
        "table_types" => "table_type",
        "tables" => {
            "table_cat table_schem table_name table_type remarks type_cat type_schem type_name \
             self_referencing_col_name ref_generation"
        }
        "types" => {
            "type_name #data_type #precision literal_prefix literal_suffix create_params #nullable \
             ?case_sensitive #searchable ?unsigned_attribute ?fixed_prec_scale ?auto_increment \
             local_type_name #minimum_scale #maximum_scale #sql_data_type #sql_datetime_sub #num_prec_radix"
        }
        "udts" => "type_cat type_schem type_name class_name data_type remarks base_type",
        _ => return None,
    };
    let typed = |name: &'static str| match (name.strip_prefix('#'), name.strip_prefix('?')) {
        (Some(name), _) => (name, Type::BigInt),
        (_, Some(name)) => (name, Type::Boolean),
        _ => (name, Type::Varchar(None)),
    };
    Some(list.split_ascii_whitespace().map(typed).collect())
}

/// The rest of a row of `columns`, behind the table's own three names.
pub fn column_row(column: &Column, ordinal: usize) -> Vec<Option<String>> {
    let ty = &column.ty;
    let number = |value: Option<u32>| value.map(|value| value.to_string());
    let text = |value: &str| Some(value.to_owned());
    let length = match ty {
        Type::Varchar(_) | Type::Char(_) | Type::Varbinary => size(ty),
        _ => None,
    };
    let digits = match ty {
        Type::Decimal(_, scale) => Some(*scale),
        Type::Time(precision) | Type::Timestamp(precision) | Type::TimestampTz(precision) => {
            Some(*precision)
        }
        _ => None,
    };
    vec![
        text(&column.name),
        Some(code(ty).to_string()),
        Some(ty.in_messages().to_string()),
        number(size(ty)),
        text("0"),
        number(digits.map(u32::from)),
        number(radix(ty)),
        text(NULLABLE),
        column.comment.clone(),
        None,
        None,
        None,
        number(length),
        Some(ordinal.to_string()),
        text("YES"),
        None,
        None,
        None,
        None,
        None,
        None,
    ]
}

/// The rows of `types`: those without parameters.
pub fn type_rows() -> Vec<Vec<Option<String>>> {
    let text = |value: &str| Some(value.to_owned());
    let row = |ty: &Type| {
        vec![
            Some(ty.in_messages().to_string()),
            Some(code(ty).to_string()),
            size(ty).map(|size| size.to_string()),
            None,
            None,
            None,
            text(NULLABLE),
            text("false"),
            text(SEARCHABLE),
            None,
            text("false"),
            None,
            None,
            text("0"),
            text("0"),
            None,
            None,
            radix(ty).map(|radix| radix.to_string()),
        ]
    };
    [
        Type::Boolean,
        Type::TinyInt,
        Type::SmallInt,
        Type::Integer,
        Type::BigInt,
        Type::Real,
        Type::Double,
        Type::Varchar(None),
        Type::Varbinary,
        Type::Date,
        Type::IntervalDayTime,
        Type::IntervalYearMonth,
        Type::Json,
        Type::Uuid,
    ]
    .iter()
    .map(row)
    .collect()
}

/// The number in `java.sql.Types`.
const fn code(ty: &Type) -> i32 {
    match ty {
        Type::Boolean => 16,
        Type::TinyInt => -6,
        Type::SmallInt => 5,
        Type::Integer => 4,
        Type::BigInt => -5,
        Type::Real => 7,
        Type::Double => 8,
        Type::Decimal(..) => 3,
        Type::Varchar(_) => 12,
        Type::Char(_) => 1,
        Type::Varbinary => -3,
        Type::Date => 91,
        Type::Time(_) => 92,
        Type::Timestamp(_) => 93,
        Type::TimestampTz(_) => 2014,
        Type::Array(_) => 2003,
        // `JAVA_OBJECT`
        _ => 2000,
    }
}

/// Digits of a number, characters of a text, width of a time as it is shown.
fn size(ty: &Type) -> Option<u32> {
    let fraction = |precision: u8| match precision {
        0 => 0,
        digits => u32::from(digits) + 1,
    };
    match ty {
        Type::TinyInt => Some(3),
        Type::SmallInt => Some(5),
        Type::Integer => Some(10),
        Type::BigInt => Some(19),
        Type::Real => Some(24),
        Type::Double => Some(53),
        Type::Decimal(precision, _) => Some(u32::from(*precision)),
        Type::Varchar(length) => Some(length.unwrap_or(UNLIMITED)),
        Type::Char(length) => Some(*length),
        Type::Varbinary => Some(UNLIMITED),
        Type::Date => Some(14),
        Type::Time(precision) => Some(8 + fraction(*precision)),
        Type::Timestamp(precision) => Some(21 + fraction(*precision)),
        Type::TimestampTz(precision) => Some(55 + fraction(*precision)),
        _ => None,
    }
}

const fn radix(ty: &Type) -> Option<u32> {
    match ty {
        Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt | Type::Decimal(..) => {
            Some(10)
        }
        Type::Real | Type::Double => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `data_type`, `column_size`, `decimal_digits`, `num_prec_radix` and `char_octet_length` as a Trino 476 gives them.
    #[test]
    fn types_have_trinos_numbers() {
        let cases: &[(Type, [&str; 5])] = &[
            (Type::Boolean, ["16", "", "", "", ""]),
            (Type::TinyInt, ["-6", "3", "", "10", ""]),
            (Type::SmallInt, ["5", "5", "", "10", ""]),
            (Type::Integer, ["4", "10", "", "10", ""]),
            (Type::BigInt, ["-5", "19", "", "10", ""]),
            (Type::Real, ["7", "24", "", "2", ""]),
            (Type::Double, ["8", "53", "", "2", ""]),
            (Type::Decimal(10, 2), ["3", "10", "2", "10", ""]),
            (Type::Decimal(38, 0), ["3", "38", "0", "10", ""]),
            (
                Type::Varchar(None),
                ["12", "2147483647", "", "", "2147483647"],
            ),
            (Type::Varchar(Some(25)), ["12", "25", "", "", "25"]),
            (Type::Char(3), ["1", "3", "", "", "3"]),
            (Type::Varbinary, ["-3", "2147483647", "", "", "2147483647"]),
            (Type::Time(0), ["92", "8", "0", "", ""]),
            (Type::Time(3), ["92", "12", "3", "", ""]),
            (Type::Timestamp(0), ["93", "21", "0", "", ""]),
            (Type::Timestamp(3), ["93", "25", "3", "", ""]),
            (Type::TimestampTz(0), ["2014", "55", "0", "", ""]),
            (Type::TimestampTz(6), ["2014", "62", "6", "", ""]),
            (Type::Date, ["91", "14", "", "", ""]),
            (Type::Array(Type::BigInt.into()), ["2003", "", "", "", ""]),
            (Type::Uuid, ["2000", "", "", "", ""]),
        ];
        for (ty, expected) in cases {
            let row = column_row(&Column::new("x", ty.clone()), 7);
            let seen = [1, 3, 5, 6, 12].map(|at| row[at].clone().unwrap_or_default());
            assert_eq!(seen, *expected, "{ty}");
            assert_eq!(row[13].as_deref(), Some("7"));
        }
    }

    #[test]
    fn rows_are_as_wide_as_their_tables() {
        let width = |table| columns(table).unwrap().len();
        let names = 3;
        assert_eq!(
            names + column_row(&Column::new("x", Type::BigInt), 1).len(),
            width("columns")
        );
        assert!(type_rows().iter().all(|row| row.len() == width("types")));
        assert!(TABLES.iter().all(|table| columns(table).is_some()));
    }
}
