//! The exact sRGB transfer function. Loops over pixels use tables of their own instead.

/// Returns the linear light of an encoded value, 0 to 1 (IEC 61966-2-1). The curve continues above 1.
pub(crate) fn to_linear(encoded: f64) -> f64 {
    if encoded <= 0.040_45 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// Inverts [`to_linear`].
pub(crate) fn to_encoded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}
