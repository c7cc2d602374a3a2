//! Computes how much of each pixel a shape covers: the anti-aliased edges of masks and frames.

use crate::units::Size;

/// A filled shape in pixels of an image, ready for queries.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// An ellipse that touches the four sides of its box.
    Ellipse {
        /// Centre.
        center: [f32; 2],
        /// Half the width and half the height.
        radii: [f32; 2],
    },
    /// A box with rounded corners.
    Rounded {
        /// Left, top, right, bottom.
        edges: [f32; 4],
        /// Clockwise from the top left.
        radii: [f32; 4],
    },
    /// A convex polygon: the inside of these lines, each given as the outward normal and the distance from the origin
    /// along it.
    Polygon(Vec<[f32; 3]>),
    /// The empty shape.
    Nothing,
}

impl Shape {
    /// Returns the ellipse that touches the sides of an image of `size` reduced by `insets` (top, right, bottom, left).
    pub(crate) fn ellipse(size: Size, insets: [u32; 4]) -> Self {
        let Some([left, top, right, bottom]) = inset(size, insets) else { return Self::Nothing };
        Self::Ellipse {
            center: [f32::midpoint(left, right), f32::midpoint(top, bottom)],
            radii: [(right - left) / 2.0, (bottom - top) / 2.0],
        }
    }

    /// Returns an image of `size` reduced by `insets`, with rounded corners. Radii that do not fit are all reduced by
    /// the same factor.
    pub(crate) fn rounded(size: Size, insets: [u32; 4], radii: [u32; 4]) -> Self {
        let Some(edges) = inset(size, insets) else { return Self::Nothing };
        let (width, height) = (edges[2] - edges[0], edges[3] - edges[1]);
        let radii = radii.map(|radius| radius as f32);
        let fits = |a: usize, b: usize, side: f32| side / (radii[a] + radii[b]).max(side);
        let factor = fits(0, 1, width).min(fits(1, 2, height)).min(fits(2, 3, width)).min(fits(3, 0, height));
        Self::Rounded { edges, radii: radii.map(|radius| radius * factor) }
    }

    /// Returns the regular polygon of `sides` with a corner at the right (3 o'clock), stretched to touch the four sides
    /// of an image of `size`, with every edge moved inwards by `inset` pixels.
    pub(crate) fn polygon(size: Size, sides: u8, inset: u32) -> Self {
        let count = f64::from(sides.max(3));
        let corner = |index: u8| {
            let (sin, cos) = (std::f64::consts::TAU * f64::from(index) / count).sin_cos();
            [cos, sin]
        };
        let corners: Vec<[f64; 2]> = (0..sides.max(3)).map(corner).collect();
        let extreme = |axis: usize| {
            let values = || corners.iter().map(|corner| corner[axis]);
            (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max))
        };
        let ((left, right), (top, bottom)) = (extreme(0), extreme(1));
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let placed = |[x, y]: [f64; 2]| [(x - left) / (right - left) * width, (y - top) / (bottom - top) * height];
        let corners: Vec<[f64; 2]> = corners.into_iter().map(placed).collect();
        let lines = corners.iter().zip(corners.iter().cycle().skip(1)).map(|(from, to)| {
            // Clockwise on screen, so the outside is to the left of each edge's direction.
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            let length = dx.hypot(dy).max(f64::EPSILON);
            let normal = [dy / length, -dx / length];
            let distance = normal[0] * from[0] + normal[1] * from[1] - f64::from(inset);
            [normal[0] as f32, normal[1] as f32, distance as f32]
        });
        Self::Polygon(lines.collect())
    }

    /// Returns the share of pixel `(x, y)` that lies inside, 0 to 1, judged by the distance of its centre from the
    /// edge.
    pub(crate) fn coverage(&self, x: u32, y: u32) -> f32 {
        self.coverage_at(x as f32 + 0.5, y as f32 + 0.5)
    }

    /// Returns the same for a square of one pixel around any point.
    pub(crate) fn coverage_at(&self, x: f32, y: f32) -> f32 {
        self.distance(x, y).map_or(0.0, |distance| (0.5 - distance).clamp(0.0, 1.0))
    }

    /// Returns how far inside pixel `(x, y)` lies: 0 at the edge, 1 at `reach` pixels from it.
    pub(crate) fn feathered(&self, x: u32, y: u32, reach: f32) -> f32 {
        self.distance(x as f32 + 0.5, y as f32 + 0.5).map_or(0.0, |distance| (-distance / reach).clamp(0.0, 1.0))
    }

    /// Returns the distance of a point from the edge, negative inside; `None` if there is no inside.
    fn distance(&self, x: f32, y: f32) -> Option<f32> {
        Some(match self {
            Self::Ellipse { center, radii } => ellipse_distance(x - center[0], y - center[1], *radii),
            Self::Rounded { edges, radii } => rounded_distance(x, y, *edges, *radii),
            Self::Polygon(lines) => lines.iter().map(|[nx, ny, d]| nx * x + ny * y - d).fold(f32::MIN, f32::max),
            Self::Nothing => return None,
        })
    }
}

