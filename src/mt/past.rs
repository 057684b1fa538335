//! What a decoder remembers of the rows of its last step, kept by the host: keys and values.
//!
//! A graph that puts its past in the order of the beams, and adds a step to it, copies all of it
//! twice a step, a tenth of the time of a small decoder in eight bits. Here there is room for steps to
//! come, a step is written to its place, and of the rows only those move that go on from another.
//! What there is room for and was not written yet is hidden by a mask.

use half::f16;
use ort::memory::Allocator;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor, TensorElementType};

use crate::onnx::{GraphError, failed};

/// Room is made for so many steps at a time.
const ROOM: usize = 16;

/// What hides a place or a token: far below any score, and a number in half precision.
pub(super) const HIDDEN: f32 = -30_000.0;

/// Keys and values of all layers, each of shape `[rows, heads, room, size of a head]`.
#[derive(Debug)]
pub(super) struct Past {
    element: TensorElementType,
    heads: usize,
    /// Numbers of a head.
    each: usize,
    count: usize,
    tensors: Vec<DynValue>,
    rows: usize,
    steps: usize,
    room: usize,
    order: Order,
}

impl Past {
    /// `count` tensors of `heads` heads with `each` numbers; they are `element`, of 32 or 16 bits.
    pub(super) fn new(
        element: TensorElementType,
        count: usize,
        [heads, each]: [usize; 2],
    ) -> Result<Self, GraphError> {
        if !matches!(
            element,
            TensorElementType::Float32 | TensorElementType::Float16
        ) {
            return Err(GraphError(format!(
                "the model keeps its past as {element:?}: expected Float32 or Float16"
            )));
        }
        Ok(Self {
            element,
            heads,
            each,
            count,
            tensors: Vec::new(),
            rows: 0,
            steps: 0,
            room: 0,
            order: Order::default(),
        })
    }

    /// Forgets everything: the next step is the first.
    pub(super) fn clear(&mut self) {
        self.tensors.clear();
        (self.rows, self.steps, self.room) = (0, 0, 0);
    }

    /// Puts the rows in the order in which the next step goes on from them, and sees to it that
    /// there is room for it.
    pub(super) fn follow(&mut self, parents: &[u32]) -> Result<(), GraphError> {
        if self.tensors.is_empty() || parents.len() != self.rows || self.steps >= self.room {
            return match self.element {
                TensorElementType::Float16 => self.rebuild::<f16>(parents),
                _ => self.rebuild::<f32>(parents),
            };
        }
        self.order.plan(parents);
        match self.element {
            TensorElementType::Float16 => self.rearrange::<f16>(),
            _ => self.rearrange::<f32>(),
        }
    }

    /// The tensors as the graph takes them.
    pub(super) fn tensors(&self) -> &[DynValue] {
        &self.tensors
    }

    /// What is to be added to the scores of the places that there is room for.
    pub(super) fn mask(&self) -> Result<DynValue, GraphError> {
        let mut mask = vec![0.0; self.room];
        mask.iter_mut()
            .skip(self.steps)
            .for_each(|place| *place = HIDDEN);
        Tensor::from_array(([self.room], mask))
            .map(Tensor::into_dyn)
            .map_err(failed)
    }

    /// Writes what the step gave: tensors of shape `[rows, heads, 1, size of a head]`.
    pub(super) fn add(&mut self, step: &[DynValue]) -> Result<(), GraphError> {
        match self.element {
            TensorElementType::Float16 => self.write::<f16>(step)?,
            _ => self.write::<f32>(step)?,
        }
        self.steps += 1;
        Ok(())
    }

    fn write<T: Number>(&mut self, step: &[DynValue]) -> Result<(), GraphError> {
        let (each, steps, room) = (self.each, self.steps, self.room);
        for (tensor, new) in self.tensors.iter_mut().zip(step) {
            let (_, to) = tensor.try_extract_tensor_mut::<T>().map_err(failed)?;
            let (_, new) = new.try_extract_tensor::<T>().map_err(failed)?;
            let places = to.chunks_exact_mut((room * each).max(1));
            if new.len() != places.len() * each || steps >= room {
                let (given, wanted) = (new.len(), places.len() * each);
                return Err(GraphError(format!(
                    "the model gave {given} numbers for its past, not {wanted}"
                )));
            }
            for (to, new) in places.zip(new.chunks_exact(each.max(1))) {
                if let Some(to) = to.get_mut(steps * each..(steps + 1) * each) {
                    to.copy_from_slice(new);
                }
            }
        }
        Ok(())
    }

    /// New tensors of other sizes.
    fn rebuild<T: Number>(&mut self, parents: &[u32]) -> Result<(), GraphError> {
        let room = (self.steps + 1).next_multiple_of(ROOM);
        let shape = [parents.len(), self.heads, room, self.each];
        let (before, after) = (self.room * self.each, room * self.each);
        let used = self.steps * self.each;
        let heads = self.heads;
        let mut tensors = Vec::with_capacity(self.count);
        for place in 0..self.count {
            let mut tensor = Tensor::<T>::new(&Allocator::default(), shape).map_err(failed)?;
            let (_, to) = tensor.extract_tensor_mut();
            let from = match self.tensors.get(place) {
                Some(tensor) => tensor.try_extract_tensor::<T>().map_err(failed)?.1,
                None => &[],
            };
            let to_rows = to.chunks_exact_mut((heads * after).max(1));
            for (to, parent) in to_rows.zip(parents) {
                let start = *parent as usize * heads * before;
                let from = from.get(start..start + heads * before).unwrap_or_default();
                for (head, to) in to.chunks_exact_mut(after.max(1)).enumerate() {
                    let from = from.get(head * before..head * before + used);
                    let from = from.unwrap_or_default();
                    let (to, rest) = to.split_at_mut(from.len());
                    to.copy_from_slice(from);
                    // What is hidden counts nothing as long as it is a number.
                    rest.fill(T::default());
                }
            }
            tensors.push(tensor.into_dyn());
        }
        (self.tensors, self.rows, self.room) = (tensors, parents.len(), room);
        Ok(())
    }

