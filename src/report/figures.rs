//! Times, rates and measures as people read them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::counters::{Counts, Measure};
use crate::figures::grouped;

/// A time as its two largest units: `1.2 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How many a second, rounded to three digits; nothing where no time has passed.
pub(super) fn per_second(count: u64, time: Duration) -> u64 {
    let seconds = time.as_secs_f64();
    if seconds <= 0.0 {
        return 0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people: positive, and rounded anyway"
    )]
    let rate = (count as f64 / seconds).round() as u64;
    let digits = rate.checked_ilog10().unwrap_or_default();
    let unit = 10_u64.pow(digits.saturating_sub(2));
    rate / unit * unit
}

/// How long the rest takes at the pace so far; nothing while there is no pace.
pub(super) fn remaining(done: u64, total: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 || done > total {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let rest = (total - done) as f64 / done as f64;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * rest).ok()
}

/// The share of `part` in `whole`, in whole percent.
pub(super) fn percent(part: u64, whole: u64) -> u64 {
    let share = u128::from(part) * 100 / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// A measure with its name: `sentences 1,234/s`, or `padding 12 %`.
pub(super) fn measured(name: &str, measure: Measure, elapsed: Duration) -> String {
    match measure.whole {
        Some(whole) => format!("{name} {} %", percent(measure.amount, whole)),
        None => format!("{name} {}/s", grouped(per_second(measure.amount, elapsed))),
    }
}

/// Adds the measures in `counts`, if there are any, to what programs are told of an operator.
pub(super) fn add_measures(operator: &mut Value, counts: &Counts, elapsed: Duration) {
    if let (Some(operator), false) = (operator.as_object_mut(), counts.measures.is_empty()) {
        let measures = counts.measures.iter();
        let measures: Map<String, Value> = measures
            .map(|(name, measure)| (name.clone(), measured_json(*measure, elapsed)))
            .collect();
        operator.insert("measures".to_owned(), Value::Object(measures));
    }
}

/// A measure for programs.
fn measured_json(measure: Measure, elapsed: Duration) -> Value {
    match measure.whole {
        Some(whole) => json!({ "part": measure.amount, "whole": whole }),
        None => json!({
            "total": measure.amount,
            "per_second": per_second(measure.amount, elapsed),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_at_most_two_units() {
        let times = [40, 1_240, 59_999, 200_000, 7_500_000]
            .map(Duration::from_millis)
            .map(time);
        assert_eq!(times, ["0.0 s", "1.2 s", "59 s", "3 min 20 s", "2 h 5 min"]);
    }

    #[test]
    fn rates_are_rounded_and_never_divide_by_zero() {
        assert_eq!(per_second(123_456, Duration::from_secs(1)), 123_000);
        assert_eq!(per_second(12, Duration::from_secs(1)), 12);
        assert_eq!(per_second(12, Duration::ZERO), 0);
    }

    #[test]
    fn measures_are_rates_or_shares() {
        let amount = Measure {
            amount: 3_000,
            whole: None,
        };
        let share = Measure {
            amount: 3,
            whole: Some(24),
        };
        let time = Duration::from_secs(2);
        assert_eq!(measured("sentences", amount, time), "sentences 1,500/s");
        assert_eq!(measured("padding", share, time), "padding 12 %");
        let expected = json!({ "total": 3_000, "per_second": 1_500 });
        assert_eq!(measured_json(amount, time), expected);
        assert_eq!(
            measured_json(share, time),
            json!({ "part": 3, "whole": 24 })
        );
    }

    #[test]
    fn the_rest_follows_the_pace() {
        assert_eq!(
            remaining(25, 100, Duration::from_secs(5)),
            Some(Duration::from_secs(15))
        );
        assert_eq!(remaining(0, 100, Duration::from_secs(5)), None);
        assert_eq!(remaining(101, 100, Duration::from_secs(5)), None);
        assert_eq!((percent(1, 3), percent(0, 0)), (33, 0));
    }
}
