//! Numbers of 4 bits, two in a byte: multiples from -8 to 7 of a step.

/// Added to a number, so that it is none below 0.
const RAISED: i8 = 8;

/// Two numbers that are 0.
pub(super) const ZEROS: u8 = RAISED as u8 * 0x11;

/// Puts a number into the lower half of a byte or the upper.
pub(super) fn put(byte: &mut u8, is_upper: bool, multiple: i32) {
    let shift = if is_upper { 4 } else { 0 };
    let raised = (multiple + i32::from(RAISED)) as u8;
    *byte = *byte & !(0xf << shift) | raised << shift;
}

/// The numbers in the lower half and in the upper, times their steps.
#[inline(always)]
pub(super) fn times(byte: u8, [lower, upper]: [i16; 2]) -> [i8; 2] {
    let times = |raised: u8, step: i16| (i16::from(raised) - i16::from(RAISED)) * step;
    // A byte holds the largest step times -8.
    [times(byte & 0xf, lower) as i8, times(byte >> 4, upper) as i8]
}
