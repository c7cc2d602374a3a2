//! Tintype, an image rendering origin that speaks the imgix URL grammar.
//!
//! A website puts rendering parameters in an image URL, and a CDN pulls the image from us. We verify the signature,
//! fetch the original from a configured source, render it and keep the result in memory and on disk. libvips reads and
//! writes most formats, converts most profiles and sets text. The other formats have codecs of their own, and all other
//! pixel work is ours.
//!
//! Citations such as "`rendering.md` 3.2" refer to the documents in `docs/spec/`.
//!
//! # From the bytes of a request to the bytes of an answer
//!
//! "Pure" marks the steps that do no I/O and read no clock.
//!
//! ```text
//! server::handler              the request path, in one function
//!   route                      request target as sent -> path and query                   pure
//!   app::admit                 path, query and headers -> Variant                         pure
//!     sign::verify             checks the signature over the bytes as sent                pure
//!     param::parse             query -> Params, by the one table PARAMS                   pure
//!     plan::resolve_object     Params + outcome of the headers + policy -> Intent: a Plan,
//!                              the original as it is, or a refusal                        pure
//!     cache::VariantKey        source + object + intent -> cache key                      pure
//!   cache                      key -> Rendition: from memory, from disk, or from one render
//!                              that all waiting requests share
//!     app::produce             fetches the original, has it rendered and returns the rendition
//!       source                 folder, web folder, web proxy or S3 -> Original in a sealed memfd
//!       worker                 Job -> a confined process -> Rendered in a sealed memfd
//!         render               runs in that process; on the command line and in tests, in the current one
//!           decode             reads the header and checks it against the limits
//!           plan::layout       Plan + Measured -> Layout: what to read, its size, [Op]    pure
//!           decode             pixels; colours become sRGB, or the profile is kept
//!           stage              Raster -> Raster, one file per kind of Op
//!           encode             Raster -> bytes, one file per encoder
//! ```
//!
//! # Who may use whom
//!
//! A module may use the modules in the lines above its own and its neighbours in the same line. Files do not use each
//! other in a circle, apart from submodules, which may use the file that declares them. `tests/structure.rs` reads this
//! list and checks both rules.
//!
//! ```text
//! units clock blob nearest limits sniff   sizes and colours, time, sealed memory, spelling, bounds, kinds of files
//! pixels                                  pixel work that knows no plan
//! vips                                    a sound interface to libvips
//! param                                   the grammar: query -> Params, from the one table
//! plan                                    Params -> Plan, Plan + Measured -> Layout
//! config sign                             settings, signatures
//! source                                  originals from folders, the web and S3
//! telemetry                               access log, metrics
//! render                                  original + Plan -> encoded bytes
//! worker                                  render, in processes that can be killed
//! cache                                   keys, and renditions in memory and on disk
//! error                                   every error and the answer to it
//! app                                     everything between a request and its rendition
//! server                                  HTTP
//! cli                                     the command line
//! ```
//!
//! # Invariants
//!
//! These are things deliberately *not* done. If you need one of them, change the design, not a line.
//!
//! * **Invariant:** `param`, `sign` and `plan` do no I/O, read no clock and call no C. What a request means can be
//!   worked out, and tested, without a server.
//! * **Invariant:** nothing in a request is decoded, sorted or normalised before its signature is verified.
//! * **Invariant:** no string is parsed twice. After `param` a value is typed and in range; after `plan` no code asks
//!   which parameters were given.
//! * **Invariant:** the key of a rendition is a hash of the resolved plan with the source and the object. So nothing
//!   that alters bytes can be left out of it, and nothing else (order, aliases, `dl`, signatures) splits it.
//! * **Invariant:** the server process decodes and encodes no image. Bytes that strangers made meet C code only in
//!   `tintype worker`, behind Landlock, seccomp and resource limits, and a crash or a time-out there costs one request.
//! * **Invariant:** a render slot is never held while an original is fetched, and never given up while a job still
//!   runs.
//! * **Invariant:** a client is told only a code and a sentence from [`error`]; they never contain a URL, path, secret
//!   or text from an upstream or from libvips. Secrets are [`config::Secret`], whose `Debug` shows nothing.
//! * **Invariant:** an error is never kept under the key of a success; the negative cache is a separate map.
//! * **Invariant:** every buffer, queue, wait and count that a stranger can influence has a bound in [`limits::Limits`]
//!   or a named constant beside its use.
//! * **Invariant:** `unsafe` is in `vips/` (the C interface), `blob` (mapping sealed memory) and the sandbox's set-up,
//!   and nowhere else. Each block states its reason.

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
