//! What a decoder remembers of the steps before, kept by the host: keys and values.
//!
//! The hypotheses of a sentence are a tree: those that go on from the same one have all before it in
//! common. So keys and values of a token are kept once, in a slot of its sentence. A row sees the
//! slots of the tokens before it, its line, and a mask hides the others from it. Nothing moves when
//! beams change places, and a slot that no row goes on from any more is used again.

mod lines;

use std::fmt::Debug;

use half::f16;
use ort::session::SessionInputValue;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor, TensorElementType, TensorRef};

use crate::onnx::{GraphError, failed};
use lines::Lines;

/// Slots are made so many at a time.
const ROOM: usize = 16;

/// What hides a slot or a token: far below any score, and a number in half precision.
pub(super) const HIDDEN: f32 = -30_000.0;

/// Keys and values of all layers, each of shape `[sentences, heads, slots, size of a head]`.
#[derive(Debug)]
pub(super) struct Past {
    numbers: Numbers,
    heads: usize,
    /// Numbers of a head.
    each: usize,
    slots: usize,
    /// The place of each sentence in the tensors: not its own one once others were dropped.
    places: Vec<u32>,
    /// Whether the tensors are those of other sentences than there are.
    stale: bool,
    lines: Lines,
}

/// The tensors, in the precision of the graph.
#[derive(Debug)]
enum Numbers {
    Single(Held<f32>),
    Half(Held<f16>),
}

impl Past {
    /// `count` tensors of `heads` heads with `each` numbers; they are `element`, of 32 or 16 bits.
    pub(super) fn new(
        element: TensorElementType,
        count: usize,
        [heads, each]: [usize; 2],
    ) -> Result<Self, GraphError> {
        let numbers = match element {
            TensorElementType::Float32 => Numbers::Single(Held::new(count)),
            TensorElementType::Float16 => Numbers::Half(Held::new(count)),
            _ => {
                return Err(GraphError(format!(
                    "the model keeps its past as {element:?}: expected Float32 or Float16"
                )));
            }
        };
        Ok(Self {
            numbers,
            heads,
            each,
            slots: 0,
            places: Vec::new(),
            stale: true,
            lines: Lines::default(),
        })
    }

    /// Forgets everything: the next step is the first of so many sentences.
    pub(super) fn start(&mut self, sentences: usize) {
        self.slots = 0;
        self.places.clear();
        self.places.extend((0..).take(sentences));
        self.stale = true;
        self.lines.start(sentences);
    }

    /// Goes on with these sentences only.
    pub(super) fn keep(&mut self, sentences: &[u32]) {
        let places = sentences.iter();
        let places = places.filter_map(|sentence| self.places.get(*sentence as usize));
        self.places = places.copied().collect();
        self.stale = true;
    }

    /// Lets each row of the next step go on from a row of the last one, at the first step from a
    /// sentence; all sentences have as many rows. Sees to it that there is a slot for each.
    pub(super) fn follow(&mut self, parents: &[u32]) {
        let needed = self.lines.follow(parents, self.places.len());
        if needed <= self.slots && !self.stale {
            return;
        }
        let slots = needed.next_multiple_of(ROOM);
        let sizes = [self.slots, slots].map(|slots| slots * self.each);
        match &mut self.numbers {
            Numbers::Single(held) => held.rebuild(&self.places, self.heads, sizes),
            Numbers::Half(held) => held.rebuild(&self.places, self.heads, sizes),
        }
        self.slots = slots;
        self.places = (0..).take(self.places.len()).collect();
        self.stale = false;
    }

    /// The tensors as the graph takes them.
    pub(super) fn tensors(&self) -> Result<Vec<SessionInputValue<'_>>, GraphError> {
        let shape = [self.places.len(), self.heads, self.slots, self.each];
        match &self.numbers {
            Numbers::Single(held) => held.tensors(shape),
            Numbers::Half(held) => held.tensors(shape),
        }
    }

    /// What is to be added to the scores of the slots, of shape `[sentences, 1, rows of each, slots]`.
    pub(super) fn mask(&self) -> Result<DynValue, GraphError> {
        let shape = [self.places.len(), 1, self.lines.width, self.slots];
        let mut mask = vec![HIDDEN; self.lines.seen.len() * self.slots];
        let rows = mask.chunks_mut(self.slots.max(1));
        for (line, row) in self.lines.seen.iter().zip(rows) {
            for slot in line {
                if let Some(number) = row.get_mut(*slot as usize) {
                    *number = 0.0;
                }
            }
        }
        Tensor::from_array((shape, mask))
            .map(Tensor::into_dyn)
            .map_err(failed)
    }

    /// Writes what the step gave: tensors of shape `[sentences, heads, rows of each, size of a head]`.
    pub(super) fn add(&mut self, step: &[DynValue]) -> Result<(), GraphError> {
        let sizes = [self.heads, self.slots, self.each];
        match &mut self.numbers {
            Numbers::Single(held) => held.write(step, &self.lines, sizes)?,
            Numbers::Half(held) => held.write(step, &self.lines, sizes)?,
        }
        self.lines.add();
        Ok(())
    }
}

