//! The Oklab colour space, in which equal distances look equal and mixtures keep their lightness.

/// A 3 x 3 matrix as rows.
pub(crate) type Matrix = [[f64; 3]; 3];

/// Multiplies a matrix by a vector.
pub(crate) fn times(matrix: &Matrix, v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Converts linear sRGB to Oklab (Ottosson, 2020).
pub(crate) fn from_linear(rgb: [f64; 3]) -> [f64; 3] {
    const LMS: Matrix = [
        [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
        [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
        [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ];
    const LAB: Matrix = [
        [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
        [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
        [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
    ];
    times(&LAB, times(&LMS, rgb).map(f64::cbrt))
}

/// Converts Oklab to linear sRGB. Colours outside sRGB come out below 0 or above 1.
pub(crate) fn to_linear(lab: [f64; 3]) -> [f64; 3] {
    const LMS: Matrix = [
        [1.0, 0.396_337_777_4, 0.215_803_757_3],
        [1.0, -0.105_561_345_8, -0.063_854_172_8],
        [1.0, -0.089_484_177_5, -1.291_485_548_0],
    ];
    const RGB: Matrix = [
        [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
        [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
        [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
    ];
    times(&RGB, times(&LMS, lab).map(|v| v * v * v))
}
