//! From SQL text to a polars expression, and what the parser has to say.

use std::ops::Range;

use polars::prelude::Expr;
use polars::sql::{SQLContext, sql_expr};

use super::stack::LONGEST;
use super::{SqlError, tokens};

/// Parses one SQL expression.
///
/// # Errors
/// [`SqlError::Syntax`] with what the parser says, and where.
pub(super) fn parse(sql: &str) -> Result<Expr, SqlError> {
    if sql.trim().is_empty() {
        return Err(syntax("it is empty".to_owned(), None));
    }
    if sql.len() > LONGEST {
        let length = sql.len();
        let message = format!("it has {length} bytes, and {LONGEST} are the most");
        return Err(syntax(message, None));
    }
    let message = match sql_expr(sql) {
        Ok(Expr::Alias(_, name)) => {
            let message = format!("leave out `AS {name}`: it has no name here");
            return Err(syntax(message, tokens::word(sql, &["as"])));
        }
        Ok(expression) => return Ok(expression),
        Err(error) => plain(&error.to_string()),
    };
    // For an expression that breaks off, polars says just that. Its parser of queries says more.
    let located = if message.starts_with("unable to parse") {
        let query = SQLContext::new().execute(&format!("SELECT\n{sql}"));
        let said = query.err().map(|error| error.to_string());
        said.and_then(|said| located(&said, sql, 1))
    } else {
        located(&message, sql, 0)
    };
    Err(located.unwrap_or_else(|| {
        let place = tokens::quoted_in(&message, sql);
        syntax(message, place)
    }))
}

fn syntax(message: String, place: Option<Range<usize>>) -> SqlError {
    SqlError::Syntax { message, place }
}

/// What a message of polars says of the matter, in one line: without the plan and the advice that
/// follow it, without marks under a line, and without the tree of the parser that some quote.
pub(super) fn plain(message: &str) -> String {
    let end = message.find("\n\n").unwrap_or(message.len());
    let lines = message.get(..end).unwrap_or(message).lines();
    let lines = lines
        .map(str::trim)
        .filter(|line| !line.chars().all(|c| c == '^'));
    let line = lines.collect::<Vec<_>>().join(" ");
    if !line.contains("Span(") {
        return line;
    }
    let (Some(start), Some(end)) = (line.find(['(', '[', '{']), line.rfind([')', ']', '}'])) else {
        return line;
    };
    let (before, after) = (line.get(..start), line.get(end + 1..));
    format!(
        "{}{}",
        before.unwrap_or_default().trim_end(),
        after.unwrap_or_default()
    )
}

/// What a message of the SQL parser says of `sql`, in the words of this program; nothing if it is not
/// one. `lines_before` are those that stand before the user's text.
fn located(message: &str, sql: &str, lines_before: usize) -> Option<SqlError> {
    let message = message.strip_prefix("sql parser error: ")?;
    let Some((what, place)) = message.rsplit_once(" at Line: ") else {
        // The end has no line and no column.
        let place = if message.ends_with("found: EOF") {
            Some(sql.len()..sql.len())
        } else {
            tokens::quoted_in(message, sql)
        };
        return Some(syntax(message.to_owned(), place));
    };
    let (line, column) = place.split_once(", Column: ")?;
    let line = line.parse::<usize>().ok()?.saturating_sub(lines_before);
    let place = tokens::at(sql, line, column.trim().parse().ok()?);
    let message = if line > 1 {
        format!("{what}, at line {line}, column {column}")
    } else {
        format!("{what}, at column {column}")
    };
    Some(syntax(message, place))
}
