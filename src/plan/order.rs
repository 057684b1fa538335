//! The order in which operators can run, and the circles that have none.

use std::collections::BTreeSet;

use super::Producer;
use super::graph::{Input, Wiring};
use crate::batch::OperatorSet;
use crate::config::RawPipeline;
use crate::diagnostic::Diagnostic;

/// The operators so that each comes after those it reads; in the order of the file where there is
/// a choice. Those that lie on a circle, or behind one, are left out.
pub(super) fn sort(
    raw: &RawPipeline<'_>,
    wiring: &Wiring,
    problems: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    let reads: Vec<Vec<usize>> = wiring
        .operators
        .iter()
        .map(|inputs| inputs.iter().filter_map(operator_of).collect())
        .collect();
    if reads.len() > OperatorSet::CAPACITY {
        // Reported already, and not worth following.
        return Vec::new();
    }
    let mut placed = vec![false; reads.len()];
    let order = place_all(&reads, &mut placed);
    // Each circle is reported once: it counts as placed from then on, and the search goes on.
    while let Some(circle) = find_circle(&reads, &placed) {
        problems.push(describe(raw, wiring, &circle));
        for &operator in &circle {
            placed[operator] = true;
        }
        place_all(&reads, &mut placed);
    }
    order
}

fn operator_of(input: &Input) -> Option<usize> {
    match input.producer {
        Producer::Operator { operator, .. } => Some(operator),
        Producer::Source(_) => None,
    }
}

/// Places every operator that reads only placed ones, and gives the order in which it did.
fn place_all(reads: &[Vec<usize>], placed: &mut [bool]) -> Vec<usize> {
    // How many operators each still waits for, and who waits for it.
    let mut waits = vec![0_usize; reads.len()];
    let mut readers = vec![Vec::new(); reads.len()];
    for (operator, read) in reads.iter().enumerate() {
        for &other in read.iter().filter(|other| !placed[**other]) {
            waits[operator] += 1;
            readers[other].push(operator);
        }
    }
    let mut free: BTreeSet<usize> = (0..reads.len())
        .filter(|&operator| !placed[operator] && waits[operator] == 0)
        .collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(operator) = free.pop_first() {
        placed[operator] = true;
        order.push(operator);
        for &reader in &readers[operator] {
            waits[reader] -= 1;
            if waits[reader] == 0 && !placed[reader] {
                free.insert(reader);
            }
        }
    }
    order
}

/// A circle among the operators that are not placed: each reads the one before it, the first reads
/// the last.
fn find_circle(reads: &[Vec<usize>], placed: &[bool]) -> Option<Vec<usize>> {
    // Whatever is not placed reads something that is not placed: going back must come round.
    let mut current = placed.iter().position(|placed| !placed)?;
    let mut seen_at = vec![None; reads.len()];
    let mut path = Vec::new();
    loop {
        if let Some(start) = seen_at[current] {
            let mut circle = path.split_off(start);
            circle.reverse();
            let first = circle
                .iter()
                .enumerate()
                .min_by_key(|(_, operator)| **operator)?
                .0;
            circle.rotate_left(first);
            return Some(circle);
        }
        seen_at[current] = Some(path.len());
        path.push(current);
        current = reads[current].iter().copied().find(|&read| !placed[read])?;
    }
}

fn describe(raw: &RawPipeline<'_>, wiring: &Wiring, circle: &[usize]) -> Diagnostic {
    let id = |operator: &usize| {
        raw.operators
            .get(*operator)
            .map_or("", |node| node.id.as_str())
    };
    let (first, last) = (circle.first().unwrap_or(&0), circle.last().unwrap_or(&0));
    let closing = wiring.operators.get(*first).into_iter().flatten();
    let place = closing
        .filter(|input| operator_of(input) == Some(*last))
        .map(|input| &input.span);
    let message = if let [only] = circle {
        format!("operator `{}` reads from itself", id(only))
    } else {
        let mut names: Vec<String> = circle
            .iter()
            .map(|operator| format!("`{}`", id(operator)))
            .collect();
        names.extend(names.first().cloned());
        format!(
            "operators feed each other in a circle: {}",
            names.join(" -> ")
        )
    };
    let problem = Diagnostic::error("A207", message)
        .label("closes the circle")
        .help("rows flow one way: take one of these out of its `inputs`");
    match place.into_iter().next() {
        Some(place) => problem.at(place.clone()),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_come_after_what_they_read() {
        let reads = [vec![2], vec![], vec![1]];
        let mut placed = [false; 3];
        assert_eq!(place_all(&reads, &mut placed), [1, 2, 0]);
        assert_eq!(find_circle(&reads, &placed), None);
    }

    #[test]
    fn a_circle_is_told_in_the_direction_of_the_rows() {
        // 0 reads 2, 2 reads 1, 1 reads 0; 3 lies behind the circle.
        let reads = [vec![2], vec![0], vec![1], vec![0]];
        let mut placed = [false; 4];
        assert_eq!(place_all(&reads, &mut placed), [0_usize; 0]);
        assert_eq!(find_circle(&reads, &placed), Some(vec![0, 1, 2]));
    }
}
