//! Integration tests of distill-data: one binary.

#[cfg(test)]
mod autotraits;
#[cfg(test)]
mod banking77;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod observers;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
