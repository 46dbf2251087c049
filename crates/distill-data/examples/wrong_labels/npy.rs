//! Matrices as numpy writes them: the format `.npy`, version 1, 32-bit floats, row after row.

use std::{error::Error, fs, path::Path};

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The header's length is a multiple of this, for numpy to map the file into memory.
const ALIGNMENT: usize = 64;

/// The number of columns, and the values.
pub(crate) fn read(path: &Path) -> Result<(usize, Vec<f32>), Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let wrong = || {
        let advice = "save it by np.save(path, matrix.astype(np.float32)), a matrix in C order";
        format!("{} is no .npy of 32-bit floats: {advice}", path.display())
    };
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(wrong)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(wrong)?;
    let (header, values) = rest
        .split_at_checked(usize::from(u16::from_le_bytes(*length)))
        .ok_or_else(wrong)?;
    let header = std::str::from_utf8(header)?;
    if !header.contains("'<f4'") || !header.contains("'fortran_order': False") {
        return Err(wrong().into());
    }
    let (_, shape) = header.split_once("'shape': (").ok_or_else(wrong)?;
    let (shape, _) = shape.split_once(')').ok_or_else(wrong)?;
    let sizes: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [rows, columns] = sizes[..] else {
        return Err(wrong().into());
    };
    let values: Vec<f32> = values
        .as_chunks()
        .0
        .iter()
        .map(|&value| f32::from_le_bytes(value))
        .collect();
    if rows.checked_mul(columns) != Some(values.len()) {
        return Err(wrong().into());
    }
    Ok((columns, values))
}

/// Writes rows of so many columns.
pub(crate) fn write(path: &Path, columns: usize, values: &[f32]) -> Result<(), Box<dyn Error>> {
    let rows = values.len() / columns;
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}").into_bytes();
    // The header ends in a line feed.
    while !(MAGIC.len() + 2 + header.len() + 1).is_multiple_of(ALIGNMENT) {
        header.push(b' ');
    }
    header.push(b'\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend(u16::try_from(header.len())?.to_le_bytes());
    bytes.extend(header);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}
