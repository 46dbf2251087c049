//! The account at a file's end, looked at before the library reads it: how deep the schema goes, for the library goes down by
//! calling itself and would run out of stack on a file that somebody made so, and what types stand where.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use parquet::errors::{ParquetError, Result};

use super::{
    MAGIC,
    shapes::FILE,
    thrift::{INTEGER_32, LIST, STRUCTURE, Thrift},
};

/// The bytes at the very end: how long the account is, and [`MAGIC`].
pub(super) const END: usize = 8;

/// The longest account that is read, in bytes (64 MiB): some 100 bytes for each column of each row group.
const LONGEST: u64 = 64 << 20;

/// The deepest that fields may lie in one another, counting the groups that lists and maps are wrapped in. JSON is read to
/// about as deep.
const DEEPEST: usize = 100;

/// The fields that lead to the numbers of children: of the account, and of an element of its schema.
const SCHEMA: i16 = 2;
const CHILDREN: i16 = 5;

/// Refuses a file whose account is too long, or is no account, or whose schema goes too deep.
pub(super) fn check(file: &mut File) -> Result<()> {
    let mut end = [0; END];
    file.seek(SeekFrom::End(-(END as i64)))?;
    file.read_exact(&mut end)?;
    let [a, b, c, d, magic @ ..] = end;
    if magic != MAGIC {
        return Err(ParquetError::EOF(
            "its end is not that of a file in Parquet: it is cut off, or encrypted".to_owned(),
        ));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length > LONGEST {
        return Err(ParquetError::General(format!(
            "its account is {length} bytes long, more than the {LONGEST} that are read"
        )));
    }
    let back = i64::try_from(length)? + END as i64;
    file.seek(SeekFrom::End(-back))?;
    let mut account = Vec::new();
    file.take(length).read_to_end(&mut account)?;
    let is_too_deep = Thrift(&account)
        .structure(FILE)
        .and_then(|()| Thrift(&account).schema_is_too_deep());
    match is_too_deep {
        Some(true) => Err(ParquetError::General(format!(
            "its fields lie more than {DEEPEST} deep in one another"
        ))),
        Some(false) => Ok(()),
        None => Err(ParquetError::General(
            "its account of itself cannot be read".to_owned(),
        )),
    }
}

impl Thrift<'_> {
    fn schema_is_too_deep(&mut self) -> Option<bool> {
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            if field == SCHEMA && kind == LIST {
                if self.elements_are_too_deep()? {
                    return Some(true);
                }
            } else {
                self.pass(kind, 0)?;
            }
        }
        Some(false)
    }

    /// Elements in depth-first order, each with the number of its children.
    fn elements_are_too_deep(&mut self) -> Option<bool> {
        let (count, kind) = self.list()?;
        // Children that are still to come, of each element that the next one lies in.
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..count {
            if kind != STRUCTURE {
                return None;
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            let (mut field, mut children) = (0, 0);
            while let Some(kind) = self.field(&mut field)? {
                match (field, kind) {
                    (CHILDREN, INTEGER_32) => children = self.signed()?,
                    _ => self.pass(kind, 0)?,
                }
            }
            open.push(children.max(0));
            // The first element is the table itself.
            if open.len() > DEEPEST + 1 {
                return Some(true);
            }
        }
        Some(false)
    }
}
