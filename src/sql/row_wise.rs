//! Which expressions have, for each row, a value that depends on that row alone.
//!
//! Batches are cut anywhere, so nothing else may be in SQL here. The check is a list of what is
//! allowed, and of that only what is known to work on single rows: a new function of polars is
//! refused until it is looked at.

use polars::prelude::{
    AggExpr, BinaryFunction, BooleanFunction, DataType, DataTypeExpr, EvalVariant, Expr,
    FunctionExpr, ListFunction, LiteralValue, StringFunction, StructFunction, TemporalFunction,
};

use super::SqlError;

/// Operators one within another, at most: `a OR b OR c` has two. polars evaluates by recursion, on
/// threads whose stacks are not ours to choose.
const DEEPEST: usize = 128;

/// The names of the columns in `expression`, each once, in the order of the text.
///
/// # Errors
/// When a part of the expression is not row-wise.
pub(super) fn columns(expression: &Expr) -> Result<Vec<String>, SqlError> {
    walk(expression).map_err(|refused| plainest(expression).unwrap_or(refused))
}

/// The refusal to show of an expression that is refused: SQL functions are made of smaller ones, and
/// it is not the first of these that tells what is wrong.
fn plainest(expression: &Expr) -> Option<SqlError> {
    let is_whole = |part: &&Expr| matches!(part, Expr::SubPlan(..) | Expr::Over { .. });
    let is_aggregate = |part: &&Expr| matches!(part, Expr::Agg(_) | Expr::Len) && !is_list(part);
    let mut parts = expression.into_iter();
    let part = parts
        .find(is_whole)
        .or_else(|| expression.into_iter().find(is_aggregate))?;
    Some(refusal(part))
}

fn walk(expression: &Expr) -> Result<Vec<String>, SqlError> {
    let mut names: Vec<String> = Vec::new();
    let mut pending = vec![(expression, 1)];
    while let Some((part, depth)) = pending.pop() {
        if depth > DEEPEST {
            return Err(SqlError::Unsupported(format!(
                "more than {DEEPEST} operators one within another (values of one column go into a \
                 list: `IN (...)`)"
            )));
        }
        let mut inner: Vec<&Expr> = Vec::new();
        match part {
            Expr::Column(name) => {
                if !names.iter().any(|known| known == name.as_str()) {
                    names.push(name.to_string());
                }
            }
            Expr::Literal(LiteralValue::Dyn(_) | LiteralValue::Scalar(_)) => {}
            Expr::Alias(value, _) => inner.push(value),
            Expr::BinaryExpr { left, right, .. } => inner.extend([&**left, &**right]),
            Expr::Ternary {
                predicate,
                truthy,
                falsy,
            } => inner.extend([&**predicate, &**truthy, &**falsy]),
            Expr::Cast { expr, dtype, .. } => {
                check_cast(dtype)?;
                inner.push(expr);
            }
            Expr::Function { input, function } => {
                check_function(function, input)?;
                inner.extend(input.iter().filter(|argument| !is_list(argument)));
            }
            // What is evaluated are the items within the list of one row.
            Expr::Eval {
                expr,
                variant: EvalVariant::List,
                ..
            } => inner.push(expr),
            other => return Err(refusal(other)),
        }
        // The last one pushed is looked at first.
        pending.extend(inner.into_iter().rev().map(|part| (part, depth + 1)));
    }
    Ok(names)
}

/// Makes 64-bit integers of what functions count or tell of a date: they give 8 or 32 bits, some
/// without a sign, and `length(text) - 10 > 0` would wrap around and hold for short texts.
pub(super) fn widen(expression: Expr) -> Expr {
    expression.map_expr(|part| match &part {
        Expr::Function { function, .. } if is_narrow(function) => part.cast(DataType::Int64),
        _ => part,
    })
}

