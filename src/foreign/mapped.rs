//! Files as memory, and tensors over them.
//!
//! What is mapped takes no memory of the process's own: it is the system's copy of the file, which all
//! processes share, and which goes when the room is needed for something else.
#![expect(
    unsafe_code,
    reason = "the system cannot promise that nobody changes a file, and ONNX Runtime takes a pointer"
)]

use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

use memmap2::Mmap;
use ort::AsPointer;
use ort::memory::{Allocator, MemoryInfo};
use ort::value::{DynValue, TensorElementType};

/// The contents of a file, for as long as the process lives: a mapping is a range of addresses and
/// little else.
///
/// # Errors
/// When the file cannot be mapped, as on some file systems.
pub(crate) fn map(file: &File) -> io::Result<&'static [u8]> {
    // SAFETY: the bytes are read as numbers of any value, and nothing is concluded from them, so one
    // that changes under our hands is a wrong number and nothing worse. A file that is cut short ends the
    // process when what is gone is read, as it does every program that maps the weights of models.
    let map = unsafe { Mmap::map(file) }?;
    Ok(Box::leak(Box::new(map)))
}

/// A tensor over `bytes`, which are not copied; it must not be written to. Nothing where they are not as
/// many as the shape asks for, or do not lie as such elements have to.
///
/// # Errors
/// When ONNX Runtime refuses it.
pub(crate) fn tensor(
    shape: &[i64],
    element: TensorElementType,
    bytes: &'static [u8],
) -> ort::Result<Option<DynValue>> {
    let bytes_of_one = element.byte_size(1).unwrap_or_default();
    let wanted = shape.iter().try_fold(bytes_of_one, |product, size| {
        product.checked_mul(usize::try_from(*size).ok()?)
    });
    let is_aligned = bytes.as_ptr().addr().checked_rem(bytes_of_one) == Some(0);
    if wanted != Some(bytes.len()) || !is_aligned {
        return Ok(None);
    }
    let memory = MemoryInfo::default();
    let mut value = ptr::null_mut();
    // SAFETY: the pointers are those of values that live until the call returns, and of bytes that live
    // for ever; they are as many as the shape asks for and aligned, as was just seen. ONNX Runtime takes
    // a pointer that it may write to, and writes to no tensor that is a weight or an input.
    let status = unsafe {
        (ort::api().CreateTensorWithDataAsOrtValue)(
            memory.ptr(),
            bytes.as_ptr().cast_mut().cast(),
            bytes.len(),
            shape.as_ptr(),
            shape.len(),
            element.into(),
            &raw mut value,
        )
    };
    // SAFETY: the status was returned by ONNX Runtime just now, and is not used again.
    unsafe { ort::Error::result_from_status(status) }?;
    // SAFETY: the value was made just now and has no other owner. It lies in the memory of the host, and
    // its bytes belong to no allocator, so that any may stand for it.
    let value = NonNull::new(value)
        .map(|value| unsafe { DynValue::from_ptr(value, Some(&Allocator::default())) });
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_mapped_file_reads_as_it_was_written() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"some bytes").unwrap();
        assert_eq!(map(&file).unwrap(), b"some bytes");
    }

    #[test]
    fn what_does_not_fit_is_no_tensor() {
        let bytes: &'static [u8] = &[0; 16];
        let of = |shape: &[i64], element, bytes| tensor(shape, element, bytes).unwrap().is_none();
        assert!(of(&[3], TensorElementType::Uint8, bytes));
        assert!(of(&[-1], TensorElementType::Uint8, bytes));
        assert!(of(&[i64::MAX, 4], TensorElementType::Float32, bytes));
        assert!(of(&[], TensorElementType::String, bytes));
        let odd = usize::from(bytes.as_ptr().addr().is_multiple_of(4));
        assert!(of(&[2], TensorElementType::Float32, &bytes[odd..odd + 8]));
    }
}
