//! Translates lines, a sentence each, from standard input to standard output.
//!
//! ```sh
//! echo "He bought a house." | cargo run --release --example translate -- builtin:en-de
//! cargo run --release --example translate -- my-model-folder 4 < sentences.txt   # four beams
//! ```
//!
//! This is the library below the operator `back_translation`: no Parquet, no pipeline. A sentence
//! that has more tokens than the model takes is an error: the operator would cut it.

use std::env;
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

use augment::inference::{ModelName, ModelSettings};
use augment::mt::{self, Decoding, Sentence, Strategy};
use augment::random::Random;

/// Sentences that are translated together, in batches of like length.
const TOGETHER: usize = 512;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let model = arguments
        .next()
        .ok_or("usage: translate MODEL [BEAMS] < SENTENCES")?;
    let strategy = match arguments.next().map(|beams| beams.parse()).transpose()? {
        None | Some(1) => Strategy::Greedy,
        Some(beams) => Strategy::Beam {
            beams,
            length_penalty: 1.0,
        },
    };
    let name = ModelName {
        reference: &model,
        variant: None,
    };
    let factory = mt::open(name, Path::new(""), &ModelSettings::default())?;
    let mut translator = factory.translator()?;

    let lines = stdin().lock().lines().collect::<Result<Vec<_>, _>>()?;
    let mut output = stdout().lock();
    for lines in lines.chunks(TOGETHER) {
        let sentences: Vec<Sentence<'_>> = lines
            .iter()
            .map(|line| Sentence {
                text: line,
                wanted: 1,
                // Nothing is drawn.
                random: Random::from_key(0),
            })
            .collect();
        let (translations, _) = translator.translate(&sentences, &Decoding::new(strategy))?;
        for translations in translations {
            let text = translations.first().map_or("", |best| &best.text);
            writeln!(output, "{}", text.replace('\n', " "))?;
        }
    }
    Ok(())
}
