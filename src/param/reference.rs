//! The table written down: for programs (JSON) and for a terminal (text).
