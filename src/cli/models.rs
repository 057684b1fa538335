//! `augment models`: what there is of models and of the runtime they need.

use std::fmt::Write;
use std::path::Path;

use super::args::{
    FetchArguments, ModelRunArguments, ModelsArguments, ModelsCommand, RuntimeArguments,
};
use super::{ExitStatus, Printer, Volume, export, fetching, optimize, written};
use crate::inference::{ModelSettings, Watcher};
use crate::models::{
    HubSettings, ModelFolder, ModelOrigin, ModelReference, ResolveSettings, builtin_names,
    cached_models, resolve,
};
use crate::onnx::{
    Attempt, FETCHED_VERSION, Finding, Runtime, RuntimeError, RuntimeOptions, Surroundings,
    cache_folder, survey,
};
use crate::report::Palette;

/// The reference by which `fetch` means ONNX Runtime.
const RUNTIME: &str = "onnxruntime";

/// Does what `augment models` is asked to.
pub(super) fn models(arguments: &ModelsArguments, volume: Volume, printer: &Printer) -> ExitStatus {
    match &arguments.command {
        ModelsCommand::Doctor(arguments) => doctor(&arguments.runtime, printer),
        ModelsCommand::List(_) => list(printer),
        ModelsCommand::Fetch(arguments) => fetch(arguments, volume, printer),
        ModelsCommand::Optimize(arguments) => optimize::optimize(arguments, volume, printer),
        ModelsCommand::Export(arguments) => export::export_model(arguments, volume, printer),
    }
}

/// How to come by the runtime, as the command line says.
pub(super) fn runtime_options(
    arguments: &RuntimeArguments,
    volume: Volume,
    printer: &Printer,
) -> RuntimeOptions {
    RuntimeOptions {
        library: arguments.ort_lib.clone(),
        offline: arguments.offline,
        progress: fetching::watch(volume, printer),
        surroundings: Surroundings::of_process(),
    }
}

/// How the models of a pipeline run, as the command line says.
pub(super) fn settings(
    arguments: &ModelRunArguments,
    volume: Volume,
    printer: &Printer,
) -> ModelSettings {
    let ModelRunArguments {
        runtime,
        gpu_threads,
    } = arguments;
    ModelSettings {
        device: runtime.device,
        gpu_threads: *gpu_threads,
        offline: runtime.offline,
        ort_library: runtime.ort_lib.clone(),
        watch: Watcher(fetching::watch(volume, printer)),
    }
}

/// The state of everything that models need.
fn doctor(arguments: &RuntimeArguments, printer: &Printer) -> ExitStatus {
    let surroundings = Surroundings::of_process();
    let palette = printer.out_palette();
    let options = RuntimeOptions {
        // Looking is all it does.
        offline: true,
        ..runtime_options(arguments, Volume::Quiet, printer)
    };
    let runtime = Runtime::load(&options);
    let device = runtime
        .as_ref()
        .ok()
        .map(|runtime| runtime.choose(arguments.device));
    let findings = survey(arguments.ort_lib.as_deref(), &surroundings);
    let mut text = String::new();
    // Writing to a `String` cannot fail, here and below.
    let _ = writeln!(text, "{}", palette.heading("ONNX Runtime"));
    match &runtime {
        Ok(runtime) => {
            let line = |name: &str, value: &str| format!("  {name:<10} {value}\n");
            text.push_str(&line("library", &runtime.path().display().to_string()));
            text.push_str(&line("version", runtime.version()));
            text.push_str(&line("providers", &runtime.providers().join(", ")));
        }
        Err(_) => text.push_str("  no library can be used\n"),
    }
    match &device {
        Some(Ok((device, notice))) => {
            let notice = notice.as_ref().map(|notice| format!(" ({notice})"));
            let notice = notice.unwrap_or_default();
            let _ = writeln!(text, "  {:<10} {device}{notice}", "device");
        }
        Some(Err(error)) => {
            let _ = writeln!(text, "  {:<10} {}", "device", palette.bad(error));
        }
        None => {}
    }
    let _ = writeln!(text, "\n{}", palette.heading("Looked for, in this order"));
    for finding in &findings {
        let _ = writeln!(text, "  {}", describe(finding, &runtime, palette));
    }
    let folder = cache_folder(&surroundings);
    let cache = folder.map_or_else(
        || "none: set AUGMENT_CACHE".to_owned(),
        |folder| folder.display().to_string(),
    );
    let _ = writeln!(
        text,
        "  fetched where there is none: version {FETCHED_VERSION}"
    );
    let _ = writeln!(
        text,
        "\n{}\n  cache      {cache}",
        palette.heading("Models")
    );
    let names = builtin_names();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    let _ = writeln!(text, "  built-in   {names}");
    text.push_str(&describe_hub(&HubSettings::of(&surroundings), palette));
    let status = written(printer, &text);
    match (runtime, device) {
        (Err(RuntimeError::NotFound { .. }), _) => {
            let help = format!(
                "the first run that needs it fetches version {FETCHED_VERSION}; \
                 `augment models fetch {RUNTIME}` does so now"
            );
            printer.error(
                "there is no usable library of ONNX Runtime here",
                Some(&help),
            );
            status.or(ExitStatus::NotStarted)
        }
        (Err(error), _) | (_, Some(Err(error))) => {
            printer.error(&error.to_string(), Some(&error.help()));
            status.or(ExitStatus::NotStarted)
        }
        _ => status,
    }
}

