use proptest::prelude::*;

use super::*;

/// A table, and what eight bits make of it.
struct Trial {
    rows: Vec<f32>,
    bias: Vec<f32>,
    bytes: Vec<i8>,
    scales: Vec<f32>,
    mean: Vec<f32>,
    mean_error: Vec<f32>,
    norms: Vec<Norms>,
    width: usize,
}

impl Trial {
    fn new(rows: Vec<f32>, bias: Vec<f32>) -> Self {
        let width = rows.len() / bias.len();
        let mut trial = Self {
            rows,
            bias,
            bytes: Vec::new(),
            scales: Vec::new(),
            mean: vec![0.0; width],
            mean_error: vec![0.0; width],
            norms: Vec::new(),
            width,
        };
        let mut errors = Vec::new();
        for row in trial.rows.chunks(width) {
            let most = row.iter().fold(0.0_f32, |most, one| most.max(one.abs()));
            let scale = if most > 0.0 { most / 64.0 } else { 1.0 };
            let whole: Vec<f32> = row.iter().map(|one| (one / scale).round()).collect();
            errors.extend(row.iter().zip(&whole).map(|(x, whole)| x - whole * scale));
            trial.scales.push(scale);
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers up to 64")]
            trial.bytes.extend(whole.iter().map(|one| *one as i8));
        }
        trial.mean = mean(&trial.rows, width);
        trial.mean_error = mean(&errors, width);
        for (row, error) in trial.rows.chunks(width).zip(errors.chunks(width)) {
            trial.norms.push(Norms {
                length: distance(row, &trial.mean),
                error: distance(error, &trial.mean_error),
            });
        }
        trial
    }

    fn table(&self) -> Table<'_> {
        Table {
            rows: &self.rows,
            bias: &self.bias,
            scales: &self.scales,
            mean: &self.mean,
            mean_error: &self.mean_error,
            norms: &self.norms,
            greatest: Norms::greatest(&self.norms),
        }
    }

    fn products(&self, bytes: &[u8]) -> Vec<i32> {
        let of = |row: &[i8]| {
            let pairs = row.iter().zip(bytes);
            let each = pairs.map(|(w, h)| i32::from(*w) * (i32::from(*h) - i32::from(ZERO)));
            each.sum()
        };
        self.bytes.chunks(self.width).map(of).collect()
    }

    /// Tokens and scores, and the logarithm of the first one's probability, by the screen.
    fn screened(
        &self,
        screen: &mut Screen,
        state: &[f32],
        count: usize,
    ) -> Option<(Vec<(u32, u32)>, f32)> {
        let mut bytes = Vec::new();
        let rounded = Rounded::new(state, &self.table(), &mut bytes);
        let products = self.products(&bytes);
        let found = screen.likeliest(&self.table(), state, &rounded, &products, count)?;
        let (found, log_probability) = found;
        let pairs = found.iter().map(|one| (one.token, one.logit.to_bits()));
        Some((pairs.collect(), log_probability))
    }

    /// The same, by the exact scores of all tokens.
    fn expected(&self, state: &[f32], count: usize) -> (Vec<(u32, u32)>, f64) {
        let scores = (0..self.bias.len()).map(|token| self.table().score(state, token));
        let scores: Vec<f32> = scores.collect();
        let mut order: Vec<u32> = (0..).take(scores.len()).collect();
        order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
        order.truncate(count);
        let first = f64::from(scores[order[0] as usize]);
        let sum: f64 = scores.iter().map(|x| (f64::from(*x) - first).exp()).sum();
        let pairs = order
            .iter()
            .map(|one| (*one, scores[*one as usize].to_bits()));
        (pairs.collect(), -sum.ln())
    }
}

#[expect(clippy::cast_precision_loss, reason = "tables are small")]
fn mean(rows: &[f32], width: usize) -> Vec<f32> {
    let count = (rows.len() / width) as f32;
    let column = |place: usize| rows.iter().skip(place).step_by(width).sum::<f32>() / count;
    (0..width).map(column).collect()
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    let squares = one.iter().zip(other).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>().sqrt()
}

