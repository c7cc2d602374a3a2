//! What a request means. Pure: [`Params`](crate::param::Params) + [`Negotiation`] + [`Policy`] -> [`Plan`] -> [`Layout`].
//!
//! A plan is resolved (defaults filled in, unmet dependencies dropped, format choice made as far as the request alone
//! allows) and says nothing about one original; a layout holds the numbers for one measured original.
//!
//! `types`, `effects` and `layers` are what a plan is made of, `op` what a layout is made of; `resolve`, `compose` and
//! `format` lead to the one, `request`, `geometry`, `overlay` and `layout` to the other.

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
