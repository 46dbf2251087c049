//! A matrix laid out once for its products, and how threads share these out.

use std::{fmt::Debug, ops::Range};

use rayon::prelude::*;

use super::{bytes::Bytes, matrix::Matrix, panels::Panels, threads::threads_for};
use crate::WeightFormat;

/// Rows for one thread from which threads share out rows rather than outputs.
const ROWS_OF_A_THREAD: usize = 24;

/// Rows that are multiplied in the time in which a matrix is read.
const ROWS_OF_A_READING: usize = 8;

/// A matrix `[d_output, d_input]`, in strips of outputs.
pub(super) trait Layout: Debug + Send + Sync {
    fn d_output(&self) -> usize;

    fn d_input(&self) -> usize;

    /// Outputs of a strip, but for a last one that has fewer.
    fn width(&self) -> usize;

    /// Adds the product of some rows with some strips to `output`, `[rows, outputs of these strips]`, on this thread. A
    /// row's result depends neither on the rows beside it nor on which strips are asked for at once. `next` is what this
    /// thread reads afterwards, as far as it is known.
    fn add(&self, output: &mut [f32], strips: Range<usize>, rows: Matrix<'_>, next: &[u8]);

    /// Some strips as they lie in memory, in the order in which they are read; nothing where that is not fetched ahead.
    fn bytes(&self, strips: Range<usize>) -> &[u8];

    /// The matrix as products see it, row after row: as it was before it was laid out, but for rounding.
    fn to_rows(&self) -> Vec<f32>;
}

/// Lays out a matrix for the best that this machine has.
pub(super) fn laid_out(weight: Matrix<'_>, format: WeightFormat) -> Box<dyn Layout> {
    #[cfg(target_arch = "x86_64")]
    if format == WeightFormat::Bf16 && super::brain::is_there() {
        return Box::new(super::brain::Brain::of(weight));
    }
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if super::machine::machine().has_tiles {
        return Box::new(super::amx::Tiles::of(weight, format));
    }
    match format {
        WeightFormat::Int8 | WeightFormat::Int4 => Box::new(Bytes::of(weight, format)),
        WeightFormat::Int16 => Box::new(Panels::of(weight, true)),
        // What the machine does not multiply is not rounded to.
        WeightFormat::F32 | WeightFormat::Bf16 | WeightFormat::F16 => Box::new(Panels::of(weight, false)),
    }
}

impl dyn Layout + '_ {
    /// Few rows cost what it costs to read the matrix.
    fn threads_for(&self, rows: usize) -> usize {
        threads_for(rows.max(ROWS_OF_A_READING) * self.d_output() * self.d_input())
    }

    fn strips(&self) -> usize {
        self.d_output().div_ceil(self.width())
    }

    /// Strips of each thread, but for a last one that has fewer: all of them where threads share out rows.
    fn strips_of_a_thread(&self, rows: usize) -> usize {
        let threads = self.threads_for(rows);
        match threads == 1 || rows >= threads * ROWS_OF_A_THREAD {
            true => self.strips(),
            false => self.strips().div_ceil(threads),
        }
    }

    /// What a thread, by its number, reads of the matrix for so many rows.
    fn read_by(&self, thread: usize, rows: usize) -> &[u8] {
        let (strips, share) = (self.strips(), self.strips_of_a_thread(rows));
        let first = if share == strips { 0 } else { thread * share };
        self.bytes(first.min(strips)..(first + share).min(strips))
    }

    /// The rows times the transposed matrix, plus a bias of `d_output` numbers: `[rows, d_output]`. `next` is the matrix that
    /// is multiplied with afterwards, where that is known.
    ///
    /// # Panics
    ///
    /// If the rows are not of `d_input` numbers each, or the bias is of another length.
    pub(super) fn times(
        &self,
        rows: Matrix<'_>,
        bias: Option<&[f32]>,
        next: Option<&dyn Layout>,
    ) -> Vec<f32> {
        let (d_output, width) = (self.d_output(), self.width());
        assert_eq!(
            (rows.columns, bias.map_or(d_output, <[f32]>::len)),
            (self.d_input(), d_output),
            "the matrix has as many inputs as a row, and as many outputs as the bias"
        );
        // What the sums begin with.
        let begin = |bias: Option<&[f32]>, outputs: usize| match bias {
            Some(bias) => bias.repeat(rows.rows),
            None => vec![0.0; rows.rows * outputs],
        };
        let (strips, share) = (self.strips(), self.strips_of_a_thread(rows.rows));
        if share == strips {
            let mut output = begin(bias, d_output);
            self.add_times(&mut output, rows, next);
            return output;
        }
        // Outputs of a thread lie apart in memory: each thread has its own, and puts them where they belong.
        let mut output = vec![0.0; rows.rows * d_output];
        let shares = in_columns(&mut output, d_output, share * width);
        shares.into_par_iter().enumerate().for_each(|(thread, places)| {
            let strips = thread * share..((thread + 1) * share).min(strips);
            let columns = strips.start * width..(strips.end * width).min(d_output);
            let mut output = begin(bias.map(|bias| &bias[columns.clone()]), columns.len());
            let next = next.map_or(&[][..], |next| next.read_by(thread, rows.rows));
            self.add(&mut output, strips, rows, next);
            for (place, output) in places.into_iter().zip(output.chunks_exact(columns.len())) {
                place.copy_from_slice(output);
            }
        });
        output
    }

    /// Adds the rows times the transposed matrix to `output`, `[rows, d_output]`; `next` is as for [`times`](Self::times).
    ///
    /// # Panics
    ///
    /// If the rows are not of `d_input` numbers each, or the output is of another size.
    pub(super) fn add_times(&self, output: &mut [f32], rows: Matrix<'_>, next: Option<&dyn Layout>) {
        let d_output = self.d_output();
        assert_eq!(
            (rows.columns, rows.rows * d_output),
            (self.d_input(), output.len()),
            "the matrix has as many inputs as a row, and the output a row for each"
        );
        let strips = self.strips();
        let next = next.map_or(&[][..], |next| next.read_by(0, rows.rows));
        let share = rows.rows.div_ceil(self.threads_for(rows.rows));
        if share == rows.rows || output.is_empty() {
            return self.add(output, 0..strips, rows, next);
        }
        let shares = output.par_chunks_mut(share * d_output).enumerate();
        shares.for_each(|(index, output)| {
            let rows = rows.part(index * share, output.len() / d_output);
            self.add(output, 0..strips, rows, next);
        });
    }
}

/// The rows of a matrix cut into parts of so many columns, but for a last one that has fewer: for each part its piece of every
/// row.
fn in_columns(matrix: &mut [f32], columns: usize, of_a_part: usize) -> Vec<Vec<&mut [f32]>> {
    let rows = matrix.len() / columns;
    let parts = columns.div_ceil(of_a_part);
    let mut pieces: Vec<Vec<_>> = (0..parts).map(|_| Vec::with_capacity(rows)).collect();
    for row in matrix.chunks_exact_mut(columns) {
        for (pieces, piece) in pieces.iter_mut().zip(row.chunks_mut(of_a_part)) {
            pieces.push(piece);
        }
    }
    pieces
}

#[cfg(test)]
mod tests;
