//! Originals with several pages, and documents.

use super::*;

/// Makes an uncompressed TIFF (TIFF 6.0, little-endian) with one page for each entry: width, height and a single
/// colour.
fn tiff(pages: &[(u16, u16, [u8; 3])]) -> Vec<u8> {
    let mut out = b"II*\0\0\0\0\0".to_vec();
    // Where to write the offset of the next directory.
    let mut link = 4;
    for (width, height, color) in pages {
        let pixels = color.repeat(usize::from(*width) * usize::from(*height));
        let (strip, length) = (out.len() as u32, pixels.len() as u32);
        out.extend(pixels);
        out.resize(out.len().next_multiple_of(2), 0);
        let depths = out.len() as u32;
        out.extend([8, 0, 8, 0, 8, 0]);
        let directory = out.len() as u32;
        out[link..link + 4].copy_from_slice(&directory.to_le_bytes());
        // Tag, type (3 is 16 bits, 4 is 32), count, value or offset of the value.
        let fields: [(u16, u16, u32, u32); 9] = [
            (256, 3, 1, (*width).into()),
            (257, 3, 1, (*height).into()),
            (258, 3, 3, depths),
            (259, 3, 1, 1),
            (262, 3, 1, 2),
            (273, 4, 1, strip),
            (277, 3, 1, 3),
            (278, 3, 1, (*height).into()),
            (279, 4, 1, length),
        ];
        out.extend((fields.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in fields {
            out.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            out.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
        }
        link = out.len();
        out.extend([0; 4]);
    }
    out
}

#[test]
fn each_page_of_a_tiff_is_an_image_with_its_own_size() {
    let (red, green, blue) = ([200, 10, 10], [10, 180, 20], [20, 30, 210]);
    let source = tiff(&[(30, 20, red), (12, 40, green), (16, 16, blue)]);
    let check = |query: &str, size: (u32, u32), color: [u8; 3]| {
        let raster = pixels(rendered(&format!("{query}&fm=png"), &source).body.as_slice());
        assert_eq!(raster.size, Size::new(size.0, size.1), "{query}");
        assert!(raster.into_rgba().into_bytes().chunks_exact(4).all(|pixel| pixel[..3] == color), "{query}");
    };
    check("q=75", (30, 20), red);
    check("page=1", (30, 20), red);
    check("page=2", (12, 40), green);
    check("page=3", (16, 16), blue);
    check("page=4", (16, 16), blue);
    check("page=100000", (16, 16), blue);
    check("page=0", (30, 20), red);
    check("page=two", (30, 20), red);
    check("page=2&w=6", (6, 20), green);
    check("page=2&rot=90&h=6", (2, 6), green);
    check("page=2&frame=3", (12, 40), green);
    check("page=3&face-blur=50&fit=crop&w=8&h=4", (8, 4), blue);
    // The rendition is a single image, and the description is about the page.
    let facts = rendered("fm=json&page=2", &source).body;
    let facts: serde_json::Value = serde_json::from_slice(facts.as_slice()).unwrap();
    assert_eq!((&facts["PixelWidth"], &facts["PixelHeight"]), (&12.into(), &40.into()));
}

#[test]
fn pages_of_a_real_tiff_differ() {
    let Some(source) = fixture("tiff/pillow-multipage.tiff") else { return };
    let page = |n: u32| pixels(rendered(&format!("page={n}&fm=png"), &source).body.as_slice());
    assert!(page(1) != page(2) && page(2) != page(3));
    assert_eq!(page(3), page(4));
}

/// Makes a PDF of one page, 200 x 100 points: the left half red, the upper right quarter blue. `more` is added to the
/// entries of the page. There is no table of objects, so readers rebuild it.
fn pdf(more: &str) -> Vec<u8> {
    let drawing = "1 0 0 rg 0 0 100 100 re f 0 0 1 rg 150 50 50 50 re f";
    format!(
        "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n\
         3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources <<>> {more}>> endobj\n\
         4 0 obj <</Length {}>> stream\n{drawing}\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n",
        drawing.len()
    )
    .into_bytes()
}

#[test]
fn pages_are_shown_as_their_readers_show_them() {
    const R: [u8; 3] = [255, 0, 0];
    const B: [u8; 3] = [0, 0, 255];
    const W: [u8; 3] = [255; 3];
    /// Checks the size, and the colours of the corners: top left, top right, bottom left, bottom right.
    fn check(source: &[u8], size: (u32, u32), corners: [[u8; 3]; 4]) {
        let raster = pixels(rendered("w=100&fm=png", source).body.as_slice()).into_rgba();
        assert_eq!(raster.size, Size::new(size.0, size.1));
        let bytes = raster.into_bytes();
        let at = |x: u32, y: u32| &bytes[((y * size.0 + x) * 4) as usize..][..3];
        let (right, bottom) = (size.0 - 4, size.1 - 4);
        let got = [at(3, 3), at(right, 3), at(3, bottom), at(right, bottom)];
        assert_eq!(got, corners.each_ref().map(<[u8; 3]>::as_slice));
    }
    check(&pdf(""), (100, 50), [R, B, R, W]);
    // `/Rotate` is clockwise.
    check(&pdf("/Rotate 90"), (100, 200), [R, R, W, B]);
    check(&pdf("/Rotate 180"), (100, 50), [W, R, B, R]);
    check(&pdf("/Rotate -90"), (100, 200), [B, W, R, R]);
    check(&pdf("/CropBox [100 0 200 100]"), (100, 100), [W, B, W, W]);
    check(&pdf("/CropBox [100 0 200 100] /Rotate 90"), (100, 100), [W, W, W, B]);
    // Encrypted with AES-256 and an empty password; made with pypdf.
    let encrypted = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/encrypted.pdf")).unwrap();
    check(&encrypted, (100, 50), [R, B, R, W]);
}
