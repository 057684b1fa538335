//! Holding the graphs that were made against the model that they were made from.

use std::path::Path;

use ort::environment::Environment;

use crate::mt::past::Past;
use crate::onnx::GraphError;
use crate::random::Random;

use super::config::{Config, to_f32};
use super::graphs::MASK;
use super::marian::Marian;
use super::screen::STATE;
use super::screen_trial::ScreenTrial;
use super::session::{Runner, Values, floats, integers, truth};
use super::{Agreement, Precision};

/// Steps of each trial. At the second, each sentence goes on as two beams; at the third, beams
/// swap places; at the fourth, the first sentence is left out.
const STEPS: usize = 6;

/// Tokens of the sentences that are made up.
const LENGTHS: [usize; 3] = [3, 17, 8];

/// What says which logits are right, one sentence at a time.
pub(super) trait Judge {
    /// The logits of the token after `target`, given that the encoder read `source`.
    fn logits(&mut self, source: &[usize], target: &[usize]) -> Result<Vec<f32>, String>;
}

/// The model by the book. It remembers what it read last.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    model: &'a Marian,
    read: Option<(Vec<usize>, Vec<Vec<f32>>)>,
}

impl<'a> Plain<'a> {
    pub(super) fn new(model: &'a Marian) -> Self {
        Self { model, read: None }
    }
}

impl Judge for Plain<'_> {
    fn logits(&mut self, source: &[usize], target: &[usize]) -> Result<Vec<f32>, String> {
        if self.read.as_ref().is_none_or(|(ids, _)| ids != source) {
            self.read = Some((source.to_vec(), self.model.encode(source)));
        }
        let states = self.read.as_ref().map(|(_, states)| states);
        Ok(states
            .map(|states| self.model.decode(states, target))
            .unwrap_or_default())
    }
}

/// The graphs of an Optimum export.
#[derive(Debug)]
pub(super) struct Original {
    encoder: Runner,
    decoder: Runner,
}

impl Original {
    pub(super) fn load(
        environment: &Environment,
        encoder: &Path,
        decoder: &Path,
    ) -> Result<Self, String> {
        Ok(Self {
            encoder: Runner::load(environment, encoder)?,
            decoder: Runner::load(environment, decoder)?,
        })
    }
}

impl Judge for Original {
    fn logits(&mut self, source: &[usize], target: &[usize]) -> Result<Vec<f32>, String> {
        let shape = [1, source.len()];
        let mut values = Values::new();
        values.insert("input_ids".to_owned(), integers(&shape, source.to_vec())?);
        for name in ["attention_mask", "encoder_attention_mask"] {
            values.insert(name.to_owned(), integers(&shape, vec![1; source.len()])?);
        }
        self.encoder.run(&mut values, |name| match name {
            "last_hidden_state" => "encoder_hidden_states".to_owned(),
            other => other.to_owned(),
        })?;
        let ids = integers(&[1, target.len()], target.to_vec())?;
        values.insert("input_ids".to_owned(), ids);
        if self.decoder.takes("use_cache_branch") {
            values.insert("use_cache_branch".to_owned(), truth(false)?);
            for name in self.decoder.inputs("past_key_values.") {
                let empty = self.decoder.empty(&name, 1)?;
                values.insert(name, empty);
            }
        }
        self.decoder.run(&mut values, str::to_owned)?;
        let logits = floats(&values, "logits")?;
        let vocabulary = logits.len() / target.len().max(1);
        let last = logits.len() - vocabulary;
        Ok(logits.get(last..).unwrap_or_default().to_vec())
    }
}

/// A row of the decoder: whose translation it is, and its tokens so far.
#[derive(Debug, Clone)]
struct Row {
    sentence: usize,
    tokens: Vec<usize>,
}

