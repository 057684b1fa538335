//! From SQL text to a polars expression, and what the parser has to say.

use polars::prelude::Expr;
use polars::sql::{SQLContext, sql_expr};

use super::ConditionError;
use super::stack::LONGEST;

/// Parses one SQL expression.
///
/// # Errors
/// [`ConditionError::Syntax`] with what the parser says, and where, counted within `sql`.
pub(super) fn parse(sql: &str) -> Result<Expr, ConditionError> {
    if sql.trim().is_empty() {
        return Err(ConditionError::Syntax("it is empty".to_owned()));
    }
    if sql.len() > LONGEST {
        let length = sql.len();
        let message = format!("it has {length} bytes, and {LONGEST} are the most");
        return Err(ConditionError::Syntax(message));
    }
    let message = match sql_expr(sql) {
        Ok(Expr::Alias(_, name)) => format!("leave out `AS {name}`: a condition has no name"),
        Ok(expression) => return Ok(expression),
        Err(error) => plain(&error.to_string()),
    };
    // For an expression that breaks off, polars says just that. Its parser of queries says more.
    let message = if message.starts_with("unable to parse") {
        let query = SQLContext::new().execute(&format!("SELECT\n{sql}"));
        let said = query.err().map(|error| error.to_string());
        said.and_then(|said| located(&said, 1)).unwrap_or(message)
    } else {
        located(&message, 0).unwrap_or(message)
    };
    Err(ConditionError::Syntax(message))
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

/// A message of the SQL parser with its place in the words of this program; nothing if it is not
/// one. `lines_before` are those that stand before the user's text.
fn located(message: &str, lines_before: usize) -> Option<String> {
    let message = message.strip_prefix("sql parser error: ")?;
    let Some((what, place)) = message.rsplit_once(" at Line: ") else {
        return Some(message.to_owned());
    };
    let (line, column) = place.split_once(", Column: ")?;
    let line = line.parse::<usize>().ok()?.saturating_sub(lines_before);
    Some(if line > 1 {
        format!("{what}, at line {line}, column {column}")
    } else {
        format!("{what}, at column {column}")
    })
}
