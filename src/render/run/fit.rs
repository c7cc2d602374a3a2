//! Fitting a layout to what is decoded: at which scale to draw a vector, what cuts become when the picture came out in
//! another size, and turning the small picture rather than the large one. Pure.

use crate::pixels::orient;
use crate::plan::{HideFacesOp, Layout, Op, Resize, Window};
use crate::units::{Rect, Size};

/// Factor at which to draw a vector original so that the resize after it has nothing left to do.
pub(in crate::render) fn raster_scale(layout: &Layout, size: Size, pixels_max: u64) -> f64 {
    let original = size;
    let mut size = size;
    for op in &layout.ops {
        if let Op::Orient(5..=8) = op {
            size = size.transposed();
        } else if let Op::Crop(rect) = op {
            size = rect.size;
        } else if let Op::Resize(resize) = op {
            let across = f64::from(resize.scaled.width) / f64::from(size.width);
            let down = f64::from(resize.scaled.height) / f64::from(size.height);
            // The whole is drawn even where little of it is kept.
            let affordable = (pixels_max as f64 / original.area() as f64).sqrt();
            return across.max(down).min(affordable).max(1e-4);
        }
    }
    1.0
}

/// The same layout for an original that came out in another size than its header says: cuts before the resize follow.
pub(in crate::render) fn rescaled(mut layout: Layout, nominal: Size, actual: Size) -> Layout {
    if nominal == actual {
        return layout;
    }
    let (mut from, mut to) = (nominal, actual);
    for op in &mut layout.ops {
        if let Op::Orient(5..=8) = op {
            (from, to) = (from.transposed(), to.transposed());
        } else if let Op::Crop(rect) = op {
            let moved = scaled_rect(*rect, from, to);
            (from, to) = (rect.size, moved.size);
            *rect = moved;
        } else if let Op::HideFaces(HideFacesOp { faces: Some(boxes), .. }) | Op::RedEye(boxes) = op {
            boxes.iter_mut().for_each(|rect| *rect = scaled_rect(*rect, from, to));
        } else if let Op::Resize(_) = op {
            break;
        }
    }
    layout
}

fn scaled_rect(rect: Rect, from: Size, to: Size) -> Rect {
    let axis = |start: u32, len: u32, from: u32, to: u32| {
        let at = |px: u32| (f64::from(px) * f64::from(to) / f64::from(from)).round() as u32;
        let first = at(start).min(to - 1);
        (first, at(start + len).clamp(first + 1, to) - first)
    };
    let (left, width) = axis(rect.left, rect.size.width, from.width, to.width);
    let (top, height) = axis(rect.top, rect.size.height, from.height, to.height);
    Rect { left, top, size: Size::new(width, height) }
}

/// The same ops with the turn after the resize where that makes no difference: turning is mirroring and transposing, to
/// which the resampler is indifferent, and a photograph has many times the pixels of what is made of it.
///
/// `stored` is the size of the decoded picture. A window that is still to be found needs the upright picture, so then the
/// order stays.
pub(in crate::render) fn turned_last(mut ops: Vec<Op>, stored: Size) -> Vec<Op> {
    let Some(&Op::Orient(value)) = ops.first() else { return ops };
    let upright = if value >= 5 { stored.transposed() } else { stored };
    let at = usize::from(matches!(ops.get(1), Some(Op::Crop(_)))) + 1;
    let Some(Op::Resize(resize)) = ops.get(at) else { return ops };
    let turned = |size: Size| if value >= 5 { size.transposed() } else { size };
    let window = match &resize.window {
        Window::Whole => Window::Whole,
        Window::Fixed(rect) => Window::Fixed(orient::stored_rect(*rect, resize.scaled, value)),
        Window::Find { .. } => return ops,
    };
    ops[at] = Op::Resize(Resize { scaled: turned(resize.scaled), window });
    if let Some(Op::Crop(rect)) = ops.get_mut(1) {
        *rect = orient::stored_rect(*rect, upright, value);
    }
    ops[..=at].rotate_left(1);
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resize(width: u32, height: u32, window: Window) -> Op {
        Op::Resize(Resize { scaled: Size::new(width, height), window })
    }

    #[test]
    fn the_turn_moves_behind_the_resize() {
        let rect = |left, top, width, height| Rect { left, top, size: Size::new(width, height) };
        let ops = vec![
            Op::Orient(6),
            Op::Crop(rect(0, 10, 100, 50)),
            resize(20, 10, Window::Fixed(rect(5, 0, 10, 10))),
            Op::MirrorVertical,
        ];
        let expected = vec![
            Op::Crop(rect(10, 0, 50, 100)),
            resize(10, 20, Window::Fixed(rect(0, 5, 10, 10))),
            Op::Orient(6),
            Op::MirrorVertical,
        ];
        assert_eq!(turned_last(ops, Size::new(200, 100)), expected);
        let plain = vec![Op::Orient(3), resize(20, 10, Window::Whole)];
        assert_eq!(turned_last(plain.clone(), Size::new(40, 20)), [plain[1].clone(), plain[0].clone()]);
        let find = Window::Find { size: Size::new(10, 10), finders: Vec::new(), otherwise: rect(0, 0, 10, 10) };
        for stays in [vec![Op::Orient(6), resize(20, 10, find)], vec![Op::Orient(6)], vec![Op::MirrorVertical]] {
            assert_eq!(turned_last(stays.clone(), Size::new(40, 20)), stays);
        }
    }

    #[test]
    fn vectors_are_drawn_no_larger_than_affordable() {
        let layout = |ops| Layout { ops, output: Size::new(1, 1), has_alpha: false };
        let enlarged = layout(vec![Op::Orient(6), resize(200, 300, Window::Whole)]);
        assert!((raster_scale(&enlarged, Size::new(30, 20), 1_000_000) - 10.0).abs() < 1e-9);
        assert!((raster_scale(&enlarged, Size::new(30, 20), 600 * 25) - 5.0).abs() < 1e-9);
        assert!((raster_scale(&layout(Vec::new()), Size::new(30, 20), 1) - 1.0).abs() < 1e-9);
    }

    proptest::proptest! {
        #[test]
        fn cuts_stay_inside_the_picture(
            width in 1_u32..500, height in 1_u32..500, left in 0.0..1.0_f64, top in 0.0..1.0_f64,
            across in 0.0..1.0_f64, down in 0.0..1.0_f64, to_width in 1_u32..500, to_height in 1_u32..500,
        ) {
            let part = |of: u32, share: f64| (f64::from(of) * share) as u32;
            let (left, top) = (part(width, left), part(height, top));
            let size = Size::new(part(width - left, across), part(height - top, down));
            let rect = scaled_rect(Rect { left, top, size }, Size::new(width, height), Size::new(to_width, to_height));
            assert!(rect.is_inside(Size::new(to_width, to_height)), "{rect:?}");
        }
    }
}
