//! The markers that both JPEG encoders leave to us.

/// Bytes of a profile that one marker takes beside its name, number and count.
#[cfg(any(test, not(feature = "jpegli")))]
pub(super) const ICC_PART: usize = 65_519;

/// The JFIF marker, which jpegli leaves to us: version 1.1, the resolution, no thumbnail (T.871, 10.1).
pub(super) fn jfif(dpi: Option<u32>) -> [u8; 14] {
    let dpi = dpi.filter(|&dpi| dpi > 0).map(|dpi| u16::try_from(dpi).unwrap_or(u16::MAX));
    // Unit 1 is dots per inch; unit 0 gives only the shape of a pixel.
    let (unit, [high, low]) = dpi.map_or((0, [0, 1]), |dpi| (1, dpi.to_be_bytes()));
    [b'J', b'F', b'I', b'F', 0, 1, 1, unit, high, low, high, low, 0, 0]
}

/// Whether a profile can be cut into at most 255 markers of 65,519 bytes (ICC.1:2022 annex B.4).
pub(super) fn fits_markers(profile: &[u8]) -> bool {
    !profile.is_empty() && profile.len() <= 255 * 65_519
}

/// Whether something fits into one marker, whose length has 16 bits and counts itself.
pub(super) fn fits_one(payload: &[u8]) -> bool {
    payload.len() <= 65_533
}
