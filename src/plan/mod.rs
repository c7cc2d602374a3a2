//! What a request means. Pure: [`Params`](crate::param::Params) + [`Negotiation`] + limits -> [`Plan`] -> [`Layout`].
//!
//! A plan is resolved (defaults filled in, unmet dependencies dropped, format choice made as far as the request alone
//! allows) and says nothing about one original; a layout holds the numbers for one measured original.

#[cfg(test)]
mod examples;
mod format;
mod geometry;
mod key;
mod layout;
mod negotiate;
mod op;
mod resolve;
mod types;

pub use format::choose_formats;
pub use key::{PLAN_REVISION, VariantKey};
pub use layout::layout;
pub use negotiate::SRCSET_WIDTHS;
pub use op::*;
pub use resolve::resolve;
pub use types::*;
