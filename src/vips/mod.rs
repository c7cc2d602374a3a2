//! libvips, made sound: the only files that name a C symbol.
