//! Records put together from columns (Melnik et al. 2010, "Dremel", section 4.3), as JSON.

use std::{fmt::Write, ops::Range};

use parquet::{
    basic::{ConvertedType, LogicalType, Repetition},
    errors::{ParquetError, Result},
    schema::types::{SchemaDescriptor, Type},
};
use stage_files::MAX_LINE_BYTES;

use super::{
    columns::{Column, Columns},
    values::NotUtf8,
};

/// Why a row is no line.
#[derive(Debug)]
pub(super) enum RowError {
    /// The columns do not fit one another.
    Misshapen,
    /// Its text would be longer than a line may be.
    TooLong,
    /// A text is not UTF-8 from that byte of its own.
    NotUtf8(usize),
}

impl From<NotUtf8> for RowError {
    fn from(error: NotUtf8) -> Self {
        Self::NotUtf8(error.at)
    }
}

/// A field, a list's element or a map's key or value.
pub(super) struct Node {
    shape: Shape,
    /// Below this definition level it is null; `None` if it cannot be.
    optional: Option<i16>,
    /// The columns that it is made of: at least one.
    columns: Range<usize>,
}

enum Shape {
    Value,
    Fields(Vec<(String, Node)>),
    List(Repeated, Box<Node>),
    Map(Repeated, Box<[Node; 2]>),
}

/// The levels of something that is there any number of times.
#[derive(Clone, Copy)]
struct Repeated {
    /// Below this definition level it is not there at all.
    definition: i16,
    /// The repetition level of all but the first.
    repetition: i16,
}

/// The levels around a field, and the next column.
#[derive(Clone, Copy)]
struct Place {
    definition: i16,
    repetition: i16,
    column: usize,
}

impl Node {
    pub(super) fn of_schema(schema: &SchemaDescriptor) -> Result<Self> {
        let place = Place {
            definition: 0,
            repetition: 0,
            column: 0,
        };
        Self::fields(schema.root_schema(), place)
    }

    /// A field of a structure. One that repeats without being called a list is one all the same.
    fn field(kind: &Type, mut place: Place) -> Result<Self> {
        let info = kind.get_basic_info();
        let repetition = if info.has_repetition() {
            info.repetition()
        } else {
            Repetition::REQUIRED
        };
        match repetition {
            Repetition::REQUIRED => Self::content(kind, place),
            Repetition::OPTIONAL => {
                place.definition += 1;
                let node = Self::content(kind, place)?;
                Ok(Self {
                    optional: Some(place.definition),
                    ..node
                })
            }
            Repetition::REPEATED => Self::repeated(place, |inside| Self::content(kind, inside)),
        }
    }

