//! What the operators of one run have in common, and what is known when a plan is made.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::LabelCounts;
use super::survey::Surveyed;
use crate::inference::ModelSettings;
use crate::text::WordCounts;

/// What the operators of one run have in common. A run owns one and drops it at its end.
#[derive(Debug, Default)]
pub struct Resources {
    /// The folder that relative paths in options start at: that of the pipeline file.
    pub base: PathBuf,
    /// How models run.
    pub models: ModelSettings,
    /// What is loaded once for all workers.
    pub shared: Shared,
}

/// Counted words, as the run hands them to an operator.
struct Counted(Arc<WordCounts>);

/// What a survey of the sources found out, as the run hands it to an operator.
struct Found(Surveyed);
/// Counted labels, as the run hands them to an operator.
struct CountedLabels(Arc<LabelCounts>);

impl Resources {
    /// Hands the operator `id` what a survey of its sources found out. Whoever builds an operator
    /// that wants one ([`OperatorConfig::surveys`](super::OperatorConfig::surveys)) does so before.
    pub fn set_surveyed(&self, id: &str, found: Surveyed) {
        let kept = self
            .shared
            .get_or_try_insert(id, || Ok::<_, Infallible>(Found(found)));
        drop(kept);
    }

    /// What a survey of the sources found out for the operator `id`, if there was one and it gave
    /// a `T`.
    pub fn surveyed<T: Any + Send + Sync>(&self, id: &str) -> Option<Arc<T>> {
        let kept = self.shared.get_or_try_insert(id, || Err::<Found, ()>(()));
        Arc::clone(&kept.ok()?.0).downcast().ok()
    }

    /// Hands the operator `id` the words of its sources, counted. Whoever builds an operator that
    /// wants them ([`OperatorConfig::counts_words`](super::OperatorConfig::counts_words)) does so
    /// before.
    pub fn set_word_counts(&self, id: &str, counts: Arc<WordCounts>) {
        let kept = self
            .shared
            .get_or_try_insert(id, || Ok::<_, Infallible>(Counted(counts)));
        drop(kept);
    }

    /// The words of the sources that reach the operator `id`, if they were counted for it.
    pub fn word_counts(&self, id: &str) -> Option<Arc<WordCounts>> {
        let kept = self.shared.get_or_try_insert(id, || Err::<Counted, ()>(()));
        kept.ok().map(|counted| Arc::clone(&counted.0))
    }

    /// Hands the operator `id` the labels of its sources, counted. Whoever builds an operator that
    /// wants them ([`CompositeConfig::counts_labels`](super::CompositeConfig::counts_labels)) does so
    /// before.
    pub fn set_label_counts(&self, id: &str, counts: Arc<LabelCounts>) {
        let kept = self
            .shared
            .get_or_try_insert(id, || Ok::<_, Infallible>(CountedLabels(counts)));
        drop(kept);
    }

    /// The labels of the sources that reach the operator `id`, if they were counted for it.
    pub fn label_counts(&self, id: &str) -> Option<Arc<LabelCounts>> {
        let kept = self
            .shared
            .get_or_try_insert(id, || Err::<CountedLabels, ()>(()));
        kept.ok().map(|counted| Arc::clone(&counted.0))
    }
}

/// What is known when a plan is made, for a look at the files that options name.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The folder that relative paths in options start at: that of the pipeline file.
    pub base: &'a Path,
    /// How models would run. Where they say `offline`, nothing is to be fetched.
    pub models: &'a ModelSettings,
}

/// A place that a shared value is kept in, locked while it is made.
type Slot = Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

/// Values that the workers of a run share, such as the weights of a model: each is made by the
/// first who asks for it.
///
/// ```
/// use augment::operator::Shared;
/// let shared = Shared::default();
/// let words = shared.get_or_try_insert("words", || Ok::<_, &str>(vec!["one", "two"]))?;
/// let again = shared.get_or_try_insert("words", || Err::<Vec<&str>, _>("not made twice"))?;
/// assert!(std::sync::Arc::ptr_eq(&words, &again));
/// # Ok::<(), &str>(())
/// ```
#[derive(Default)]
pub struct Shared(Mutex<BTreeMap<(TypeId, String), Slot>>);

impl Shared {
    /// The value of type `T` that is kept under `key`; `make` makes it if there is none. Others
    /// who ask for the same value wait meanwhile, those who ask for another do not.
    ///
    /// # Errors
    /// Those of `make`, after which the next who asks tries again.
    pub fn get_or_try_insert<T: Any + Send + Sync, E>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = slots.entry((TypeId::of::<T>(), key.to_owned()));
            Arc::clone(slot.or_default())
        };
        let mut value = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = value.clone().and_then(|found| found.downcast::<T>().ok()) {
            return Ok(found);
        }
        let new = Arc::new(make()?);
        *value = Some(Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
        Ok(new)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names = slots.keys().map(|(_, name)| name);
        formatter.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_value_is_made_once_however_many_ask() {
        let (shared, made) = (Shared::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let value = shared.get_or_try_insert("model", || {
                        made.fetch_add(1, Ordering::Relaxed);
                        Ok::<_, ()>("weights".to_owned())
                    });
                    assert_eq!(*value.unwrap(), "weights");
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn values_are_told_apart_by_key_and_type() {
        let shared = Shared::default();
        let number = |key: &str, value: u32| shared.get_or_try_insert(key, || Ok::<_, ()>(value));
        assert_eq!((*number("a", 1).unwrap(), *number("b", 2).unwrap()), (1, 2));
        let text = shared.get_or_try_insert("a", || Ok::<_, ()>("one"));
        assert_eq!(*text.unwrap(), "one");
        assert_eq!(*number("a", 3).unwrap(), 1);
    }

    #[test]
    fn words_are_counted_for_one_operator() {
        let resources = Resources::default();
        assert!(resources.word_counts("a").is_none());
        resources.set_word_counts("a", Arc::new(WordCounts::of(["one two"])));
        assert_eq!(resources.word_counts("a").unwrap().words().len(), 2);
        assert!(resources.word_counts("b").is_none());
    }

    #[test]
    fn what_was_surveyed_is_for_one_operator() {
        let resources = Resources::default();
        resources.set_surveyed("a", Arc::new(7_u64));
        assert_eq!(resources.surveyed::<u64>("a").as_deref(), Some(&7));
        assert_eq!(resources.surveyed::<String>("a"), None);
        assert_eq!(resources.surveyed::<u64>("b"), None);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let shared = Shared::default();
        let failed = shared.get_or_try_insert("a", || Err::<u32, _>("no memory"));
        assert_eq!(failed.unwrap_err(), "no memory");
        let made = shared.get_or_try_insert("a", || Ok::<_, ()>(7_u32));
        assert_eq!(*made.unwrap(), 7);
    }
}
