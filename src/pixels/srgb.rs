//! The sRGB transfer function, exactly. Loops over pixels take it through tables of their own.

/// Linear light of an encoded value: IEC 61966-2-1, 0 to 1; above 1 the curve goes on.
pub(crate) fn to_linear(encoded: f64) -> f64 {
    if encoded <= 0.040_45 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`to_linear`].
pub(crate) fn to_encoded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}
