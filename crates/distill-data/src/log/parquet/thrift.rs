//! Structures in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), looked at before the library reads
//! them.
//!
//! The library takes a field for what its number says, whatever type the file gives it, and passes over a list of truths
//! without a byte for each, as many as the file says there are. A file of a kilobyte could keep it busy for days. What has
//! passed here holds the types that its numbers stand for and no such list, so that every turn of a loop costs the file a byte.

/// What stands in a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Truth,
    Byte,
    Integer16,
    Integer32,
    Integer64,
    Double,
    Binary,
    List(&'static Self),
    Structure(Shape),
}

/// The fields of a structure, by number. Others may stand beside them.
pub(super) type Shape = &'static [(i16, Kind)];

/// The deepest that structures and lists that are not known may lie in one another.
const DEEPEST: usize = 16;

/// What is left to read; `None` of a function is no Thrift, or none that is read here.
#[derive(Debug)]
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

impl Thrift<'_> {
    /// Passes over a structure of a shape.
    pub(super) fn structure(&mut self, shape: Shape) -> Option<()> {
        let mut number = 0;
        while let Some(wire) = self.field(&mut number)? {
            match shape.iter().find(|(known, _)| *known == number) {
                Some((_, kind)) => self.value(wire, *kind)?,
                None => self.pass(wire, 0)?,
            }
        }
        Some(())
    }

    fn value(&mut self, wire: u8, kind: Kind) -> Option<()> {
        match (kind, wire) {
            (Kind::Structure(shape), STRUCTURE) => self.structure(shape),
            (Kind::List(of), LIST) => {
                let (count, wire) = self.list()?;
                (0..count).try_for_each(|_| self.value(wire, *of))
            }
            (Kind::Truth, TRUE | FALSE)
            | (Kind::Byte, BYTE)
            | (Kind::Integer16, INTEGER_16)
            | (Kind::Integer32, INTEGER_32)
            | (Kind::Integer64, INTEGER_64)
            | (Kind::Double, DOUBLE)
            | (Kind::Binary, BINARY) => self.pass(wire, 0),
            _ => None,
        }
    }

    /// The next field's type, and into `number` its number; `Some(None)` after the last.
    pub(super) fn field(&mut self, number: &mut i16) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *number = match head >> 4 {
            0 => i16::try_from(self.signed()?).ok()?,
            step => number.checked_add(step.into())?,
        };
        Some(Some(head & 0x0f))
    }

    /// How many elements a list has, and their type.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        Some((count, head & 0x0f))
    }

    /// Passes over a value of any kind.
    pub(super) fn pass(&mut self, wire: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match wire {
            TRUE | FALSE => {}
            BYTE => drop(self.byte()?),
            INTEGER_16 | INTEGER_32 | INTEGER_64 => drop(self.varint()?),
            DOUBLE => drop(self.bytes(8)?),
            BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.bytes(length)?;
            }
            LIST | SET => {
                let (count, wire) = self.list()?;
                if matches!(wire, TRUE | FALSE) {
                    return None;
                }
                (0..count).try_for_each(|_| self.pass(wire, depth + 1))?;
            }
            STRUCTURE => {
                let mut number = 0;
                while let Some(wire) = self.field(&mut number)? {
                    self.pass(wire, depth + 1)?;
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
    pub(super) fn signed(&mut self) -> Option<i64> {
        let bits = self.varint()?;
        Some((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const INTEGER_16: u8 = 4;
pub(super) const INTEGER_32: u8 = 5;
const INTEGER_64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
pub(super) const STRUCTURE: u8 = 12;
