//! The way of Arrow columns into polars, and back.
//!
//! Both libraries implement the Arrow C Data Interface: two C structs, one for a schema and one
//! for an array, each with a callback that releases what it points to. A column is exported by
//! `arrow`, and imported by `polars-arrow`, which keeps the buffers alive for as long as it uses
//! them. No value is copied; only for `Utf8` and `Binary` are new 16-byte views built. What polars
//! made goes the other way, where texts are copied once, out of their views.
//!
//! Source: <https://arrow.apache.org/docs/format/CDataInterface.html>
#![expect(
    unsafe_code,
    reason = "the C Data Interface is the only way between two Arrow implementations without a copy"
)]

use std::mem::transmute;

use arrow::array::{Array, ArrayRef, RecordBatch, make_array};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use polars::error::{PolarsError, PolarsResult};
use polars::prelude::{Column, CompatLevel, DataFrame, IntoColumn, Series};
use polars_arrow::datatypes::Field;
use polars_arrow::ffi::{
    ArrowArray, ArrowSchema, export_array_to_c, export_field_to_c, import_array_from_c,
    import_field_from_c,
};

// A transmute checks the sizes; the alignments must agree as well.
const _: () = assert!(align_of::<FFI_ArrowArray>() == align_of::<ArrowArray>());
const _: () = assert!(align_of::<FFI_ArrowSchema>() == align_of::<ArrowSchema>());

/// The columns of `records` as a polars frame over the same memory.
///
/// # Errors
/// When a column has a type that polars does not have.
pub(crate) fn to_frame(records: &RecordBatch) -> PolarsResult<DataFrame> {
    let mut columns = Vec::with_capacity(records.num_columns());
    let schema = records.schema();
    for (field, column) in schema.fields().iter().zip(records.columns()) {
        let (array, _) = to_ffi(&column.to_data()).map_err(from_arrow)?;
        let schema = FFI_ArrowSchema::try_from(field.as_ref()).map_err(from_arrow)?;
        // SAFETY: both types are `#[repr(C)]` images of the struct ArrowArray of the C Data
        // Interface: the same fields in the same order, with raw pointers and nullable function
        // pointers of the same ABI. The value moves: `array` is not dropped here, so its release
        // callback is called once, by its new owner.
        let array: ArrowArray = unsafe { transmute(array) };
        // SAFETY: as above, for the struct ArrowSchema.
        let schema: ArrowSchema = unsafe { transmute(schema) };
        // SAFETY: the schema was exported by `arrow` just now, so it is valid by the interface; it
        // lives until the end of the loop body, and what is imported is copied out of it.
        let field = unsafe { import_field_from_c(&schema)? };
        // SAFETY: the array was exported by `arrow` just now, so it is valid by the interface, and
        // `field` has the type that was exported with it. The import takes ownership, and drops it
        // with the last of the buffers.
        let array = unsafe { import_array_from_c(array, field.dtype.clone())? };
        columns.push(Series::try_from((&field, array))?.into_column());
    }
    DataFrame::new(records.num_rows(), columns)
}

/// The values of `column` in Arrow's oldest types: texts as `LargeUtf8`, lists as `LargeList`.
///
/// # Errors
/// When the column has a type that Arrow does not have.
pub(crate) fn to_array(column: Column) -> PolarsResult<ArrayRef> {
    let name = column.name().clone();
    let array = column.rechunk_to_arrow(CompatLevel::oldest());
    let schema = export_field_to_c(&Field::new(name, array.dtype().clone(), true));
    let array = export_array_to_c(array);
    // SAFETY: both types are `#[repr(C)]` images of the struct ArrowSchema of the C Data Interface:
    // the same fields in the same order, with raw pointers and nullable function pointers of the
    // same ABI. The value moves: `schema` is not dropped here, so its release callback is called
    // once, by its new owner.
    let schema: FFI_ArrowSchema = unsafe { transmute(schema) };
    // SAFETY: as above, for the struct ArrowArray.
    let array: FFI_ArrowArray = unsafe { transmute(array) };
    // SAFETY: array and schema were exported by `polars-arrow` just now, of one and the same type, so
    // they are valid by the interface. The import takes ownership of the array, and drops it with
    // the last of the buffers.
    let data = unsafe { from_ffi(array, &schema) }.map_err(from_arrow)?;
    Ok(make_array(data))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err calls with the error it owns"
)]
fn from_arrow(error: ArrowError) -> PolarsError {
    PolarsError::ComputeError(error.to_string().into())
}
