//! The library that is fetched where there is none: which, from where, and what it must hold.

/// The version of ONNX Runtime that is fetched.
pub const VERSION: &str = "1.31.1";

/// The oldest minor version of ONNX Runtime 1 that can be used. The `api-24` feature of `ort`
/// asks for it.
pub(super) const OLDEST_MINOR: u32 = 24;

/// The library for one platform, as Microsoft publishes it in a wheel on PyPI.
///
/// A wheel is a zip archive. There is one for each version of Python, and the library in all of
/// them is the same: what is pinned is the library, whatever wheel it came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pinned {
    /// What pip calls the platform.
    pub(super) pip_platform: &'static str,
    /// What uv calls the platform.
    pub(super) uv_platform: &'static str,
    /// The file name of the wheel for [`PYTHON`].
    pub(super) wheel: &'static str,
    /// Folder on `https://files.pythonhosted.org/packages/` that the wheel lies in.
    pub(super) folder: &'static str,
    /// Bytes of the wheel.
    pub(super) wheel_bytes: u64,
    /// Path of the library in the wheel.
    pub(super) library: &'static str,
    /// Bytes of the library.
    pub(super) bytes: u64,
    /// SHA-256 of the library, in hexadecimal.
    pub(super) sha256: &'static str,
}

/// The version of Python whose wheel is asked for. No Python is needed to use it.
pub(super) const PYTHON: &str = "3.12";

/// The wheels of [`VERSION`], each with the operating system and the processor it is for, as
/// `std::env::consts` names them.
const PLATFORMS: [(&str, &str, Pinned); 5] = [
    (
        "linux",
        "x86_64",
        Pinned {
            pip_platform: "manylinux_2_28_x86_64",
            uv_platform: "x86_64-manylinux_2_28",
            wheel: "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_x86_64.whl",
            folder: "eb/27/c6a823bac55b2977bea2027c3ec9393a2c1002cb9a09eb40354563e02730",
            wheel_bytes: 23_760_988,
            library: "onnxruntime/capi/libonnxruntime.so.1.31.1",
            bytes: 29_352_200,
            sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
        },
    ),
    (
        "linux",
        "aarch64",
        Pinned {
            pip_platform: "manylinux_2_28_aarch64",
            uv_platform: "aarch64-manylinux_2_28",
            wheel: "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_aarch64.whl",
            folder: "ba/e4/1ed1a7a5f4702d899091fa2b976d377995250c307326ec8dc9ae6378aa13",
            wheel_bytes: 21_420_803,
            library: "onnxruntime/capi/libonnxruntime.so.1.31.1",
            bytes: 25_265_040,
            sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
        },
    ),
    (
        "macos",
        "aarch64",
        Pinned {
            pip_platform: "macosx_14_0_arm64",
            uv_platform: "aarch64-apple-darwin",
            wheel: "onnxruntime-1.31.1-cp312-cp312-macosx_14_0_arm64.whl",
            folder: "0e/f7/cecc0efeeea83bff2f7789ae1b80f27fa0f0210d6d9d66d1f0031a6b5e47",
            wheel_bytes: 20_882_125,
            library: "onnxruntime/capi/libonnxruntime.1.31.1.dylib",
            bytes: 33_037_336,
            sha256: "d586cbe89effc085a09d3341b3cfbd5c322517f9d397aeb20814af21433f2b36",
        },
    ),
    (
        "windows",
        "x86_64",
        Pinned {
            pip_platform: "win_amd64",
            uv_platform: "x86_64-pc-windows-msvc",
            wheel: "onnxruntime-1.31.1-cp312-cp312-win_amd64.whl",
            folder: "45/b2/793b4051d8dc6acb379ead9b72050f0ffa283ca49a6904add2e218b83e2e",
            wheel_bytes: 14_888_466,
            library: "onnxruntime/capi/onnxruntime.dll",
            bytes: 19_288_376,
            sha256: "e45f61e50d8650885452be538a00bb14a715e46a1bc3691000ce947e89ed0306",
        },
    ),
    (
        "windows",
        "aarch64",
        Pinned {
            pip_platform: "win_arm64",
            uv_platform: "aarch64-pc-windows-msvc",
            wheel: "onnxruntime-1.31.1-cp312-cp312-win_arm64.whl",
            folder: "ed/72/09d635ab4b6137d8ac63d4911a37dad8b1ef15a77d20b65d7ed40fdca012",
            wheel_bytes: 14_740_724,
            library: "onnxruntime/capi/onnxruntime.dll",
            bytes: 19_171_640,
            sha256: "dc9e2fe646a72829386a24ac9185a7a4e26d7dbe5dc433d41df063603c00bbc7",
        },
    ),
];

/// The library for the platform that this program was compiled for, if there is one.
pub(super) fn for_this_platform() -> Option<&'static Pinned> {
    // The wheels for Linux need glibc.
    if cfg!(target_env = "musl") {
        return None;
    }
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let here = |entry: &&(&str, &str, Pinned)| (entry.0, entry.1) == (system, processor);
    PLATFORMS.iter().find(here).map(|(_, _, pinned)| pinned)
}

impl Pinned {
    /// The library's own file name.
    pub(super) fn file_name(&self) -> &'static str {
        self.library.rsplit('/').next().unwrap_or(self.library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_of_the_version_and_has_a_digest() {
        for (system, processor, pinned) in &PLATFORMS {
            let place = format!("{system} {processor}");
            assert!(
                pinned.wheel.starts_with(&format!("onnxruntime-{VERSION}-")),
                "{place}"
            );
            assert!(pinned.wheel.contains(pinned.pip_platform), "{place}");
            let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(
                pinned.sha256.len() == 64 && pinned.sha256.bytes().all(hexadecimal),
                "{place}"
            );
            assert!(pinned.bytes > pinned.wheel_bytes, "{place}");
            assert!(pinned.library.ends_with(pinned.file_name()), "{place}");
        }
    }
}
