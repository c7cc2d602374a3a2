//! What a request means. Pure: [`Params`](crate::param::Params) + [`Negotiation`] + [`Policy`] -> [`Plan`] ->
//! [`Layout`].
//!
//! A plan is resolved: defaults are filled in, parameters with unmet dependencies are dropped, and the format is chosen
//! as far as the request alone allows. It does not depend on any original. A layout holds the numbers for one measured
//! original.
//!
//! Plan: `types`, `resolved` and `feature` define it; `resolve`, `written`, `negotiate`, `format` and `vector` make it
//! from a request. Layout: `feature`, `read` and `resize` define it; `layout`, `sheet`, `requested_box`, `geometry` and
//! `crowd` make it from a plan. `answer`, `cost` and `frames` settle format and frames, and `tagged` writes what cache
//! keys are made of.

mod anchor;
mod answer;
mod bound;
mod cost;
mod crowd;
mod encode_time;
#[cfg(test)]
mod examples;
mod extent;
mod feature;
mod format;
mod frames;
mod geometry;
mod layout;
mod needs;
mod negotiate;
mod read;
mod requested_box;
mod resize;
mod resolve;
mod resolved;
mod sheet;
mod tagged;
mod types;
mod vector;
mod written;

pub use crate::pixels::ramp::{ColorRamp, ColorStop, GradientCourse};
pub use anchor::{Along, Anchor, Sides};
pub use answer::{Answer, Data, DataOutput, Facts, Format};
pub use cost::{Work, in_time};
pub use encode_time::EncodeTime;
pub use feature::*;
pub use format::choose_formats;
pub use frames::{Frame, Sequence, StoredFrames};
pub use layout::{layout, layout_found};
pub use needs::{FaceSearch, OverlayRole};
pub use negotiate::SRCSET_WIDTHS;
pub use read::Read;
pub use resize::{Resize, Window};
pub use resolve::resolve;
pub use resolved::{Intent, Plan, Resolved, Unsupported};
pub use sheet::{Sheet, layout_frames};
pub use tagged::PLAN_REVISION;
pub use types::*;
pub use vector::Treatment;
pub use written::{TEXT_OBJECT, is_right_to_left, resolve_object};

#[cfg(test)]
pub(crate) use examples::properties::any_params;
#[cfg(test)]
pub(crate) use resolve::resolve_params;