fn numbers(spread: f32, count: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-spread..spread, count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_likeliest_are_those_of_the_exact_scores(
        rows in numbers(1.0, 700 * 16),
        bias in numbers(1.0, 700),
        states in prop::collection::vec(numbers(3.0, 16), 3),
        count in 1_usize..20,
    ) {
        let trial = Trial::new(rows, bias);
        let mut screen = Screen::default();
        for state in states {
            let (found, log_probability) = trial.screened(&mut screen, &state, count).unwrap();
            let (expected, right) = trial.expected(&state, count);
            prop_assert_eq!(found, expected);
            let difference = (f64::from(log_probability) - right).abs();
            prop_assert!(difference < 2e-3, "{} {}", log_probability, right);
        }
    }

    #[test]
    fn no_score_is_further_off_than_its_bound(
        rows in numbers(2.0, 40 * 33),
        state in numbers(5.0, 33),
    ) {
        let trial = Trial::new(rows, vec![0.0; 40]);
        let mut bytes = Vec::new();
        let table = trial.table();
        let rounded = Rounded::new(&state, &table, &mut bytes);
        let mut scores = vec![0.0; 40];
        let products = trial.products(&bytes);
        rounded.rescale(&products, table.scales, table.bias, &mut scores);
        for (token, score) in scores.iter().enumerate() {
            let off = (score - table.score(&state, token)).abs();
            prop_assert!(off <= rounded.bound(table.norms[token]), "{} {}", token, off);
        }
    }
}

/// Like a trained model: a state is close to some rows of the table, and far from most.
#[test]
fn few_tokens_are_scored_exactly() {
    let mut random = crate::random::Random::from_key(3);
    #[expect(clippy::cast_possible_truncation, reason = "numbers around zero")]
    let mut normal = || (0..12).map(|_| random.unit()).sum::<f64>() as f32 - 6.0;
    let rows: Vec<f32> = (0..8_000 * 64).map(|_| normal()).collect();
    let state: Vec<f32> = (0..64)
        .map(|place| 0.3 * rows[place] + 0.1 * rows[64 + place] + 0.1 * normal())
        .collect();
    let trial = Trial::new(rows, vec![0.0; 8_000]);
    let mut screen = Screen::default();
    let (found, log_probability) = trial.screened(&mut screen, &state, 5).unwrap();
    let (expected, right) = trial.expected(&state, 5);
    assert_eq!(found, expected);
    assert!((f64::from(log_probability) - right).abs() < 1e-4);
    assert!(screen.exact < 100, "{}", screen.exact);
}

#[test]
fn a_table_fits_or_does_not() {
    let trial = Trial::new(vec![1.0; 30], vec![0.0; 10]);
    let table = trial.table();
    assert!(table.fits());
    let rows = &table.rows[1..];
    assert!(!Table { rows, ..table }.fits());
    let norms = &table.norms[1..];
    assert!(!Table { norms, ..table }.fits());
    let mean_error = &table.mean_error[1..];
    assert!(
        !Table {
            mean_error,
            ..table
        }
        .fits()
    );
}

#[test]
fn what_is_no_number_is_told() {
    let trial = Trial::new(vec![0.5; 30], vec![0.0; 10]);
    let mut screen = Screen::default();
    for wrong in [f32::NAN, f32::INFINITY] {
        let found = trial.screened(&mut screen, &[1.0, wrong, 0.0], 2);
        assert!(found.is_none(), "{found:?}");
    }
    let (found, _) = trial.screened(&mut screen, &[0.0; 3], 2).unwrap();
    assert_eq!(found, [(0, 0), (1, 0)]);
}

#[test]
fn a_token_that_is_ruled_out_by_its_bias_stays_out() {
    let mut bias = vec![0.0; 600];
    bias[7] = -9.0e4;
    let trial = Trial::new(vec![1.0; 600 * 8], bias);
    let mut screen = Screen::default();
    let (found, log_probability) = trial.screened(&mut screen, &[2.0; 8], 599).unwrap();
    assert!(found.iter().all(|(token, _)| *token != 7));
    assert!((log_probability + 599.0_f32.ln()).abs() < 1e-4);
}