/// Returns left, top, right and bottom of the remaining part of an image; `None` if nothing remains.
fn inset(size: Size, [top, right, bottom, left]: [u32; 4]) -> Option<[f32; 4]> {
    let right_edge = size.width.checked_sub(right).filter(|edge| *edge > left)?;
    let bottom_edge = size.height.checked_sub(bottom).filter(|edge| *edge > top)?;
    Some([left as f32, top as f32, right_edge as f32, bottom_edge as f32])
}

/// Returns the distance from the edge, to first order: near it, exact to a hundredth of a pixel for all but the
/// thinnest ellipses.
fn ellipse_distance(x: f32, y: f32, [a, b]: [f32; 2]) -> f32 {
    let (u, v) = (x / a, y / b);
    let k = u.hypot(v);
    let slope = (u / a).hypot(v / b);
    // At the very centre the slope is 0 and no edge is near.
    if slope <= f32::EPSILON { -a.min(b) } else { k * (k - 1.0) / slope }
}

/// Returns the exact distance from the edge.
fn rounded_distance(x: f32, y: f32, [left, top, right, bottom]: [f32; 4], radii: [f32; 4]) -> f32 {
    let is_left = x - left < right - x;
    let is_top = y - top < bottom - y;
    let radius = match (is_left, is_top) {
        (true, true) => radii[0],
        (false, true) => radii[1],
        (false, false) => radii[2],
        (true, false) => radii[3],
    };
    // Distance beyond the centre of the corner's circle, towards the corner.
    let across = if is_left { left + radius - x } else { x - right + radius };
    let down = if is_top { top + radius - y } else { y - bottom + radius };
    if across > 0.0 && down > 0.0 { across.hypot(down) - radius } else { across.max(down) - radius }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rect;

    /// Describes a rectangle in an image by its four distances from the sides: top, right, bottom, left.
    fn sides_of(rect: Rect, size: Size) -> [u32; 4] {
        [rect.top, size.width - rect.left - rect.size.width, size.height - rect.top - rect.size.height, rect.left]
    }

    fn area(shape: &Shape, size: Size) -> f64 {
        let row = |y| (0..size.width).map(move |x| (x, y));
        (0..size.height).flat_map(row).map(|(x, y)| f64::from(shape.coverage(x, y))).sum()
    }

    #[track_caller]
    fn check_area(shape: &Shape, size: Size, expected: f64) {
        let found = area(shape, size);
        assert!((found - expected).abs() <= expected * 0.004 + 0.5, "{found} for {expected}: {shape:?}");
    }

    #[test]
    fn shapes_cover_their_area() {
        let size = Size::new(200, 120);
        check_area(&Shape::ellipse(size, [0; 4]), size, std::f64::consts::PI * 100.0 * 60.0);
        check_area(&Shape::ellipse(size, [10, 20, 30, 40]), size, std::f64::consts::PI * 70.0 * 40.0);
        check_area(&Shape::rounded(size, [0; 4], [0; 4]), size, 200.0 * 120.0);
        let rounded = 200.0 * 120.0 - (4.0 - std::f64::consts::PI) * 900.0;
        check_area(&Shape::rounded(size, [0; 4], [30; 4]), size, rounded);
        check_area(&Shape::polygon(size, 4, 0), size, 200.0 * 120.0 / 2.0);
        check_area(&Shape::polygon(size, 3, 0), size, 200.0 * 120.0 / 2.0);
        check_area(&Shape::polygon(size, 6, 0), size, 200.0 * 120.0 * 0.75);
        for all in [[120, 0, 0, 0], [0, 100, 0, 100], [u32::MAX; 4]] {
            check_area(&Shape::rounded(size, all, [3; 4]), size, 0.0);
        }
    }

    #[test]
    fn the_first_corner_of_a_polygon_is_at_the_right() {
        let size = Size::new(100, 100);
        let inside = |sides: u8, x, y| Shape::polygon(size, sides, 0).coverage(x, y) > 0.5;
        // A triangle that points to the right stands on its left side.
        assert!(inside(3, 97, 49) && inside(3, 97, 50) && inside(3, 1, 2) && inside(3, 1, 97) && inside(3, 1, 50));
        assert!(!inside(3, 98, 5) && !inside(3, 50, 2) && !inside(3, 50, 97));
        // A square is a diamond. A hexagon has corners at the left and right, and flat sides at the top and bottom.
        assert!(inside(4, 98, 50) && inside(4, 50, 98) && !inside(4, 90, 90));
        assert!(inside(6, 98, 50) && inside(6, 1, 50) && inside(6, 30, 1) && inside(6, 70, 98) && !inside(6, 2, 2));
        // A pentagon has a corner at the right only.
        assert!(inside(5, 97, 50) && !inside(5, 3, 3) && inside(5, 3, 40));
        for sides in 3..=32 {
            assert!(Shape::polygon(size, sides, 0).coverage(97, 50) > 0.3, "{sides}");
        }
    }

    #[test]
    fn straight_edges_are_exact() {
        let size = Size::new(6, 5);
        let rect = Rect { left: 1, top: 2, size: Size::new(3, 2) };
        let shape = Shape::rounded(size, sides_of(rect, size), [0; 4]);
        for (x, y) in (0..5).flat_map(|y| (0..6).map(move |x| (x, y))) {
            let inside = (1..4).contains(&x) && (2..4).contains(&y);
            assert!((shape.coverage(x, y) - f32::from(u8::from(inside))).abs() < 1e-6, "{x} {y}");
        }
    }

    #[test]
    fn corners_are_rounded_each_by_its_own_radius() {
        let size = Size::new(100, 100);
        let shape = Shape::rounded(size, [0; 4], [40, 0, 10, 0]);
        let at = |x, y| shape.coverage(x, y);
        assert!(at(5, 5) < 0.01 && at(99, 0) > 0.99 && at(0, 99) > 0.99 && at(99, 99) < 0.01);
        assert!(at(96, 96) > 0.99 && at(50, 50) > 0.99);
        // Together larger than the side, so they are reduced until they meet and do not overlap.
        check_area(&Shape::rounded(size, [0; 4], [90; 4]), size, std::f64::consts::PI * 2500.0);
    }

    #[test]
    fn an_ellipse_touches_all_four_sides() {
        for size in [Size::new(60, 40), Size::new(41, 41), Size::new(1, 1), Size::new(9, 200)] {
            let shape = Shape::ellipse(size, [0; 4]);
            let (x, y) = (size.width / 2, size.height / 2);
            for (x, y) in [(x, 0), (x, size.height - 1), (0, y), (size.width - 1, y), (x, y)] {
                assert!(shape.coverage(x, y) > 0.3, "{size:?} {x} {y}: {}", shape.coverage(x, y));
            }
            if size.area() > 100 {
                assert!(shape.coverage(0, 0) < 0.01);
            }
        }
    }
}
