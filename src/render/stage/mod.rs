//! Stages: the code that performs each op. A stage takes the image and its own op. Some reuse another stage (`pad` uses
//! `extend`).
//!
//! Stages accept 8 or 16 bits. `trim`, `redeye` and `hide_faces` run on the pixels as they are read, all others on the
//! scaled image. Stages that composite return 8 bits.

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
