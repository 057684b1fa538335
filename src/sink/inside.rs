//! A sink writes below its folder and nowhere else.

use std::fs;
use std::path::{Component, Path};

use super::SinkError;

/// The folder of the record of what is finished: no output goes there.
const RECORD: &str = ".augment";

/// Checks that `target` lies below `root`, whatever a shard is called and whatever links there are: the
/// folder itself may be a link, what is below it may not.
///
/// # Errors
/// When a write to `target` would go elsewhere.
pub(crate) fn check_inside(root: &Path, target: &Path) -> Result<(), SinkError> {
    let leads_out = || SinkError::LeadsOut {
        root: root.to_owned(),
        path: target.to_owned(),
    };
    let below = target.strip_prefix(root).map_err(|_| leads_out())?;
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(name) if name != RECORD && !name.is_empty());
    if below.as_os_str().is_empty() || !below.components().all(is_plain) {
        return Err(leads_out());
    }
    let folders = below.parent().unwrap_or(Path::new(""));
    let mut folder = root.to_owned();
    for part in folders.components() {
        folder.push(part);
        if fs::symlink_metadata(&folder).is_ok_and(|found| found.is_symlink()) {
            return Err(SinkError::Link { path: folder });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let root = Path::new("out");
        for (target, fine) in [
            ("out/a.parquet", true),
            ("out/sub/a.parquet", true),
            ("out/../a.parquet", false),
            ("out/sub/../../a.parquet", false),
            ("out/.augment/lock", false),
            ("elsewhere/a.parquet", false),
            ("/etc/passwd", false),
            ("out", false),
        ] {
            let found = check_inside(root, Path::new(target));
            assert_eq!(found.is_ok(), fine, "{target}");
        }
    }
}
