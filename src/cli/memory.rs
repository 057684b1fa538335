//! `--memory`: how much a run may take, and the settings that follow.

use std::fs;

use super::args::RunArguments;
use crate::engine::{self, RunSettings};
use crate::figures::{counted, size};
use crate::plan::Plan;

/// How much memory is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Amount {
    Bytes(u64),
    /// Of what the machine has, from 0 to 1.
    Share(f64),
}

/// The units of sizes, and their bytes.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Reads a size such as `256MiB`, `2GB`, `1.5 GiB`, or `50%`.
pub(super) fn amount(text: &str) -> Result<Amount, String> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = text.get(..text.len() - unit.len()).unwrap_or_default();
    let wrong = || "expected a size such as 256MiB or 2GB, or a share such as 50%".to_owned();
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim().to_ascii_lowercase();
    if unit == "%" {
        return if number > 0.0 && number <= 100.0 {
            Ok(Amount::Share(number / 100.0))
        } else {
            Err("a share is above 0 and at most 100 per cent".to_owned())
        };
    }
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, bytes) = known.ok_or_else(wrong)?;
    match times(*bytes, number) {
        0 => Err("it must be more than nothing".to_owned()),
        bytes => Ok(Amount::Bytes(bytes)),
    }
}

/// `settings` within the memory that `arguments` allow; else a problem and its remedy.
pub(super) fn limited(
    plan: &Plan,
    settings: RunSettings,
    arguments: &RunArguments,
) -> Result<RunSettings, (String, String)> {
    let Some(amount) = arguments.memory else {
        return Ok(settings);
    };
    let limit = match amount {
        Amount::Bytes(bytes) => bytes,
        Amount::Share(share) => {
            let all = machine().ok_or_else(|| {
                (
                    "`--memory` is a share, and how much memory there is cannot be told here"
                        .to_owned(),
                    "give a size, for example `--memory 2GiB`".to_owned(),
                )
            })?;
            times(all, share)
        }
    };
    engine::within(plan, &settings, limit, arguments.workers.is_none()).map_err(|too_little| {
        let least = too_little.least.div_ceil(1_000_000);
        let fewer = if too_little.workers > 1 {
            ", or run with fewer workers: `-j 1`"
        } else {
            ""
        };
        (
            format!(
                "the run does not fit into {}: with {} it takes at least {least} MB",
                size(limit),
                counted(too_little.workers as u64, "worker"),
            ),
            format!("give `--memory {least}MB` or more{fewer}"),
        )
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size needs no more digits, and is not negative"
)]
fn times(bytes: u64, number: f64) -> u64 {
    (bytes as f64 * number) as u64
}

/// Bytes of memory that this process may have: that of the machine, or less in a container.
fn machine() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = machine.lines().find_map(|line| {
        let number = line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?;
        number.trim().parse::<u64>().ok()?.checked_mul(1024)
    })?;
    let container = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let container = container
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    Some(container.fold(machine, u64::min))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares_are_read() {
        for (text, expected) in [
            ("256MiB", Amount::Bytes(256 << 20)),
            ("2GB", Amount::Bytes(2_000_000_000)),
            ("1.5 gib", Amount::Bytes(3 << 29)),
            ("500000000", Amount::Bytes(500_000_000)),
            ("50%", Amount::Share(0.5)),
            ("100 %", Amount::Share(1.0)),
        ] {
            assert_eq!(amount(text), Ok(expected), "{text}");
        }
        for wrong in [
            "", "much", "2XB", "-1GB", "0", "0%", "101%", "1.2.3MB", "MiB", "inf", "nan",
        ] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }
}