    /// Carries out what was planned.
    fn rearrange<T: Number>(&mut self) -> Result<(), GraphError> {
        if self.order.moves.is_empty() {
            return Ok(());
        }
        let (heads, head, used) = (self.heads, self.room * self.each, self.steps * self.each);
        let mut aside = vec![T::default(); heads * used];
        for tensor in &mut self.tensors {
            let (_, numbers) = tensor.try_extract_tensor_mut::<T>().map_err(failed)?;
            for number in 0..heads {
                let place = |row: usize| (row * heads + number) * head;
                let aside = aside.get_mut(number * used..(number + 1) * used);
                let aside = aside.unwrap_or_default();
                for step in &self.order.moves {
                    match *step {
                        Move::Copy { from, to } => {
                            let from = place(from);
                            numbers.copy_within(from..from + used, place(to));
                        }
                        Move::Aside(row) => {
                            let start = place(row);
                            let row = numbers.get(start..start + used);
                            aside.copy_from_slice(row.unwrap_or_default());
                        }
                        Move::Back(row) => {
                            let start = place(row);
                            if let Some(row) = numbers.get_mut(start..start + used) {
                                row.copy_from_slice(aside);
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// What keys and values are made of.
trait Number: PrimitiveTensorElementType + Copy + Default + std::fmt::Debug + 'static {}

impl Number for f32 {}
impl Number for f16 {}

/// A step on the way from one order of rows to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// What is in one row becomes that of another.
    Copy { from: usize, to: usize },
    /// What is in the row is put aside.
    Aside(usize),
    /// What was put aside becomes that of the row.
    Back(usize),
}

/// The fewest moves by which rows come to hold what others held. No row is written before all that
/// go on from it have been.
#[derive(Debug, Default)]
struct Order {
    moves: Vec<Move>,
    /// How many other rows have yet to read each row.
    readers: Vec<u32>,
    done: Vec<bool>,
    ready: Vec<usize>,
}

impl Order {
    /// Row `i` is to hold what `parents[i]` holds, which is one of as many rows; where it is none of
    /// them, the row stays.
    fn plan(&mut self, parents: &[u32]) {
        let Self {
            moves,
            readers,
            done,
            ready,
        } = self;
        moves.clear();
        readers.clear();
        readers.resize(parents.len(), 0);
        done.clear();
        let known = |parent: &u32| Some(*parent as usize).filter(|row| *row < parents.len());
        let parent = |row: usize| parents.get(row).and_then(known).unwrap_or(row);
        done.extend((0..parents.len()).map(|row| parent(row) == row));
        for row in (0..parents.len()).filter(|row| parent(*row) != *row) {
            if let Some(readers) = readers.get_mut(parent(row)) {
                *readers += 1;
            }
        }
        ready.clear();
        ready.extend((0..parents.len()).filter(|row| !done[*row] && readers[*row] == 0));
        while let Some(row) = ready.pop() {
            let from = parent(row);
            moves.push(Move::Copy { from, to: row });
            done[row] = true;
            if let Some(readers) = readers.get_mut(from) {
                *readers -= 1;
                if *readers == 0 && !done[from] {
                    ready.push(from);
                }
            }
        }
        // What is left are circles, in which each row is read by one other.
        for first in 0..parents.len() {
            if done[first] {
                continue;
            }
            moves.push(Move::Aside(first));
            let mut row = first;
            while parent(row) != first {
                let from = parent(row);
                moves.push(Move::Copy { from, to: row });
                done[row] = true;
                row = from;
            }
            moves.push(Move::Back(row));
            done[row] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What rows hold after the moves, if each held its own number.
    fn carried_out(parents: &[u32]) -> Vec<usize> {
        let mut order = Order::default();
        order.plan(parents);
        let mut rows: Vec<usize> = (0..parents.len()).collect();
        let mut aside = None;
        for step in order.moves {
            match step {
                Move::Copy { from, to } => rows[to] = rows[from],
                Move::Aside(row) => aside = Some(rows[row]),
                Move::Back(row) => rows[row] = aside.unwrap(),
            }
        }
        rows
    }

    #[test]
    fn rows_that_stay_are_not_touched() {
        let mut order = Order::default();
        order.plan(&[0, 1, 2]);
        assert_eq!(order.moves, []);
        order.plan(&[0, 0, 2]);
        assert_eq!(order.moves, [Move::Copy { from: 0, to: 1 }]);
        order.plan(&[1, 0]);
        assert_eq!(order.moves.len(), 3);
    }

    proptest! {
        #[test]
        fn every_row_comes_to_hold_its_parent(
            parents in (1_u32..12).prop_flat_map(|rows| prop::collection::vec(0..rows, rows as usize))
        ) {
            let expected: Vec<usize> = parents.iter().map(|parent| *parent as usize).collect();
            prop_assert_eq!(carried_out(&parents), expected);
        }
    }
}
