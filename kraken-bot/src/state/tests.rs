//! Disk and git through whatever may happen to them, with the real git as the other side.

mod asked;
mod faults;
mod histories;
mod killed;
mod model;
mod together;
mod world;
