//! A picture: a column for each stage, boxes below each other, lines between them.

use super::{Drawing, Kind, Shape};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Sizes, in pixels.
const WIDTH: usize = 160;
const HEIGHT: usize = 40;
const APART: usize = 24;
const BETWEEN: usize = 80;
const MARGIN: usize = 24;

/// The most characters of a label that fit.
const FITS: usize = 20;

/// Colours that can be read in the light and in the dark; shapes differ as well, so that nothing is told by colour alone.
const STYLE: &str = "text{font:14px sans-serif;fill:#1d1c1d;text-anchor:middle;dominant-baseline:central}\
.trigger{fill:#e8f0fe;stroke:#1a56b0}.node{fill:#fff;stroke:#44474c}.dependency{fill:#fdf3e1;stroke:#9a5b00;\
stroke-dasharray:5 3}line{stroke:#44474c;marker-end:url(#head)}rect.paper{fill:#f8f8f8}";

/// Where a box is: the left edge and the top.
type Place = (usize, usize);

/// The picture.
pub(super) fn draw(drawing: &Drawing) -> String {
    let tallest = drawing.columns.iter().map(Vec::len).max().unwrap_or(0);
    let height = 2 * MARGIN + tallest * (HEIGHT + APART) - APART.min(tallest * APART);
    let columns = drawing.columns.len();
    let width = 2 * MARGIN + columns * (WIDTH + BETWEEN) - BETWEEN.min(columns * BETWEEN);
    let places = places(drawing, height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        drawing.title
    );
    for (from, to) in &drawing.lines {
        if let (Some((x1, y1)), Some((x2, y2))) = (places.get(from.as_str()), places.get(to.as_str())) {
            let (x1, y1, y2) = (x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2);
            // INVARIANT: writing to a `String` never fails.
            let _ = writeln!(svg, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
        }
    }
    for shape in drawing.columns.iter().flatten() {
        if let Some(place) = places.get(shape.id.as_str()) {
            draw_box(&mut svg, shape, *place);
        }
    }
    svg + "</svg>\n"
}

fn draw_box(svg: &mut String, shape: &Shape, (x, y): Place) {
    let (class, round) = match shape.kind {
        Kind::Trigger => ("trigger", HEIGHT / 2),
        Kind::Node => ("node", 4),
        Kind::Dependency => ("dependency", 0),
    };
    let mut label: String = shape.label.chars().take(FITS).collect();
    if shape.label.chars().nth(FITS).is_some() {
        label.push('…');
    }
    let (across, down) = (x + WIDTH / 2, y + HEIGHT / 2);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\"><title>{class} {}</title></rect>\
         <text x=\"{across}\" y=\"{down}\">{label}</text>",
        shape.label
    );
}

/// Each column is in the middle of the height.
fn places(drawing: &Drawing, height: usize) -> HashMap<&str, Place> {
    let mut places = HashMap::new();
    for (column, shapes) in drawing.columns.iter().enumerate() {
        let x = MARGIN + column * (WIDTH + BETWEEN);
        let tall = shapes.len() * (HEIGHT + APART) - APART;
        let top = (height - tall.min(height)) / 2;
        for (row, shape) in shapes.iter().enumerate() {
            places.insert(shape.id.as_str(), (x, top + row * (HEIGHT + APART)));
        }
    }
    places
}
