//! What a request means. Pure: [`Params`](crate::param::Params) + [`Negotiation`] + limits -> [`Plan`] -> [`Layout`].
//!
//! A plan is resolved (defaults filled in, unmet dependencies dropped, format choice made as far as the request alone
//! allows) and says nothing about one original; a layout holds the numbers for one measured original.

mod op;
mod types;

pub use op::*;
pub use types::*;
