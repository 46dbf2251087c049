//! Integration tests of distill-data: one binary.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod autotraits;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod banking77;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod observers;
#[cfg(test)]
mod parquet;
#[cfg(test)]
mod rendered;
#[cfg(test)]
mod review;
#[cfg(test)]
mod reviewed;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