/// What keys and values are made of.
trait Number: PrimitiveTensorElementType + Copy + Default + Debug + 'static {}

impl Number for f32 {}
impl Number for f16 {}

/// The numbers of tensors. Their memory is used again for the next sentences.
#[derive(Debug)]
struct Held<T> {
    tensors: Vec<Vec<T>>,
    spare: Vec<T>,
}

impl<T: Number> Held<T> {
    fn new(count: usize) -> Self {
        Self {
            tensors: vec![Vec::new(); count],
            spare: Vec::new(),
        }
    }

    fn tensors(&self, shape: [usize; 4]) -> Result<Vec<SessionInputValue<'_>>, GraphError> {
        let each = self.tensors.iter();
        each.map(|numbers| {
            let tensor = TensorRef::from_array_view((shape, numbers.as_slice()));
            tensor.map(Into::into).map_err(failed)
        })
        .collect()
    }

    /// Keeps the sentences at these places; heads of `before` numbers come to have `after`.
    fn rebuild(&mut self, places: &[u32], heads: usize, [before, after]: [usize; 2]) {
        let common = before.min(after);
        for tensor in &mut self.tensors {
            self.spare.clear();
            for place in places {
                let first = *place as usize * heads;
                for head in first..first + heads {
                    let used = tensor.get(head * before..head * before + common);
                    self.spare.extend_from_slice(used.unwrap_or_default());
                    // What is hidden counts nothing as long as it is a number.
                    let filled = self.spare.len() + after - used.map_or(0, <[T]>::len);
                    self.spare.resize(filled, T::default());
                }
            }
            std::mem::swap(tensor, &mut self.spare);
        }
    }

    /// Writes what each row has now to its slot.
    fn write(
        &mut self,
        step: &[DynValue],
        lines: &Lines,
        [heads, slots, each]: [usize; 3],
    ) -> Result<(), GraphError> {
        let width = lines.width.max(1);
        let wanted = lines.next.len() * heads * each;
        for (tensor, new) in self.tensors.iter_mut().zip(step) {
            let (_, new) = new.try_extract_tensor::<T>().map_err(failed)?;
            if new.len() != wanted || each == 0 {
                let given = new.len();
                return Err(GraphError(format!(
                    "the model gave {given} numbers for its past, not {wanted}"
                )));
            }
            let mut new = new.chunks_exact(each);
            let heads_of_all = tensor.chunks_exact_mut((slots * each).max(1));
            let next = lines.next.chunks(width);
            let next = next.flat_map(|next| std::iter::repeat_n(next, heads));
            for (head, next) in heads_of_all.zip(next) {
                for (slot, new) in next.iter().zip(&mut new) {
                    let start = *slot as usize * each;
                    if let Some(to) = head.get_mut(start..start + each) {
                        to.copy_from_slice(new);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_numbers_when_others_go_and_there_is_more_room() {
        let mut held = Held::<f32>::new(1);
        held.rebuild(&[0, 1, 2], 2, [0, 2]);
        assert_eq!(held.tensors, [[0.0; 12]]);
        let numbers = (0_u8..).map(f32::from);
        for (to, number) in held.tensors[0].iter_mut().zip(numbers) {
            *to = number;
        }
        held.rebuild(&[0, 2], 2, [2, 3]);
        let expected = [0.0, 1.0, 0.0, 2.0, 3.0, 0.0, 8.0, 9.0, 0.0, 10.0, 11.0, 0.0];
        assert_eq!(held.tensors, [expected]);
        held.rebuild(&[1], 2, [3, 1]);
        assert_eq!(held.tensors, [[8.0, 10.0]]);
    }
}