/// Runs the graphs in `folder` on some sentences and compares their logits.
pub(super) fn compare(
    environment: &Environment,
    folder: &Path,
    model: &Marian,
    samples: &[Vec<usize>],
    judge: &mut dyn Judge,
) -> Result<Agreement, String> {
    let config = &model.config;
    let sentences = sentences(config, samples);
    let mut encoder = Runner::load(environment, &folder.join("encoder.onnx"))?;
    let mut decoder = Runner::load(environment, &folder.join("decoder.onnx"))?;
    let mut compact = Runner::load(environment, &folder.join("compact.onnx"))?;
    let screen = decoder.gives(STATE);
    let screen = screen.then(|| ScreenTrial::load(environment, folder));
    let mut screen = screen.transpose()?;
    let mut sums = Sums::default();
    for trial in sentences.chunks(LENGTHS.len()) {
        let mut values = encode(&mut encoder, config, trial)?;
        let mut past = past(config, &decoder, trial.len(), &mut values)?;
        let row = |sentence| Row {
            sentence,
            tokens: vec![config.decoder_start_token_id],
        };
        let mut rows: Vec<Row> = (0..trial.len()).map(row).collect();
        let mut index: Vec<usize> = (0..rows.len()).collect();
        for step in 0..STEPS.min(config.positions) {
            let ids = rows.iter().filter_map(|row| row.tokens.last().copied());
            values.insert(
                "input_ids".to_owned(),
                integers(&[rows.len()], ids.collect())?,
            );
            values.insert("position".to_owned(), integers(&[1], vec![step])?);
            if let Some(past) = &mut past {
                step_on(&mut decoder, &mut values, past, &index)?;
            } else {
                values.insert("beam_index".to_owned(), integers(&[rows.len()], index)?);
                decoder.run(&mut values, |name| name.replacen("present_", "past_", 1))?;
            }
            let screened = screen.as_mut().map(|screen| screen.logits(&values));
            let screened = screened.transpose()?;
            let logits = match &screened {
                Some(logits) => logits,
                None => floats(&values, "logits")?,
            };
            let each = logits.chunks(config.target_vocabulary);
            let mut best = Vec::with_capacity(rows.len());
            for (row, logits) in rows.iter().zip(each) {
                let source = trial.get(row.sentence).map_or(&[][..], Vec::as_slice);
                let right = judge.logits(source, &row.tokens)?;
                sums.add(&right, logits, config.pad_token_id);
                best.push(two_best(logits));
            }
            let dropped = (step == 3 && trial.len() > 1).then_some(0);
            (rows, index) = go_on(&rows, &best, step, dropped);
            if let Some(dropped) = dropped {
                let kept: Vec<usize> = (0..trial.len()).filter(|s| *s != dropped).collect();
                let count = kept.len();
                values.insert("sentence_index".to_owned(), integers(&[count], kept)?);
                compact.run(&mut values, |name| name.replacen("kept_", "", 1))?;
                if let Some(past) = &mut past {
                    let kept = (0..trial.len()).filter(|s| *s != dropped);
                    past.keep(
                        &kept
                            .filter_map(|s| u32::try_from(s).ok())
                            .collect::<Vec<_>>(),
                    );
                }
            }
        }
    }
    Ok(sums.agreement())
}

/// The past at the start, for as many rows: among `values` if the decoder keeps it.
fn past(
    config: &Config,
    decoder: &Runner,
    rows: usize,
    values: &mut Values,
) -> Result<Option<Past>, String> {
    if !decoder.takes(MASK) {
        for name in decoder.inputs("past_") {
            let empty = decoder.empty(&name, rows)?;
            values.insert(name, empty);
        }
        return Ok(None);
    }
    let heads = config.decoder_attention_heads;
    let element = decoder.element("past_key.0")?;
    let sizes = [heads, config.width / heads.max(1)];
    let past = Past::new(element, 2 * config.decoder_layers, sizes);
    let mut past = past.map_err(|error| error.to_string())?;
    past.start(rows);
    Ok(Some(past))
}

/// Runs the decoder for rows that go on from those at the places in `index`.
fn step_on(
    decoder: &mut Runner,
    values: &mut Values,
    past: &mut Past,
    index: &[usize],
) -> Result<(), String> {
    let text = |error: GraphError| error.to_string();
    let parents = index.iter().map(|row| u32::try_from(*row));
    let parents: Vec<u32> = parents.map(|row| row.unwrap_or(u32::MAX)).collect();
    past.follow(&parents);
    values.insert(MASK.to_owned(), past.mask().map_err(text)?);
    // Keys of all layers come before values.
    let tensors = past.tensors().map_err(text)?;
    let layers = tensors.len() / 2;
    decoder.run_with(values, ["past_key.", "past_value."], tensors)?;
    let mut step = Vec::new();
    for what in ["new_key.", "new_value."] {
        for layer in 0..layers {
            let name = format!("{what}{layer}");
            let made = values.remove(&name);
            step.push(made.ok_or_else(|| format!("the graph has no output `{name}`"))?);
        }
    }
    past.add(&step).map_err(text)
}

