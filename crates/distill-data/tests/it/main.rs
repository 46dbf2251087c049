//! Integration tests of distill-data: one binary.

mod autotraits;
mod banking77;
