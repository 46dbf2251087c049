//! The pages of a column, of which the sizes are looked at before they are unpacked: 50 kB can say that they are 2 GB.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

use super::footer::PageSize;

/// The most that the pages of all columns may take that are in memory at once, unpacked, in bytes (512 MiB). Writers
/// begin a new page after some 1 MB.
const MOST_BYTES: u64 = 512 << 20;

/// How much of the file is looked at for a page's header, in bytes: more than writers keep of the least and greatest value.
const LONGEST_HEADER: u64 = 64 << 10;

/// What the pages of all columns take.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<AtomicU64>);

/// The bytes of one column.
pub(super) struct ColumnBytes {
    file: File,
    budget: Budget,
    /// What its dictionary takes, which stays, and the page that is read.
    dictionary: AtomicU64,
    page: AtomicU64,
}

impl ColumnBytes {
    pub(super) fn of(file: &File, budget: &Budget) -> Result<Self> {
        Ok(Self {
            file: file.try_clone()?,
            budget: budget.clone(),
            dictionary: AtomicU64::new(0),
            page: AtomicU64::new(0),
        })
    }

    /// Takes from the budget what a page says that it takes, and gives back what the one before took.
    fn account(&self, size: PageSize) -> Result<()> {
        let place = if size.is_dictionary {
            &self.dictionary
        } else {
            &self.page
        };
        let before = place.swap(size.bytes, Ordering::Relaxed);
        let total = &self.budget.0;
        total.fetch_sub(before, Ordering::Relaxed);
        match total.fetch_add(size.bytes, Ordering::Relaxed) + size.bytes > MOST_BYTES {
            true => Err(ParquetError::General(format!(
                "a page of {} bytes, and those of the other columns, take more than {MOST_BYTES} bytes",
                size.bytes
            ))),
            false => Ok(()),
        }
    }
}

impl Length for ColumnBytes {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for ColumnBytes {
    type T = BufReader<File>;

    /// Of a column only the headers of pages are read in this way.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        let mut begin = BufReader::new(file);
        let size = match PageSize::of(begin.fill_buf()?) {
            Some(size) => Some(size),
            None => {
                let mut longer = Vec::new();
                begin.take(LONGEST_HEADER).read_to_end(&mut longer)?;
                PageSize::of(&longer)
            }
        };
        self.account(
            size.ok_or_else(|| ParquetError::General("the header of a page cannot be read".to_owned()))?,
        )?;
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.file.get_bytes(start, length)
    }
}
