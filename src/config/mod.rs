//! From the text of a pipeline file to its raw tables, with the place of every value.
//!
//! A [`Document`] owns the texts: the file and the `--set` flags. [`Document::parse`] reads them
//! into a [`RawPipeline`], which borrows from it and carries every problem found on the way. What
//! is not wrong is still there, so that the plan can find what is wrong with the rest in the same
//! go. Nothing here looks at data.

mod environment;
mod file;
mod overrides;
mod raw;
mod shape;
mod syntax;
mod test;

pub use file::{LARGEST_FILE, read};
pub use raw::{NodeKind, RawNode, RawPipeline};
pub use test::{RawTest, snapshot_name};

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::diagnostic::Texts;

/// The texts of a pipeline: its file, and what the command line sets on top of it.
#[derive(Debug, Clone)]
pub struct Document {
    texts: Texts,
    base: PathBuf,
}

impl Document {
    /// A document from memory. `name` is what reports call it, relative paths in it start at
    /// `base`, and each of `overrides` is a line of TOML such as `operators.eda.rate=0.2` that
    /// replaces one value.
    pub fn new(name: &str, text: &str, base: &Path, overrides: &[String]) -> Self {
        let mut texts = Texts::new(name, text);
        for flag in overrides {
            texts.add("--set".to_owned(), flag.clone());
        }
        Self {
            texts,
            base: base.to_owned(),
        }
    }

    /// The texts, to report on.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The folder that relative paths of the pipeline start at.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// What the pipeline is called: the name of its file without folder and extension.
    pub fn name(&self) -> &str {
        Path::new(self.texts.name())
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("pipeline")
    }

    /// Reads the texts. `seed` replaces that of the file; `environment` gives the values of
    /// `${VARIABLE}` in strings.
    ///
    /// After a syntax error only syntax errors are reported: what an unreadable file seems to lack
    /// may well be there.
    pub fn parse(
        &self,
        seed: Option<u64>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> RawPipeline<'_> {
        let mut problems = Vec::new();
        let mut texts = self.texts.iter();
        let file = texts.next().map_or("", |(_, text)| text);
        let (root, errors) = DeTable::parse_recoverable(file);
        problems.extend(syntax::problems(file, &errors));
        let mut root = root.into_inner();
        let mut flags_parse = true;
        for (start, flag) in texts {
            let found = overrides::apply(&mut root, flag, start);
            flags_parse &= found.is_empty();
            problems.extend(found);
        }
        if !errors.is_empty() {
            return RawPipeline::unreadable(self, problems);
        }
        problems.extend(environment::substitute(&mut root, &self.texts, environment));
        let mut pipeline = shape::read(self, root, problems);
        pipeline.seed = seed.unwrap_or(pipeline.seed);
        pipeline.complete &= flags_parse;
        pipeline
    }
}
