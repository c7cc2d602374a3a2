//! Removes red from eyes: `auto=redeye` (`rendering.md` 7).
//!
//! A pupil lit by a flash has at least twice as much red as green and blue, which no skin has. Within an eye's box such
//! pixels become as dark as their green and blue, with a soft transition from skin to pupil; all other pixels stay.

use crate::pixels::raster::{Raster, Samples};
use crate::units::Rect;

/// Ratio of red to the larger of green and blue at which a pixel starts to change, and at which it changes fully.
const RATIO: (f32, f32) = (1.8, 2.3);
/// Share of full scale below which red is not noticeable.
const RED_MIN: f32 = 0.2;

/// Changes only the eyes' boxes. Alpha, size and depth stay, and grey images are unchanged.
#[must_use]
pub fn apply(mut raster: Raster, eyes: &[Rect]) -> Raster {
    if raster.channels < 3 {
        return raster;
    }
    let (channels, width) = (usize::from(raster.channels), raster.size.width as usize);
    for eye in eyes.iter().filter(|eye| eye.is_inside(raster.size)) {
        for y in eye.top..eye.top + eye.size.height {
            let row = (y as usize * width + eye.left as usize) * channels;
            let len = eye.size.width as usize * channels;
            match &mut raster.samples {
                Samples::U8(samples) => {
                    samples[row..row + len].chunks_exact_mut(channels).for_each(|pixel| {
                        pixel[0] = calmed([pixel[0], pixel[1], pixel[2]].map(f32::from), 255.0) as u8;
                    });
                }
                Samples::U16(samples) => {
                    samples[row..row + len].chunks_exact_mut(channels).for_each(|pixel| {
                        pixel[0] = calmed([pixel[0], pixel[1], pixel[2]].map(f32::from), 65535.0) as u16;
                    });
                }
            }
        }
    }
    raster
}

/// Returns the corrected red of a pixel.
fn calmed([red, green, blue]: [f32; 3], full: f32) -> f32 {
    let most = green.max(blue).max(1.0);
    if red < RED_MIN * full {
        return red;
    }
    let share = ((red / most - RATIO.0) / (RATIO.1 - RATIO.0)).clamp(0.0, 1.0);
    (red + ((green + blue) / 2.0 - red) * share).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    #[test]
    fn pupils_lose_their_red_and_skin_does_not() {
        let check = |pixel: [u8; 4], expected: [u8; 4]| {
            let raster = Raster { size: Size::new(1, 1), channels: 4, samples: Samples::U8(pixel.to_vec()) };
            assert_eq!(apply(raster, &[Rect::whole(Size::new(1, 1))]).into_bytes(), expected);
        };
        check([220, 40, 50, 7], [45, 40, 50, 7]);
        for same in [[224, 172, 140, 255], [110, 70, 50, 255], [40, 10, 10, 255], [90, 90, 200, 255], [0, 0, 0, 0]] {
            check(same, same);
        }
    }

    #[test]
    fn only_the_boxes_change() {
        let red = Raster { size: Size::new(4, 2), channels: 3, samples: Samples::U8([200, 20, 20].repeat(8)) };
        let eye = Rect { left: 1, top: 0, size: Size::new(2, 1) };
        let outside = Rect { left: 3, top: 1, size: Size::new(2, 2) };
        let after = apply(red, &[eye, outside]).into_bytes();
        let reds: Vec<u8> = after.chunks_exact(3).map(|p| p[0]).collect();
        assert_eq!(reds, [200, 20, 20, 200, 200, 200, 200, 200]);
        let grey = Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U16(vec![900]) };
        assert_eq!(apply(grey.clone(), &[Rect::whole(grey.size)]), grey);
    }
}
