//! Receives a body into shared memory: enforces the byte cap as bytes arrive, and decompresses gzip.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::SourceError;
use super::cause::Cause;
use crate::blob::{Blob, BlobWriter};

/// Collects a body piece by piece and never holds more than its cap.
pub(super) struct CappedBody {
    sink: Sink,
    max: u64,
}

enum Sink {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

/// How the upstream encoded the body, from its `Content-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// Reads `Content-Encoding`. We ask for `identity`, but an object that is stored compressed is sent compressed.
    ///
    /// # Errors
    /// Returns [`SourceError::Upstream`] for a coding that we neither asked for nor decode.
    pub(super) fn parse(header: Option<&str>) -> Result<Self, SourceError> {
        // `aws-chunked` names how S3 received the object, not how it is stored or sent.
        let mut codings = header
            .unwrap_or_default()
            .split(',')
            .map(|c| c.trim().to_ascii_lowercase())
            .filter(|c| !matches!(c.as_str(), "" | "identity" | "aws-chunked"));
        match (codings.next().as_deref(), codings.next()) {
            (None, _) => Ok(Self::Identity),
            (Some("gzip" | "x-gzip"), None) => Ok(Self::Gzip),
            (Some(_), _) => Err(SourceError::Upstream(Cause::Coding)),
        }
    }
}

impl CappedBody {
    /// Creates an empty body that may grow to `max` bytes, counted after decoding.
    ///
    /// # Errors
    /// Returns [`SourceError::TooLarge`] if the upstream declares more than that, and [`SourceError::Exhausted`] if
    /// this machine has no memory for it.
    pub(super) fn new(declared: Option<u64>, coding: ContentCoding, max: u64) -> Result<Self, SourceError> {
        if declared.is_some_and(|n| n > max) {
            return Err(SourceError::TooLarge { max });
        }
        let capped = Capped { writer: BlobWriter::new().map_err(|e| SourceError::local(&e))?, max, over: false };
        let sink = match coding {
            ContentCoding::Identity => Sink::Plain(capped),
            ContentCoding::Gzip => Sink::Gzip(Box::new(MultiGzDecoder::new(capped))),
        };
        Ok(Self { sink, max })
    }

    /// Adds the next piece.
    ///
    /// # Errors
    /// Returns [`SourceError::TooLarge`] past the cap, and [`SourceError::Upstream`] for data that is not valid gzip.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), SourceError> {
        let written = match &mut self.sink {
            Sink::Plain(capped) => capped.write_all(piece),
            Sink::Gzip(decoder) => decoder.write_all(piece),
        };
        written.map_err(|e| self.classify(&e))
    }

    /// Seals what arrived into a blob.
    ///
    /// # Errors
    /// Returns [`SourceError::Upstream`] for gzip that ends early.
    pub(super) fn finish(mut self) -> Result<Blob, SourceError> {
        if let Sink::Gzip(decoder) = &mut self.sink {
            let ended = decoder.try_finish();
            ended.map_err(|e| self.classify(&e))?;
        }
        let capped = match self.sink {
            Sink::Plain(capped) => capped,
            Sink::Gzip(decoder) => decoder.finish().map_err(|_| SourceError::Upstream(Cause::Coding))?,
        };
        capped.writer.finish().map_err(|e| SourceError::local(&e))
    }

    fn capped(&self) -> &Capped {
        match &self.sink {
            Sink::Plain(capped) => capped,
            Sink::Gzip(decoder) => decoder.get_ref(),
        }
    }

    fn classify(&self, error: &io::Error) -> SourceError {
        match error.raw_os_error() {
            _ if self.capped().over => SourceError::TooLarge { max: self.max },
            Some(_) => SourceError::local(error),
            // The error comes from the decoder, which makes no system calls.
            None => SourceError::Upstream(Cause::Coding),
        }
    }
}

struct Capped {
    writer: BlobWriter,
    max: u64,
    over: bool,
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.writer.len().saturating_add(piece.len() as u64) > self.max {
            self.over = true;
            return Err(io::Error::other("over the cap"));
        }
        self.writer.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 1000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn collect(pieces: &[&[u8]], declared: Option<u64>, coding: ContentCoding) -> Result<Vec<u8>, SourceError> {
        let mut body = CappedBody::new(declared, coding, MAX)?;
        for piece in pieces {
            body.push(piece)?;
            assert!(body.capped().writer.len() <= MAX);
        }
        Ok(body.finish()?.as_slice().to_vec())
    }

    #[test]
    fn the_limit_is_exact() {
        let full = vec![7; 1000];
        assert_eq!(collect(&[&full], Some(1000), ContentCoding::Identity), Ok(full.clone()));
        assert_eq!(collect(&[&full, b"x"], None, ContentCoding::Identity), Err(SourceError::TooLarge { max: MAX }));
        assert_eq!(collect(&[], Some(1001), ContentCoding::Identity), Err(SourceError::TooLarge { max: MAX }));
        assert_eq!(collect(&[], None, ContentCoding::Identity), Ok(Vec::new()));
    }

    #[test]
    fn gzip_is_undone_and_counted_after_decoding() {
        let text = b"<svg xmlns='http://www.w3.org/2000/svg'/>".repeat(20);
        let packed = gzip(&text);
        for size in [1, 7, packed.len()] {
            let pieces: Vec<&[u8]> = packed.chunks(size).collect();
            assert_eq!(collect(&pieces, None, ContentCoding::Gzip), Ok(text.clone()));
        }
        let bomb = gzip(&vec![0; 1 << 20]);
        assert_eq!(collect(&[&bomb], None, ContentCoding::Gzip), Err(SourceError::TooLarge { max: MAX }));
    }

    #[test]
    fn invalid_gzip_is_an_upstream_error() {
        let packed = gzip(b"hello hello hello");
        for len in 0..packed.len() {
            assert_eq!(
                collect(&[&packed[..len]], None, ContentCoding::Gzip),
                Err(SourceError::Upstream(Cause::Coding)),
                "cut at {len}"
            );
        }
        assert_eq!(
            collect(&[b"not gzip at all"], None, ContentCoding::Gzip),
            Err(SourceError::Upstream(Cause::Coding))
        );
    }

    #[test]
    fn codings_are_recognised() {
        for (header, expected) in [
            (None, Ok(ContentCoding::Identity)),
            (Some(""), Ok(ContentCoding::Identity)),
            (Some("Identity"), Ok(ContentCoding::Identity)),
            (Some("GZIP"), Ok(ContentCoding::Gzip)),
            (Some("aws-chunked, gzip"), Ok(ContentCoding::Gzip)),
            (Some("aws-chunked"), Ok(ContentCoding::Identity)),
            (Some("br"), Err(SourceError::Upstream(Cause::Coding))),
            (Some("gzip, gzip"), Err(SourceError::Upstream(Cause::Coding))),
        ] {
            assert_eq!(ContentCoding::parse(header), expected, "{header:?}");
        }
    }
}
