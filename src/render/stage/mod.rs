//! Stages: the code that performs one op. Each takes the picture and its own op, and knows of no other stage.
//!
//! Orientation and cropping come before scaling and take 8 or 16 bits; the rest work on the scaled picture, in 8 bits.

pub mod adjust;
pub mod blend;
pub mod blur;
pub mod border;
pub mod denoise;
pub mod enhance;
pub mod extend;
pub mod fade;
pub mod find;
pub mod focal_debug;
pub mod gradient;
pub mod grid;
pub mod halftone;
pub mod hide_faces;
pub mod mark;
pub mod mask;
pub mod mirror;
pub mod pad;
pub mod pixellate;
pub mod redeye;
pub mod reflect;
pub mod rotate;
pub mod shadow;
pub mod sharpen;
pub mod sheet;
pub mod text;
pub mod threshold;
pub mod tone;
pub mod trim;
