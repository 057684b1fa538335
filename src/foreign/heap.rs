//! The heap of the C library, from which ONNX Runtime takes its memory where nothing stands in for it.
#![expect(unsafe_code, reason = "the setting is a function of the C library")]

/// Has large blocks go back to the system as soon as they are free.
///
/// glibc begins so, and gives it up for blocks of up to 32 MiB once such a one was freed: what loading a
/// model leaves behind then stays with the process, as much again as two workers need. Where
/// `MALLOC_MMAP_THRESHOLD_` is set, that holds. False where the C library is another one.
pub(crate) fn give_back_large_blocks() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Bytes of a large block. What is needed again and again is larger, and not freed.
        const LARGE: libc::c_int = 1 << 20;

        if std::env::var_os("MALLOC_MMAP_THRESHOLD_").is_some() {
            return true;
        }
        // SAFETY: the function takes two numbers, and holds the lock of the heap while it uses them.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) == 1 }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heap_of_glibc_takes_the_setting() {
        let expected = cfg!(all(target_os = "linux", target_env = "gnu"));
        assert_eq!(give_back_large_blocks(), expected);
    }
}