/// One place, and what became of the libraries in it.
fn describe(
    finding: &Finding,
    runtime: &Result<&'static Runtime, RuntimeError>,
    palette: Palette,
) -> String {
    let place = format!("{:<22}", finding.place.to_string());
    if finding.libraries.is_empty() {
        return format!("{place} {}", palette.faint(&finding.note));
    }
    let tried: &[Attempt] = match runtime {
        Ok(runtime) => runtime.skipped(),
        Err(RuntimeError::NotFound { tried, .. }) => tried,
        Err(_) => &[],
    };
    let state = |library: &Path| -> String {
        let is_used =
            |runtime: &&Runtime| runtime.place() == finding.place && runtime.path() == library;
        if runtime.as_ref().is_ok_and(is_used) {
            return palette.good("in use");
        }
        let failed = tried
            .iter()
            .find(|attempt| attempt.was_with(finding.place, library));
        match (failed, runtime) {
            (Some(attempt), _) => palette.bad(&attempt.outcome),
            (None, Err(RuntimeError::Named { path, reason, .. })) if path == library => {
                palette.bad(reason)
            }
            _ => palette.faint("not tried"),
        }
    };
    let lines: Vec<String> = finding
        .libraries
        .iter()
        .map(|library| format!("{}: {}", library.display(), state(library)))
        .collect();
    format!("{place} {}", lines.join(&format!("\n{:25}", "")))
}

/// What the environment says about the hub, without the token.
fn describe_hub(hub: &HubSettings, palette: Palette) -> String {
    let cache = hub.cache.as_ref().map_or_else(
        || "none: set HF_HOME".to_owned(),
        |cache| match cached_models(cache).len() {
            1 => format!("{} (1 translation model)", cache.display()),
            models => format!("{} ({models} translation models)", cache.display()),
        },
    );
    let token = hub
        .token_source
        .as_ref()
        .map_or_else(|| "none".to_owned(), |source| format!("from {source}"));
    let fetching = if hub.offline {
        "forbidden by HF_HUB_OFFLINE"
    } else {
        "allowed"
    };
    format!(
        "\n{}\n  endpoint   {}\n  cache      {cache}\n  token      {token}\n  fetching   {fetching}\n",
        palette.heading("Hugging Face"),
        hub.endpoint
    )
}

/// The models that are at hand.
fn list(printer: &Printer) -> ExitStatus {
    let palette = printer.out_palette();
    let mut text = String::new();
    let settings = ResolveSettings {
        offline: true,
        ..ResolveSettings::of(&Surroundings::of_process())
    };
    // What a pipeline can name it by; nothing for one whose graphs are all of some variant.
    let digest = |reference: &str| {
        let reference: Option<ModelReference> = reference.parse().ok();
        let model = resolve(&reference?, Path::new(""), &settings).ok()?;
        Some(palette.faint(format!("  sha256 {}", model.content_hash().ok()?)))
    };
    for name in builtin_names() {
        let reference = format!("builtin:{name}");
        let digest = digest(&reference).unwrap_or_default();
        let _ = writeln!(text, "{}{digest}", palette.name(reference));
    }
    let hub = HubSettings::of(&Surroundings::of_process());
    for model in hub.cache.as_deref().map(cached_models).unwrap_or_default() {
        let path = palette.faint(model.path.display());
        let digest = digest(&model.reference).unwrap_or_default();
        let _ = writeln!(text, "{}  {path}{digest}", palette.name(model.reference));
    }
    if text.is_empty() {
        printer.say("no model is built in, and none has been fetched");
    }
    written(printer, &text)
}

/// Fetches what is asked for, and prints its path.
fn fetch(arguments: &FetchArguments, volume: Volume, printer: &Printer) -> ExitStatus {
    let options = runtime_options(&arguments.runtime, volume, printer);
    if arguments.reference == RUNTIME {
        return match Runtime::load(&options) {
            Ok(runtime) => written(printer, &format!("{}\n", runtime.path().display())),
            Err(error) => {
                printer.error(&error.to_string(), Some(&error.help()));
                ExitStatus::NotStarted
            }
        };
    }
    let (reference, variant) = (&arguments.reference, arguments.variant.as_deref());
    let Some(model) = resolved(reference, variant, options.offline, volume, printer) else {
        return ExitStatus::NotStarted;
    };
    let place = match model.origin() {
        ModelOrigin::Builtin { name } => format!("builtin:{name}"),
        ModelOrigin::Folder { path } | ModelOrigin::Hub { path, .. } => path.display().to_string(),
    };
    // Beside the path, which scripts read.
    match model.content_hash() {
        Ok(digest) if volume != Volume::Quiet => {
            printer.say(&format!("sha256 = \"{digest}\""));
        }
        Ok(_) => {}
        Err(error) => printer.error(&error.to_string(), Some(&error.help())),
    }
    written(printer, &format!("{place}\n"))
}

/// The model that `reference` means, fetched if need be. Where there is none, that has been said.
pub(super) fn resolved(
    reference: &str,
    variant: Option<&str>,
    offline: bool,
    volume: Volume,
    printer: &Printer,
) -> Option<ModelFolder> {
    let refuse = |message: String, help: String| {
        printer.error(&message, Some(&help));
        None
    };
    let reference: ModelReference = match reference.parse() {
        Ok(reference) => reference,
        Err(error) => return refuse(error.to_string(), error.help()),
    };
    let settings = ResolveSettings {
        offline,
        variant: variant.map(str::to_owned),
        progress: fetching::watch(volume, printer),
        ..ResolveSettings::of(&Surroundings::of_process())
    };
    resolve(&reference, Path::new(""), &settings)
        .map_or_else(|error| refuse(error.to_string(), error.help()), Some)
}
