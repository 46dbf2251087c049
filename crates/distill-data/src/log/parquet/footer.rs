//! How deep a file's schema goes, found out before the library reads it: it goes down by calling itself, and would run out of
//! stack on a file that somebody made so.
//!
//! The account at a file's end is a structure of Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), of which only what leads to the
//! numbers of children is read here: field 2 of `FileMetaData`, and of its `SchemaElement`s field 5 (`parquet.thrift`).

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use parquet::errors::{ParquetError, Result};

use super::MAGIC;

/// The longest account that is read, in bytes (64 MiB): some 100 bytes for each column of each row group.
const LONGEST: u64 = 64 << 20;

/// The deepest that fields may lie in one another, counting the groups that lists and maps are wrapped in. JSON is read to
/// about as deep.
const DEEPEST: usize = 100;

/// The deepest that structures of Thrift may lie in one another; the format's own have 6.
const DEEPEST_STRUCTURE: usize = 16;

const SCHEMA: i32 = 2;
const CHILDREN: i32 = 5;

/// Refuses a file whose account is too long, or cannot be read as far as is needed, or whose schema goes too deep.
pub(super) fn check(file: &mut File) -> Result<()> {
    let mut end = [0; 8];
    file.seek(SeekFrom::End(-(end.len() as i64)))?;
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
    let back = i64::try_from(length)? + end.len() as i64;
    file.seek(SeekFrom::End(-back))?;
    let mut account = Vec::new();
    file.take(length).read_to_end(&mut account)?;
    match Thrift(&account).schema_is_too_deep() {
        Some(true) => Err(ParquetError::General(format!(
            "its fields lie more than {DEEPEST} deep in one another"
        ))),
        Some(false) => Ok(()),
        None => Err(ParquetError::General(
            "its account of itself cannot be read".to_owned(),
        )),
    }
}

/// What is left to read; `None` is no Thrift.
struct Thrift<'a>(&'a [u8]);

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

    /// The next field's number and type; `Some(None)` after the last.
    fn field(&mut self, number: &mut i32) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *number = match head >> 4 {
            0 => i32::try_from(self.signed()?).ok()?,
            step => number.checked_add(step.into())?,
        };
        Some(Some(head & 0x0f))
    }

    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        Some((count, head & 0x0f))
    }

    fn pass(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST_STRUCTURE {
            return None;
        }
        match kind {
            TRUE | FALSE => {}
            BYTE => drop(self.byte()?),
            INTEGER_16 | INTEGER_32 | INTEGER_64 => drop(self.varint()?),
            DOUBLE => drop(self.bytes(8)?),
            BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.bytes(length)?;
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    match kind {
                        // In a list a truth takes a byte, as nothing else holds it.
                        TRUE | FALSE => drop(self.byte()?),
                        kind => self.pass(kind, depth + 1)?,
                    }
                }
            }
            STRUCTURE => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.pass(kind, depth + 1)?;
                }
            }
            // The format has no maps.
            _ => return None,
        }
        Some(())
    }

    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number with its sign in the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let bits = self.varint()?;
        Some((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const INTEGER_16: u8 = 4;
const INTEGER_32: u8 = 5;
const INTEGER_64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCTURE: u8 = 12;
