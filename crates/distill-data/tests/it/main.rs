//! Integration tests of distill-data: one binary.

mod banking77;
