//! The columns of a row group, some records at a time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parquet::{
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    },
    data_type::{ByteArray, DataType},
    errors::{ParquetError, Result},
    file::reader::RowGroupReader,
};

use super::values::{Kind, Stored};

/// Records that are read from each column at once.
const RECORDS: usize = 256;

/// The most values that those records may have in one column. A page of a few bytes can say a thousand million times the same.
const MOST_VALUES: u64 = 4 << 20;

/// The columns of a row group, all at the same record.
pub(super) struct Columns {
    columns: Vec<Column>,
    /// Records that are not yet read.
    unread: u64,
    /// Records that are read and not yet taken.
    ready: usize,
}

impl Columns {
    /// The columns of no row group.
    pub(super) fn none() -> Self {
        Self {
            columns: Vec::new(),
            unread: 0,
            ready: 0,
        }
    }

    pub(super) fn of(group: &dyn RowGroupReader) -> Result<Self> {
        let columns = (0..group.num_columns()).map(|index| Column::of(group, index));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            unread: u64::try_from(group.metadata().num_rows())?,
            ready: 0,
        })
    }

    /// Goes to the beginning of the next record; `false` after the last.
    pub(super) fn next_record(&mut self) -> Result<bool> {
        if self.ready == 0 {
            let records = RECORDS.min(usize::try_from(self.unread).unwrap_or(RECORDS));
            if records == 0 {
                return Ok(false);
            }
            for column in &mut self.columns {
                column.read(records)?;
            }
            self.unread -= records as u64;
            self.ready = records;
        } else {
            self.columns.iter_mut().for_each(Column::leave_record);
        }
        self.ready -= 1;
        Ok(true)
    }

    pub(super) fn get(&mut self, index: usize) -> Option<&mut Column> {
        self.columns.get_mut(index)
    }
}

/// A column with the records that were read of it last: for each value, or place of a missing one, its levels.
pub(super) struct Column {
    reader: ColumnReader,
    pub(super) kind: Kind,
    most_definition: i16,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    values: Vec<Stored>,
    /// The places of this record that were taken.
    taken: usize,
    place: usize,
    next_value: usize,
    /// What may be read until the records are complete; of columns that do not repeat each record has one place.
    left: Option<Arc<AtomicU64>>,
}

impl Column {
    fn of(group: &dyn RowGroupReader, index: usize) -> Result<Self> {
        let descriptor = group.metadata().column(index).column_descr_ptr();
        let kind = Kind::of(&descriptor);
        let mut pages = group.get_column_page_reader(index)?;
        let left = (descriptor.max_rep_level() > 0).then(Arc::<AtomicU64>::default);
        if let Some(left) = &left {
            pages = Box::new(BoundedPages {
                pages,
                left: Arc::clone(left),
            });
        }
        Ok(Self {
            kind,
            most_definition: descriptor.max_def_level(),
            reader: get_column_reader(descriptor, pages),
            definition: Vec::new(),
            repetition: Vec::new(),
            values: Vec::new(),
            taken: 0,
            place: 0,
            next_value: 0,
            left,
        })
    }

    fn read(&mut self, records: usize) -> Result<()> {
        if let Some(left) = &self.left {
            left.store(MOST_VALUES, Ordering::Relaxed);
        }
        self.definition.clear();
        self.repetition.clear();
        self.values.clear();
        (self.taken, self.place, self.next_value) = (0, 0, 0);
        let into = (&mut self.definition, &mut self.repetition, &mut self.values);
        let found = match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => read(reader, records, into, Stored::Truth),
            ColumnReader::Int32ColumnReader(reader) => {
                read(reader, records, into, |value| Stored::Whole(value.into()))
            }
            ColumnReader::Int64ColumnReader(reader) => read(reader, records, into, Stored::Whole),
            ColumnReader::Int96ColumnReader(reader) => {
                read(reader, records, into, |value| Stored::Whole(value.to_millis()))
            }
            ColumnReader::FloatColumnReader(reader) => {
                read(reader, records, into, |value| Stored::Number(value.into()))
            }
            ColumnReader::DoubleColumnReader(reader) => read(reader, records, into, Stored::Number),
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, records, into, Stored::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => read(reader, records, into, |value| {
                Stored::Bytes(ByteArray::from(value))
            }),
        }?;
        match found == records {
            true => Ok(()),
            false => Err(ParquetError::EOF(format!(
                "a column has {found} of {records} records that the file says are there"
            ))),
        }
    }

    /// Places in the records that were read.
    fn places(&self) -> usize {
        match (self.repetition.is_empty(), self.definition.is_empty()) {
            (false, _) => self.repetition.len(),
            (true, false) => self.definition.len(),
            (true, true) => self.values.len(),
        }
    }

    /// Whether there is another place in this record.
    fn is_in_record(&self) -> bool {
        self.place < self.places() && (self.taken == 0 || self.repetition() > 0)
    }

    /// Up to where the next place is there; `None` after the record.
    pub(super) fn definition(&self) -> Option<i16> {
        let level = self.definition.get(self.place);
        self.is_in_record()
            .then(|| level.copied().unwrap_or(self.most_definition))
    }

    /// In which list the next place goes on; 0 after the record.
    pub(super) fn repetition(&self) -> i16 {
        self.repetition.get(self.place).copied().unwrap_or(0)
    }

    /// Takes the next place, and its value if there is one; `None` after the record.
    pub(super) fn take(&mut self) -> Option<Option<&Stored>> {
        let is_there = self.definition()? == self.most_definition;
        self.place += 1;
        self.taken += 1;
        if !is_there {
            return Some(None);
        }
        self.next_value += 1;
        self.values.get(self.next_value - 1).map(Some)
    }

    /// Passes over what is left of this record.
    fn leave_record(&mut self) {
        while self.take().is_some() {}
        self.taken = 0;
    }
}

/// Appends so many records, and gives how many there were.
fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    records: usize,
    (definition, repetition, values): (&mut Vec<i16>, &mut Vec<i16>, &mut Vec<Stored>),
    stored: impl Fn(T::T) -> Stored,
) -> Result<usize> {
    let mut found = 0;
    let mut raw = Vec::new();
    while found < records {
        let (more, ..) =
            reader.read_records(records - found, Some(definition), Some(repetition), &mut raw)?;
        if more == 0 {
            break;
        }
        found += more;
    }
    values.extend(raw.into_iter().map(stored));
    Ok(found)
}

/// Pages of a column that repeats, up to a number of values.
struct BoundedPages {
    pages: Box<dyn PageReader>,
    left: Arc<AtomicU64>,
}

impl PageReader for BoundedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page @ (Page::DataPage { .. } | Page::DataPageV2 { .. })) = &page {
            let left = self.left.load(Ordering::Relaxed);
            let left = left.checked_sub(page.num_values().into()).ok_or_else(|| {
                ParquetError::General(format!(
                    "{RECORDS} rows have more than {MOST_VALUES} values in a list"
                ))
            })?;
            self.left.store(left, Ordering::Relaxed);
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for BoundedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
