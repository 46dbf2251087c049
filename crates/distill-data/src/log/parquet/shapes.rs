//! The structures of a file, as `parquet.thrift` of the format's version 2.12 numbers their fields
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

use super::thrift::{
    Kind,
    Kind::{Binary, Byte, Double, Integer16, Integer32, Integer64, List, Structure, Truth},
    Shape,
};

/// `FileMetaData`: the account at the end.
pub(super) const FILE: Shape = &[
    (1, Integer32),
    (2, List(&Structure(SCHEMA_ELEMENT))),
    (3, Integer64),
    (4, List(&Structure(ROW_GROUP))),
    (5, KEY_VALUES),
    (6, Binary),
    (7, List(&Structure(&[(1, EMPTY), (2, EMPTY)]))),
    (8, Structure(&[(1, Structure(CIPHER)), (2, Structure(CIPHER))])),
    (9, Binary),
];

/// `PageHeader`.
pub(super) const PAGE_HEADER: Shape = &[
    (1, Integer32),
    (2, Integer32),
    (3, Integer32),
    (4, Integer32),
    (5, Structure(DATA_PAGE)),
    (6, EMPTY),
    (7, Structure(&[(1, Integer32), (2, Integer32), (3, Truth)])),
    (8, Structure(DATA_PAGE_V2)),
];

const DATA_PAGE: Shape = &[
    (1, Integer32),
    (2, Integer32),
    (3, Integer32),
    (4, Integer32),
    (5, Structure(STATISTICS)),
];

const DATA_PAGE_V2: Shape = &[
    (1, Integer32),
    (2, Integer32),
    (3, Integer32),
    (4, Integer32),
    (5, Integer32),
    (6, Integer32),
    (7, Truth),
    (8, Structure(STATISTICS)),
];

const EMPTY: Kind = Structure(&[]);
const KEY_VALUES: Kind = List(&Structure(&[(1, Binary), (2, Binary)]));
const CIPHER: Shape = &[(1, Binary), (2, Binary), (3, Truth)];

const SCHEMA_ELEMENT: Shape = &[
    (1, Integer32),
    (2, Integer32),
    (3, Integer32),
    (4, Binary),
    (5, Integer32),
    (6, Integer32),
    (7, Integer32),
    (8, Integer32),
    (9, Integer32),
    (10, Structure(LOGICAL_TYPE)),
];

/// `LogicalType`; the types without settings are empty structures.
const LOGICAL_TYPE: Shape = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Structure(&[(1, Integer32), (2, Integer32)])),
    (6, EMPTY),
    (7, Structure(TIME)),
    (8, Structure(TIME)),
    (10, Structure(&[(1, Byte), (2, Truth)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Structure(&[(1, Byte)])),
    (17, Structure(&[(1, Binary)])),
    (18, Structure(&[(1, Binary), (2, Integer32)])),
];

const TIME: Shape = &[(1, Truth), (2, Structure(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]))];

const ROW_GROUP: Shape = &[
    (1, List(&Structure(COLUMN_CHUNK))),
    (2, Integer64),
    (3, Integer64),
    (4, List(&Structure(&[(1, Integer32), (2, Truth), (3, Truth)]))),
    (5, Integer64),
    (6, Integer64),
    (7, Integer16),
];

const COLUMN_CHUNK: Shape = &[
    (1, Binary),
    (2, Integer64),
    (3, Structure(COLUMN)),
    (4, Integer64),
    (5, Integer32),
    (6, Integer64),
    (7, Integer32),
    (
        8,
        Structure(&[(1, EMPTY), (2, Structure(&[(1, List(&Binary)), (2, Binary)]))]),
    ),
    (9, Binary),
];

/// `ColumnMetaData`.
const COLUMN: Shape = &[
    (1, Integer32),
    (2, List(&Integer32)),
    (3, List(&Binary)),
    (4, Integer32),
    (5, Integer64),
    (6, Integer64),
    (7, Integer64),
    (8, KEY_VALUES),
    (9, Integer64),
    (10, Integer64),
    (11, Integer64),
    (12, Structure(STATISTICS)),
    (
        13,
        List(&Structure(&[(1, Integer32), (2, Integer32), (3, Integer32)])),
    ),
    (14, Integer64),
    (15, Integer32),
    (
        16,
        Structure(&[(1, Integer64), (2, List(&Integer64)), (3, List(&Integer64))]),
    ),
    (17, Structure(&[(1, Structure(BOUNDS)), (2, List(&Integer32))])),
];

const BOUNDS: Shape = &[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
];

const STATISTICS: Shape = &[
    (1, Binary),
    (2, Binary),
    (3, Integer64),
    (4, Integer64),
    (5, Binary),
    (6, Binary),
    (7, Truth),
    (8, Truth),
    (9, Integer64),
];
