//! What the author of an operator imports.

pub use crate::batch::{Batch, Rows};
pub use crate::diagnostic::Problem;
pub use crate::operator::{
    Amount, BuildContext, Context, Defaults, Edits, Example, Operator, OperatorConfig,
    OperatorError, Outcome, Port, Registry, Text, TextHandling, TextOperator, TextOperatorConfig,
    TextUse, Yield,
};
pub use crate::random::{PlaceSet, Places, Random};
pub use crate::text::{Word, Words};
