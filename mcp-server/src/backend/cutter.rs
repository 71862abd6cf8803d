//! Cuts what a tentacle says into lines, in bounded memory, whatever it says.

/// The most bytes of one line; the rest of it is left out. The engine's own lines are shorter.
pub(super) const LONGEST: usize = 64 * 1024;

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Cutter(Vec<u8>);

impl Cutter {
    /// The lines that end in `bytes`.
    pub(super) fn cut(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = LONGEST.saturating_sub(self.0.len());
            self.0.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            if parts.peek().is_some() {
                lines.extend(self.rest());
            }
        }
        lines
    }

    /// The line so far; none when it is empty.
    pub(super) fn rest(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.0);
        (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned())
    }
}
