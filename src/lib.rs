//! Tintype, an image rendering origin that speaks the imgix URL grammar.
//!
//! A website puts rendering parameters in an image URL, and a CDN pulls the image from us. We verify the signature,
//! fetch the original from a configured source, render it and keep the result in memory and on disk. libvips reads and
//! writes formats, converts profiles and sets text; all other pixel work is our own.
//!
//! # From the bytes of a request to the bytes of an answer
//!
//! ```text
//! server::handler     the request path, in one function
//!   route             raw target -> path, query, object     pure
//!   sign::verify      over the bytes as sent                pure
//!   param::parse      query -> Params                       pure, from the one table PARAMS
//!   plan::resolve     Params + headers + limits -> Plan     pure
//!   VariantKey::new   source + object + plan -> key   pure
//! cache               VariantKey -> Rendition: memory, disk, or one render for all who wait
//! app::produce        fetch, render, keep
//!   source            folder, web-folder, web-proxy, s3 -> Original in a sealed memfd
//!   worker            Job -> a confined process -> Rendered in a sealed memfd
//!     render          the same code in that process, on the command line and in tests
//!       decode        sniff, check the header against the limits, decode, colours to sRGB or the profile kept
//!       plan::layout  Plan + measures of the original -> [Op]  pure
//!       stage         one file an Op: Raster -> Raster
//!       encode        one file a format: Raster -> bytes
//! ```
//!
//! # Who may use whom
//!
//! A module may use the modules in the lines above its own and its neighbours in the same line. No two files use each
//! other (`tests/structure.rs`).
//!
//! ```text
//! units clock blob nearest limits sniff   sizes, time, sealed memory, spelling, bounds, kinds of files
//! pixels                             pixel work that knows no plan
//! vips                               libvips, made sound
//! param                              the grammar: query -> Params, from the one table
//! plan                               Params -> Plan, Plan + measures -> Layout
//! config sign                        settings; signatures
//! source                             originals from folders, the web, S3
//! telemetry                          access log, metrics
//! render                             original + Plan -> encoded bytes
//! worker                             render, in processes that can be killed
//! cache                              keys and renditions in memory and on disk
//! error                              every error and the answer to it
//! app                                the door, and what lies between a request and a rendition
//! server                             HTTP
//! cli                                the command line
//! ```
//!
//! # Invariants
//!
//! These are things deliberately *not* done. If you need one of them, change the design, not a line.
//!
//! * **Invariant:** `param`, `sign` and `plan` do no I/O, read no clock and call no C. What a request means can be worked
//!   out, and tested, without a server.
//! * **Invariant:** nothing of a request is decoded, sorted or normalised before its signature is verified.
//! * **Invariant:** no string is parsed twice. After `param` a value is typed and in range; after `plan` nothing asks
//!   which parameters were given.
//! * **Invariant:** the key of a rendition is a hash of the resolved plan with the source and the object, so nothing
//!   that alters bytes can be left out of it, and nothing that does not (order, aliases, `dl`, signatures) splits it.
//! * **Invariant:** the server process decodes and encodes no picture. Bytes that strangers made meet C code only in
//!   `tintype worker`, behind Landlock, seccomp and resource limits, and a crash or a time-out there costs one request.
//! * **Invariant:** a render slot is never held while an original is fetched, nor given up while a job still runs.
//! * **Invariant:** a client is told a code and a sentence that [`error`] holds; no URL, path, secret or text of an
//!   upstream or of libvips is ever part of it. Secrets are [`config::Secret`], whose `Debug` shows nothing.
//! * **Invariant:** an error is never kept under the key of a success; the negative cache is a map of its own.
//! * **Invariant:** every buffer, queue, wait and count that a stranger can influence has a bound in
//!   [`limits::Limits`] or a named constant beside its use.
//! * **Invariant:** `unsafe` is in `vips/` (the C interface), `blob` (mapping sealed memory) and the sandbox's set-up,
//!   each block with its reason, and nowhere else.

pub mod app;
pub mod blob;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod limits;
pub mod nearest;
pub mod param;
pub mod pixels;
pub mod plan;
pub mod render;
pub mod server;
pub mod sign;
pub mod sniff;
pub mod source;
pub mod telemetry;
pub mod units;
pub mod vips;
pub mod worker;
