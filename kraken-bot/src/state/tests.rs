//! Disk and git through whatever may happen to them, with the real git as the other side.

mod histories;
mod killed;
mod model;
mod world;
