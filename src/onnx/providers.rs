//! The execution providers of the loaded library.

use ort::ep::ExecutionProvider;
use ort::session::builder::SessionBuilder;

/// Lists those of the named providers that the library was compiled with. `ort` can only be asked
/// about providers that are types, and has types for some only.
macro_rules! available {
    ($($provider:ident)*) => {
        [$({
            struct $provider;

            impl ExecutionProvider for $provider {
                const NAME: &'static str = stringify!($provider);

                fn register(&self, _: &mut SessionBuilder) -> ort::Result<()> {
                    Err(ort::Error::new("this provider can only be asked for"))
                }
            }

            let is_there = $provider::is_available().unwrap_or(false);
            is_there.then_some($provider::NAME)
        }),*]
    };
}

/// What the library was compiled with, by the names that ONNX Runtime has for them. That a
/// provider is there does not mean that its drivers are.
pub(super) fn available() -> Vec<&'static str> {
    let known = available![
        TensorrtExecutionProvider
        NvTensorRTRTXExecutionProvider
        CUDAExecutionProvider
        MIGraphXExecutionProvider
        ROCMExecutionProvider
        CoreMLExecutionProvider
        DmlExecutionProvider
        OpenVINOExecutionProvider
        DnnlExecutionProvider
        QNNExecutionProvider
        WebGpuExecutionProvider
        XnnpackExecutionProvider
        AzureExecutionProvider
        CPUExecutionProvider
    ];
    known.into_iter().flatten().collect()
}