    fn content(kind: &Type, place: Place) -> Result<Self> {
        let info = kind.get_basic_info();
        if kind.is_primitive() {
            return Ok(Self {
                shape: Shape::Value,
                optional: None,
                columns: place.column..place.column + 1,
            });
        }
        let logical = info.logical_type_ref();
        let converted = info.converted_type();
        let is_list = logical == Some(&LogicalType::List) || converted == ConvertedType::LIST;
        let is_map = logical == Some(&LogicalType::Map)
            || matches!(converted, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
        match kind.get_fields() {
            [inner] if is_list && is_repeated(inner) => {
                Self::repeated(place, |inside| Self::element(kind.name(), inner, inside))
            }
            [inner] if is_map && is_repeated(inner) && inner.is_group() => match inner.get_fields() {
                [key, value] => Self::map(key, value, place),
                _ => Self::fields(kind, place),
            },
            _ => Self::fields(kind, place),
        }
    }

    /// The elements of a list are wrapped in a group of their own, but where older writers left it out: by "Backward-compatibility
    /// rules" of the format's logical types.
    fn element(list: &str, inner: &Type, inside: Place) -> Result<Self> {
        let is_wrapping = |group: &Type| {
            let is_named = group.name() == "array" || group.name() == format!("{list}_tuple");
            !is_named && group.get_fields().len() == 1 && !is_repeated(&group.get_fields()[0])
        };
        match inner.is_group() && is_wrapping(inner) {
            true => Self::field(&inner.get_fields()[0], inside),
            false => Self::content(inner, inside),
        }
    }

    fn repeated(mut place: Place, element: impl FnOnce(Place) -> Result<Self>) -> Result<Self> {
        place.definition += 1;
        place.repetition += 1;
        let element = element(place)?;
        Ok(Self {
            optional: None,
            columns: element.columns.clone(),
            shape: Shape::List(place.repeated(), Box::new(element)),
        })
    }

    fn map(key: &Type, value: &Type, mut place: Place) -> Result<Self> {
        place.definition += 1;
        place.repetition += 1;
        let repeated = place.repeated();
        let key = Self::field(key, place)?;
        place.column = key.columns.end;
        let value = Self::field(value, place)?;
        Ok(Self {
            optional: None,
            columns: key.columns.start..value.columns.end,
            shape: Shape::Map(repeated, Box::new([key, value])),
        })
    }

    fn fields(kind: &Type, mut place: Place) -> Result<Self> {
        let begin = place.column;
        let mut fields = Vec::new();
        for field in kind.get_fields() {
            let node = Self::field(field, place)?;
            place.column = node.columns.end;
            fields.push((field.name().to_owned(), node));
        }
        if begin == place.column {
            return Err(ParquetError::General(format!("{:?} has no columns", kind.name())));
        }
        Ok(Self {
            shape: Shape::Fields(fields),
            optional: None,
            columns: begin..place.column,
        })
    }

    /// Takes this from the columns and writes it as JSON.
    pub(super) fn write(
        &self,
        columns: &mut Columns,
        text: &mut String,
    ) -> std::result::Result<(), RowError> {
        if text.len() > MAX_LINE_BYTES {
            return Err(RowError::TooLong);
        }
        if let Some(definition) = self.optional
            && self.definition(columns)? < definition
        {
            self.pass(columns)?;
            text.push_str("null");
            return Ok(());
        }
        match &self.shape {
            Shape::Value => {
                let column = self.first(columns)?;
                let kind = column.kind;
                match column.take().ok_or(RowError::Misshapen)? {
                    Some(value) => kind.write(value, text)?,
                    None => text.push_str("null"),
                }
            }
            Shape::Fields(fields) => {
                for (number, (name, node)) in fields.iter().enumerate() {
                    text.push(if number == 0 { '{' } else { ',' });
                    quote(name, text);
                    text.push(':');
                    node.write(columns, text)?;
                }
                text.push('}');
            }
            Shape::List(repeated, element) => {
                text.push('[');
                self.each(*repeated, columns, text, &mut |columns, text| {
                    element.write(columns, text)
                })?;
                text.push(']');
            }
            Shape::Map(repeated, key_and_value) => {
                let [key, value] = &**key_and_value;
                text.push('{');
                self.each(*repeated, columns, text, &mut |columns, text| {
                    let mut name = String::new();
                    key.write(columns, &mut name)?;
                    match name.starts_with('"') {
                        true => text.push_str(&name),
                        false => quote(&name, text),
                    }
                    text.push(':');
                    value.write(columns, text)
                })?;
                text.push('}');
            }
        }
        Ok(())
    }

    /// Does something for each of the times that this is there.
    fn each(
        &self,
        repeated: Repeated,
        columns: &mut Columns,
        text: &mut String,
        one: &mut dyn FnMut(&mut Columns, &mut String) -> std::result::Result<(), RowError>,
    ) -> std::result::Result<(), RowError> {
        if self.definition(columns)? < repeated.definition {
            return self.pass(columns);
        }
        loop {
            one(columns, text)?;
            if self.first(columns)?.repetition() != repeated.repetition {
                return Ok(());
            }
            text.push(',');
        }
    }

    fn first<'c>(&self, columns: &'c mut Columns) -> std::result::Result<&'c mut Column, RowError> {
        columns.get(self.columns.start).ok_or(RowError::Misshapen)
    }

    fn definition(&self, columns: &mut Columns) -> std::result::Result<i16, RowError> {
        self.first(columns)?.definition().ok_or(RowError::Misshapen)
    }

    /// Takes the place that each column has for something that is not there.
    fn pass(&self, columns: &mut Columns) -> std::result::Result<(), RowError> {
        for index in self.columns.clone() {
            let column = columns.get(index).ok_or(RowError::Misshapen)?;
            column.take().ok_or(RowError::Misshapen)?;
        }
        Ok(())
    }
}

impl Place {
    fn repeated(self) -> Repeated {
        Repeated {
            definition: self.definition,
            repetition: self.repetition,
        }
    }
}

fn is_repeated(kind: &Type) -> bool {
    let info = kind.get_basic_info();
    info.has_repetition() && info.repetition() == Repetition::REPEATED
}

/// Writes text as a JSON string.
pub(super) fn quote(plain: &str, text: &mut String) {
    // Text is a value that JSON has a form for, and a string that is written to does not fail.
    let _ = write!(text, "{}", serde_json::Value::from(plain));
}