/// The sentences to try: those given, and made-up ones.
fn sentences(config: &Config, samples: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut random = Random::from_key(17);
    let made_up = LENGTHS.map(|length| {
        let length = length.min(config.positions);
        (0..length)
            .map(|_| random.below(config.vocab_size))
            .collect::<Vec<_>>()
    });
    let given = samples.iter().map(|sample| {
        let ids = sample.iter().copied().filter(|id| *id < config.vocab_size);
        ids.take(config.positions).collect::<Vec<_>>()
    });
    made_up
        .into_iter()
        .chain(given.filter(|sample| !sample.is_empty()))
        .collect()
}

/// What the encoder makes of sentences, the shorter ones filled up.
fn encode(
    encoder: &mut Runner,
    config: &Config,
    sentences: &[Vec<usize>],
) -> Result<Values, String> {
    let longest = sentences.iter().map(Vec::len).max().unwrap_or_default();
    let (mut ids, mut mask) = (Vec::new(), Vec::new());
    for sentence in sentences {
        let padding = longest - sentence.len();
        ids.extend(sentence);
        ids.extend(vec![
            config.pad_token_id.min(config.vocab_size - 1);
            padding
        ]);
        mask.extend(vec![1; sentence.len()]);
        mask.extend(vec![0; padding]);
    }
    let shape = [sentences.len(), longest];
    let mut values = Values::new();
    values.insert("input_ids".to_owned(), integers(&shape, ids)?);
    values.insert("attention_mask".to_owned(), integers(&shape, mask)?);
    encoder.run(&mut values, str::to_owned)?;
    Ok(values)
}

/// The rows of the next step, and which rows of this one they go on from.
fn go_on(
    rows: &[Row],
    best: &[[usize; 2]],
    step: usize,
    dropped: Option<usize>,
) -> (Vec<Row>, Vec<usize>) {
    let mut next = Vec::new();
    let mut index = Vec::new();
    for (place, (row, tokens)) in rows.iter().zip(best).enumerate() {
        if Some(row.sentence) == dropped {
            continue;
        }
        let beams = if step == 1 { 2 } else { 1 };
        for token in tokens.iter().take(beams) {
            let mut row = row.clone();
            row.tokens.push(*token);
            next.push(row);
            index.push(place);
        }
    }
    if step == 2 {
        for (rows, places) in next.chunks_mut(2).zip(index.chunks_mut(2)) {
            rows.reverse();
            places.reverse();
        }
    }
    (next, index)
}

/// The places of the two greatest numbers.
fn two_best(logits: &[f32]) -> [usize; 2] {
    let mut best = [(f32::MIN, 0); 2];
    for (place, logit) in logits.iter().enumerate() {
        if *logit > best[0].0 {
            best = [(*logit, place), best[0]];
        } else if *logit > best[1].0 {
            best[1] = (*logit, place);
        }
    }
    best.map(|(_, place)| place)
}

/// Differences so far.
#[derive(Debug, Default)]
struct Sums {
    rows: usize,
    same: usize,
    greatest: f32,
    /// Of |difference|, and how many there were.
    difference: f64,
    count: usize,
    /// Spread of the right logits, added up over rows.
    spread: f64,
}