fn is_narrow(function: &FunctionExpr) -> bool {
    match function {
        FunctionExpr::StringExpr(function) => matches!(
            function,
            StringFunction::LenBytes
                | StringFunction::LenChars
                | StringFunction::CountMatches(_)
                | StringFunction::Find { .. }
        ),
        FunctionExpr::ListExpr(function) => matches!(function, ListFunction::Length),
        FunctionExpr::TemporalExpr(function) => matches!(
            function,
            TemporalFunction::Millennium
                | TemporalFunction::Century
                | TemporalFunction::Year
                | TemporalFunction::IsoYear
                | TemporalFunction::Quarter
                | TemporalFunction::Month
                | TemporalFunction::Week
                | TemporalFunction::WeekDay
                | TemporalFunction::Day
                | TemporalFunction::OrdinalDay
                | TemporalFunction::Hour
                | TemporalFunction::Minute
                | TemporalFunction::Second
                | TemporalFunction::Nanosecond
        ),
        _ => false,
    }
}

/// Whether `expression` is a list that stands in the text, as on the right of IN.
fn is_list(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(LiteralValue::Series(_)) => true,
        Expr::Agg(AggExpr::Implode { input, .. }) => is_list(input),
        _ => false,
    }
}

/// Checks that `function` looks at one row at a time.
fn check_function(function: &FunctionExpr, input: &[Expr]) -> Result<(), SqlError> {
    let has_list = input.iter().any(is_list);
    let is_allowed = match function {
        FunctionExpr::Boolean(BooleanFunction::IsIn { .. }) => {
            // With a column on the right it would be a search through all rows.
            matches!(input, [value, list] if !is_list(value) && is_list(list))
        }
        _ if has_list => false,
        FunctionExpr::Boolean(function) => matches!(
            function,
            BooleanFunction::IsNull
                | BooleanFunction::IsNotNull
                | BooleanFunction::IsFinite
                | BooleanFunction::IsInfinite
                | BooleanFunction::IsNan
                | BooleanFunction::IsNotNan
                | BooleanFunction::AllHorizontal
                | BooleanFunction::AnyHorizontal
                | BooleanFunction::Not
        ),
        FunctionExpr::BinaryExpr(function) => matches!(
            function,
            BinaryFunction::Contains
                | BinaryFunction::StartsWith
                | BinaryFunction::EndsWith
                | BinaryFunction::Size
        ),
        FunctionExpr::ListExpr(function) => matches!(
            function,
            ListFunction::Contains { .. }
                | ListFunction::Get(_)
                | ListFunction::Join(_)
                | ListFunction::Length
                | ListFunction::Max
                | ListFunction::Mean
                | ListFunction::Min
                | ListFunction::Sum
        ),
        FunctionExpr::StructExpr(function) => matches!(function, StructFunction::FieldByName(_)),
        FunctionExpr::StringExpr(function) => return check_string_function(function, input),
        FunctionExpr::TemporalExpr(function) => is_row_wise_temporal(function),
        other => is_row_wise_arithmetic(other),
    };
    if is_allowed {
        Ok(())
    } else {
        Err(refused_function(function))
    }
}

fn is_row_wise_arithmetic(function: &FunctionExpr) -> bool {
    matches!(
        function,
        FunctionExpr::Abs
            | FunctionExpr::Atan2
            | FunctionExpr::Ceil
            | FunctionExpr::Clip { .. }
            | FunctionExpr::Coalesce
            | FunctionExpr::Exp
            | FunctionExpr::FillNull
            | FunctionExpr::Floor
            | FunctionExpr::Log
            | FunctionExpr::Log1p
            | FunctionExpr::MaxHorizontal
            | FunctionExpr::MinHorizontal
            | FunctionExpr::Negate
            | FunctionExpr::Pow(_)
            | FunctionExpr::Round { .. }
            | FunctionExpr::Sign
            | FunctionExpr::Trigonometry(_)
            | FunctionExpr::Truncate { .. }
    )
}

fn is_row_wise_temporal(function: &TemporalFunction) -> bool {
    matches!(
        function,
        TemporalFunction::Millennium
            | TemporalFunction::Century
            | TemporalFunction::Year
            | TemporalFunction::IsoYear
            | TemporalFunction::Quarter
            | TemporalFunction::Month
            | TemporalFunction::Week
            | TemporalFunction::WeekDay
            | TemporalFunction::Day
            | TemporalFunction::OrdinalDay
            | TemporalFunction::Time
            | TemporalFunction::Date
            | TemporalFunction::Hour
            | TemporalFunction::Minute
            | TemporalFunction::Second
            | TemporalFunction::Millisecond
            | TemporalFunction::Microsecond
            | TemporalFunction::Nanosecond
            | TemporalFunction::TimeStamp(_)
            | TemporalFunction::ToString(_)
            | TemporalFunction::OffsetBy
    )
}

