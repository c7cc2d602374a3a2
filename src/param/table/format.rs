//! Choice of format, encoding, delivery and control.

use crate::param::{
    Category, ChromaSub, ColorSpace, Effect, FormatWord, Keyword, Kind, Needs, ParamSpec, Params, State, Tier, Value,
};
use crate::units::Quality;

/// Greatest value of JFIF's 16-bit resolution field.
const DPI_MAX: i64 = 65_535;

/// Name of the parameter that asks for a format.
pub const FORMAT: &str = "fm";
/// Names of the parameters that carry signatures, by scheme.
pub const IMGIX_SIGNATURE: &str = "s";
/// The same for our own scheme.
pub const HMAC_SIGNATURE: &str = "sig";

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "auto",
        kinds: &[Kind::Words(&["enhance", "format", "redeye", "compress", "true"])],
        summary: "Lets the server decide: the best format that the client accepts (`format`), smaller files \
            (`compress`), better levels (`enhance`). `true` means `compress,format`. Repetitions add up.",
        example: "auto=format,compress",
        state: State::Rendered,
        base64: false,
        merges: true,
        set: set_auto,
        ..ParamSpec::base(Category::Auto)
    },
    ParamSpec {
        name: "ch",
        kinds: &[Kind::WordsAnyCase(&["width", "dpr", "save-data"])],
        summary: "Takes `w`, `dpr` and `q` from these request headers of the client. Not allowed as a default \
            parameter.",
        example: "ch=Width,DPR",
        base64: false,
        state: State::Rendered,
        set: set_hints,
        effect: Effect::Delivery,
        presettable: false,
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: FORMAT,
        kinds: &[Kind::Word(FormatWord::WORDS), Kind::Synonym("jpeg", "jpg")],
        summary: "Format of the output; the format of the source if absent. With `auto=format`, the format for clients \
            that accept nothing better. `spritesheet` shows all frames of an animation side by side, as JPEG, or as \
            PNG if something is transparent. `mp4` and `webm` are answered with an error, 422.",
        example: "fm=webp",
        state: State::Rendered,
        set: |p, v| p.format.fm = v.word(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "q",
        kinds: &[Kind::Whole(0..=100)],
        default: Some("75"),
        needs: Needs::Advisory(&["fm=avif", "fm=jpg", "fm=pjpg", "fm=webp", "fm=jxr"]),
        summary: "Quality of lossy formats. 45 is the default under `auto=compress`.",
        example: "fm=jpg&q=60",
        state: State::Rendered,
        set: |p, v| p.format.q = v.whole().map(Quality::clamped),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "lossless",
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::Advisory(&["fm=webp", "fm=jxr"]),
        summary: "Encodes without loss if the format can.",
        example: "fm=webp&lossless=true",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.format.lossless = v.bool(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "jpg-progressive",
        aliases: &["jpeg-progressive"],
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "Progressive or baseline JPEG.",
        example: "fm=jpg&jpg-progressive=false",
        state: State::Rendered,
        set: |p, v| p.format.jpg_progressive = v.bool(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "chromasub",
        kinds: &[Kind::Word(ChromaSub::WORDS)],
        default: Some("420"),
        summary: "Chroma subsampling of JPEG.",
        example: "fm=jpg&chromasub=444",
        state: State::Rendered,
        set: |p, v| p.format.chromasub = v.word(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "colorquant",
        kinds: &[Kind::Whole(2..=256)],
        summary: "Most colours in the output.",
        example: "fm=png8&colorquant=16",
        state: State::Rendered,
        set: |p, v| p.format.colorquant = v.whole(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "cs",
        kinds: &[Kind::Word(ColorSpace::WORDS)],
        default: Some("origin"),
        summary: "Colour profile of the output: the profile of the source, another one, a minimal one or none.",
        example: "cs=srgb",
        state: State::Rendered,
        set: |p, v| p.format.cs = v.word(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "dpi",
        kinds: &[Kind::Whole(0..=DPI_MAX)],
        summary: "Print resolution that is written into the file; the pixels do not change.",
        example: "dpi=300",
        state: State::Rendered,
        set: |p, v| p.format.dpi = v.whole(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "iptc",
        tier: Tier::Extended,
        kinds: &[Kind::Word(&["block", "allow"])],
        default: Some("block"),
        summary: "Whether a JPEG made from a JPEG keeps its IPTC metadata.",
        example: "iptc=allow",
        state: State::Rendered,
        set: |p, v| p.format.iptc_allow = Some(v.has("allow")),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "svg-sanitize",
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "Removes scripts, event handlers and external references from SVG that is sent as SVG.",
        photo: "badge.svg",
        state: State::Rendered,
        example: "svg-sanitize=true",
        set: |p, v| p.format.svg_sanitize = v.bool(),
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "dl",
        kinds: &[Kind::Text],
        summary: "Makes the browser save the image under this name, or under its own name if there is no value.",
        example: "dl=photo.jpg",
        state: State::Rendered,
        bare: true,
        set: set_download,
        effect: Effect::Delivery,
        ..ParamSpec::base(Category::Format)
    },
    ParamSpec {
        name: "rasterize-bypass",
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Sends SVG, EPS, PDF and Illustrator originals unchanged and ignores all other parameters.",
        photo: "badge.svg",
        state: State::Rendered,
        example: "rasterize-bypass=true",
        set: |p, v| p.format.rasterize_bypass = v.bool(),
        ..ParamSpec::base(Category::Misc)
    },
    ParamSpec {
        name: "expires",
        kinds: &[Kind::UnixSeconds],
        summary: "Time after which the URL is answered with 404. On a source that requires signatures, an invalid \
                  value counts as expired.",
        example: "expires=4102444800",
        state: State::Rendered,
        protects: true,
        set: |p, v| p.control.expires = v.expires(),
        effect: Effect::Delivery,
        secret: true,
        presettable: false,
        ..ParamSpec::base(Category::Expiration)
    },
    ParamSpec {
        name: IMGIX_SIGNATURE,
        kinds: &[Kind::Text],
        summary: "Signature in the imgix scheme; always the last parameter.",
        example: "s=6797c24146142d5b40bde3141fd3600c",
        state: State::Rendered,
        base64: false,
        effect: Effect::Control,
        secret: true,
        presettable: false,
        ..ParamSpec::base(Category::Control)
    },
    ParamSpec {
        name: HMAC_SIGNATURE,
        kinds: &[Kind::Text],
        summary: "Signature in Tintype's own scheme, HMAC-SHA256; always the last parameter.",
        example: "sig=SGVsbG8sIFdvcmxkIQ",
        state: State::Rendered,
        base64: false,
        effect: Effect::Control,
        secret: true,
        presettable: false,
        ..ParamSpec::base(Category::Control)
    },
    ParamSpec {
        name: "ixlib",
        kinds: &[Kind::Text],
        summary: "Name and version of the client library. It is signed, but has no other effect.",
        example: "ixlib=js-3.8.0",
        state: State::Rendered,
        base64: false,
        effect: Effect::Control,
        presettable: false,
        ..ParamSpec::base(Category::Control)
    },
];

fn set_auto(params: &mut Params, value: &Value) {
    let auto = &mut params.format.auto;
    auto.enhance |= value.has("enhance");
    auto.redeye |= value.has("redeye");
    auto.format |= value.has("format") || value.has("true");
    auto.compress |= value.has("compress") || value.has("true");
}

fn set_hints(params: &mut Params, value: &Value) {
    params.format.ch.width = value.has("width");
    params.format.ch.dpr = value.has("dpr");
    params.format.ch.save_data = value.has("save-data");
}

fn set_download(params: &mut Params, value: &Value) {
    params.format.dl = value.text().filter(|name| !name.is_empty());
    params.format.dl_bare = params.format.dl.is_none();
}