impl Sums {
    /// Compares the logits of a row, except that of the token that is masked.
    fn add(&mut self, right: &[f32], found: &[f32], masked: usize) {
        let pairs = right.iter().zip(found).enumerate();
        let pairs: Vec<(f32, f32)> = pairs
            .filter(|(token, _)| *token != masked)
            .map(|(_, (right, found))| (*right, *found))
            .collect();
        let count = to_f32(pairs.len().max(1));
        let mean = pairs.iter().map(|(right, _)| right).sum::<f32>() / count;
        let squares = pairs
            .iter()
            .map(|(right, _)| (right - mean) * (right - mean));
        self.spread += f64::from((squares.sum::<f32>() / count).sqrt());
        for (right, found) in &pairs {
            // Something that is not a number differs as much as can be.
            let difference = (right - found).abs();
            let difference = if difference.is_nan() {
                f32::MAX
            } else {
                difference
            };
            self.greatest = self.greatest.max(difference);
            self.difference += f64::from(difference);
        }
        let likeliest = |of: fn(&(f32, f32)) -> f32| {
            let best = pairs.iter().map(of).enumerate();
            best.max_by(|one, other| one.1.total_cmp(&other.1))
                .map(|(place, _)| place)
        };
        self.rows += 1;
        self.same += usize::from(likeliest(|pair| pair.0) == likeliest(|pair| pair.1));
        self.count += pairs.len();
    }

    fn agreement(&self) -> Agreement {
        let rows = to_f32(self.rows.max(1));
        let spread = super::marian::narrow(self.spread) / rows;
        let spread = if spread > 0.0 { spread } else { 1.0 };
        let mean = super::marian::narrow(self.difference / f64::from(to_f32(self.count.max(1))));
        Agreement {
            steps: self.rows,
            greatest: self.greatest / spread,
            mean: mean / spread,
            same_token: to_f32(self.same) / rows,
        }
    }
}

impl Precision {
    /// The most that logits may differ on average, in units of their spread.
    fn tolerance(self) -> f32 {
        match self {
            Self::Fp32 => 1e-4,
            Self::Fp16 => 1e-2,
            Self::Int8 => 0.25,
        }
    }

    /// The most that a single logit may differ, in the same units.
    fn greatest(self) -> f32 {
        match self {
            Self::Fp32 => 1e-3,
            Self::Fp16 => 0.1,
            Self::Int8 => 2.0,
        }
    }

    /// Whether graphs that agree so well with their model may be used, and else why not.
    pub(super) fn accepts(self, agreement: &Agreement) -> Result<(), String> {
        let (mean, greatest) = (self.tolerance(), self.greatest());
        if agreement.mean <= mean && agreement.greatest <= greatest {
            return Ok(());
        }
        Err(format!(
            "logits differ by {:.2e} on average and {:.2e} at most, in units of their spread; \
             {mean:.0e} and {greatest:.0e} are allowed with {self}, and {:.0} % of the likeliest \
             tokens are the same",
            agreement.mean,
            agreement.greatest,
            agreement.same_token * 100.0
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_agree_and_the_masked_one_does_not_count() {
        let mut sums = Sums::default();
        sums.add(&[1.0, 2.0, 3.0], &[1.0, 2.0, -9e4], 2);
        let agreement = sums.agreement();
        assert!(
            agreement.greatest < 1e-9 && agreement.same_token > 0.999,
            "{agreement:?}"
        );
        Precision::Fp32.accepts(&agreement).unwrap();
    }

    #[test]
    fn what_is_not_a_number_does_not_pass() {
        let mut sums = Sums::default();
        sums.add(&[1.0, 2.0, 0.0], &[1.0, f32::NAN, 0.0], 2);
        let refusal = Precision::Int8.accepts(&sums.agreement()).unwrap_err();
        assert!(refusal.contains("int8"), "{refusal}");
    }

    #[test]
    fn rows_split_swap_and_leave() {
        let row = |sentence| Row {
            sentence,
            tokens: vec![9],
        };
        let (rows, index) = go_on(&[row(0), row(1)], &[[1, 2], [3, 4]], 1, None);
        assert_eq!(index, [0, 0, 1, 1]);
        assert_eq!(rows[3].tokens, [9, 4]);
        let best = vec![[5, 6]; 4];
        let (rows, index) = go_on(&rows, &best, 2, None);
        assert_eq!(index, [1, 0, 3, 2]);
        assert_eq!(rows[0].tokens, [9, 2, 5]);
        let (rows, index) = go_on(&rows, &best, 3, Some(0));
        assert_eq!((rows.len(), index), (2, vec![2, 3]));
        assert_eq!(two_best(&[0.5, 2.0, 1.0]), [1, 2]);
    }
}