fn check_string_function(function: &StringFunction, input: &[Expr]) -> Result<(), SqlError> {
    let is_allowed = match function {
        // Without a format polars takes the first text of the column as the pattern for the rest.
        StringFunction::Strptime(_, options) => {
            if options.format.is_none() && !matches!(input.first(), Some(Expr::Literal(_))) {
                return Err(SqlError::NotRowWise(
                    "a conversion of texts to times without a format (give one, as in DATE(day, \
                     '%d.%m.%Y'))"
                        .to_owned(),
                ));
            }
            true
        }
        other => matches!(
            other,
            StringFunction::ConcatHorizontal { .. }
                | StringFunction::Contains { .. }
                | StringFunction::CountMatches(_)
                | StringFunction::EndsWith
                | StringFunction::Find { .. }
                | StringFunction::LenBytes
                | StringFunction::LenChars
                | StringFunction::Lowercase
                | StringFunction::Normalize { .. }
                | StringFunction::PadEnd { .. }
                | StringFunction::PadStart { .. }
                | StringFunction::Replace { .. }
                | StringFunction::Reverse
                | StringFunction::Slice
                | StringFunction::Split(_)
                | StringFunction::StartsWith
                | StringFunction::StripChars
                | StringFunction::StripCharsEnd
                | StringFunction::StripCharsStart
                | StringFunction::Uppercase
        ),
    };
    if is_allowed {
        Ok(())
    } else {
        Err(refused_function(&FunctionExpr::StringExpr(
            function.clone(),
        )))
    }
}

/// Checks that values can be converted to `target`.
fn check_cast(target: &DataTypeExpr) -> Result<(), SqlError> {
    let is_allowed = match target {
        DataTypeExpr::Literal(target) => matches!(
            target,
            DataType::Boolean
                | DataType::Int32
                | DataType::Int64
                | DataType::UInt32
                | DataType::UInt64
                | DataType::Float32
                | DataType::Float64
                | DataType::Decimal(..)
                | DataType::String
                | DataType::Binary
                | DataType::Date
                | DataType::Time
                | DataType::Datetime(..)
                | DataType::Duration(_)
        ),
        _ => false,
    };
    if is_allowed {
        return Ok(());
    }
    let target = match target {
        DataTypeExpr::Literal(target) => format!("a conversion to {target}"),
        _ => "a conversion to a type that is not named".to_owned(),
    };
    Err(SqlError::Unsupported(target))
}

fn refused_function(function: &FunctionExpr) -> SqlError {
    SqlError::NotRowWise(format!("the function `{function}`"))
}

/// The refusal of an expression that is not row-wise, or not known to be.
fn refusal(expression: &Expr) -> SqlError {
    let what = match expression {
        Expr::Selector(_) => {
            return SqlError::Unsupported(
                "a stand-in for columns (`*`, COLUMNS, or a name of the form `^...$`)".to_owned(),
            );
        }
        Expr::SubPlan(..) => return SqlError::Unsupported("a subquery".to_owned()),
        Expr::Literal(_) => {
            return SqlError::Unsupported("a list that is not on the right of IN".to_owned());
        }
        Expr::Len => "a count of rows (COUNT)",
        Expr::Over { .. } => "a window function (OVER)",
        Expr::Agg(_) | Expr::Filter { .. } => {
            "an aggregate (such as SUM, AVG or MAX; ALL and ANY are too)"
        }
        Expr::Sort { .. } | Expr::SortBy { .. } => "an order of rows (ORDER BY)",
        Expr::Gather { .. } | Expr::Slice { .. } => "a choice of rows",
        Expr::Explode { .. } => "UNNEST",
        _ => "a part that is not known to work on single rows",
    };
    SqlError::NotRowWise(what.to_owned())
}
