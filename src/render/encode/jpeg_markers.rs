//! The markers that we write ourselves with either JPEG encoder.

/// Bytes of a profile that fit in one marker in addition to its name, number and count.
#[cfg(any(test, not(feature = "jpegli")))]
pub(super) const ICC_PART: usize = 65_519;

/// Builds the JFIF marker: version 1.1, the resolution, no thumbnail (T.871, 10.1).
pub(super) fn jfif(dpi: Option<u32>) -> [u8; 14] {
    let dpi = dpi.filter(|&dpi| dpi > 0).map(|dpi| u16::try_from(dpi).unwrap_or(u16::MAX));
    // Unit 1 is dots per inch; unit 0 states only the pixel aspect ratio.
    let (unit, [high, low]) = dpi.map_or((0, [0, 1]), |dpi| (1, dpi.to_be_bytes()));
    [b'J', b'F', b'I', b'F', 0, 1, 1, unit, high, low, high, low, 0, 0]
}

/// Returns whether a profile can be split into at most 255 markers of 65,519 bytes (ICC.1:2022 annex B.4).
pub(super) fn fits_markers(profile: &[u8]) -> bool {
    !profile.is_empty() && profile.len() <= 255 * 65_519
}

/// Returns whether a payload fits in one marker, whose 16-bit length includes itself.
pub(super) fn fits_one(payload: &[u8]) -> bool {
    payload.len() <= 65_533
}
