//! Integration tests of distill-data: one binary.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod autotraits;
#[cfg(test)]
mod banking77;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod observers;
#[cfg(test)]
mod review;
#[cfg(test)]
mod reviewed;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
