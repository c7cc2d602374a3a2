//! Stages: the code that performs one op.

pub mod resize;
