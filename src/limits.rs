//! Every bound in one struct; each is named with its unit.

use std::time::Duration;

/// All bounds on the cost of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an original.
    pub original_bytes_max: u64,
    /// Pixels of one frame of an original.
    pub pixels_max: u64,
    /// Frames of an animated original.
    pub frames_max: u32,
    /// Frames times pixels of an animated original.
    pub animation_pixels_max: u64,
    /// Longest side of a rendition; larger boxes are scaled down proportionally.
    pub output_side_max: u32,
    /// Estimated time to encode a rendition above which `auto=format` and `fm=avif` choose a faster format.
    pub encode_time_max: Duration,
    /// Bytes of a request target.
    pub uri_bytes_max: usize,
    /// Bytes of all request headers.
    pub header_bytes_max: usize,
    /// Time to receive the headers of a request.
    pub header_timeout: Duration,
    /// Time to connect to an upstream.
    pub connect_timeout: Duration,
    /// Time to an upstream's first byte.
    pub first_byte_timeout: Duration,
    /// Time for an upstream's whole answer.
    pub fetch_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            original_bytes_max: 256 << 20,
            pixels_max: 100_000_000,
            frames_max: 1_000,
            animation_pixels_max: 400_000_000,
            output_side_max: 8192,
            encode_time_max: Duration::from_secs(3),
            uri_bytes_max: 8000,
            header_bytes_max: 32 << 10,
            header_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(10),
            fetch_timeout: Duration::from_secs(30),
        }
    }
}
