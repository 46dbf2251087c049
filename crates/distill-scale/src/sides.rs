//! Pairs of rows by which of the two is the stronger.

use datafusion::{
    error::Result,
    prelude::{Expr, col, when},
};

/// Pairs whose columns are those of two rows, after `l_` and `r_`, `row` among them.
#[derive(Debug)]
pub(crate) struct Sides {
    is_left_stronger: Expr,
}

impl Sides {
    /// The stronger row has more in the first of these columns in which the two differ, or else the smaller id.
    pub(crate) fn by(columns: &[&str]) -> Self {
        let by_id = col("l_row").lt(col("r_row"));
        let is_left_stronger = columns.iter().rev().fold(by_id, |weaker_rule, name| {
            let (left, right) = (col(format!("l_{name}")), col(format!("r_{name}")));
            let is_equal = left.clone().eq(right.clone());
            left.gt(right).or(is_equal.and(weaker_rule))
        });
        Self { is_left_stronger }
    }

    /// A column of the stronger row.
    pub(crate) fn of_stronger(&self, name: &str) -> Result<Expr> {
        let (left, right) = (col(format!("l_{name}")), col(format!("r_{name}")));
        when(self.is_left_stronger.clone(), left).otherwise(right)
    }

    /// A column of the weaker row.
    pub(crate) fn of_weaker(&self, name: &str) -> Result<Expr> {
        let (left, right) = (col(format!("l_{name}")), col(format!("r_{name}")));
        when(self.is_left_stronger.clone(), right).otherwise(left)
    }
}
