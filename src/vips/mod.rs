//! A sound interface to libvips. No other file names a C symbol.
//!
//! [`init()`] starts the library with every loader and saver blocked except those we use. [`Image`] is one owned
//! reference to a lazily evaluated image that borrows the bytes it reads from. [`Call`] sets the options of an
//! operation by name, so that one binary works with libvips 8.14 to 8.18.
#![allow(unsafe_code)]

mod call;
mod error;
mod image;
mod init;
mod pixels;
mod sys;

pub use call::Call;
pub use error::{VipsError, discard_text, has_complained};
pub use image::{Image, SampleFormat, Space};
pub use init::{Capabilities, InitError, init, tracked_allocations};
