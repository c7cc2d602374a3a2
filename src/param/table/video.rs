//! Video: names of the public list that are read and checked but have no effect. Entries state only the defaults that
//! ask for nothing; any other default would claim an effect that does not happen.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{AlignWord, Category, Effect, Keyword, Kind, Needs, ParamSpec, Tier};

/// Frames and seconds: as many as a 32-bit field can hold.
const FRAME_MAX: i64 = u32::MAX as i64;

/// What all entries have in common.
const BASE: ParamSpec =
    ParamSpec { tier: Tier::Video, effect: Effect::Ignored, ..ParamSpec::base(Category::VideoRendering) };

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "video-bitrate",
        kinds: &[Kind::Word(&["1m", "2m", "3m", "4m", "5m"])],
        summary: "Target bit rate of a video.",
        example: "video-bitrate=2m",
        ..BASE
    },
    ParamSpec {
        name: "video-clip-start",
        kinds: &[Kind::Span, Kind::Whole(1..=FRAME_MAX)],
        summary: "Second at which a clip starts.",
        example: "video-clip-start=2",
        ..BASE
    },
    ParamSpec {
        name: "video-clip-end",
        kinds: &[Kind::Span, Kind::Whole(1..=FRAME_MAX)],
        summary: "Second at which a clip ends.",
        example: "video-clip-end=8",
        ..BASE
    },
    ParamSpec {
        name: "video-codec",
        kinds: &[Kind::Word(&["av1", "h264", "h265"])],
        needs: Needs::All(&["fm=mp4"]),
        summary: "Codec of an MP4 video.",
        example: "fm=mp4&video-codec=h264",
        ..BASE
    },
    ParamSpec {
        name: "video-thumbnail",
        kinds: &[Kind::Whole(0..=FRAME_MAX), Kind::Word(&["auto"])],
        default: Some("auto"),
        summary: "Second of a video to show as a still image.",
        example: "video-thumbnail=3",
        ..BASE
    },
    ParamSpec {
        name: "video-clip-duration",
        newer: true,
        kinds: &[Kind::Whole(1..=FRAME_MAX)],
        summary: "Length of a clip in seconds.",
        example: "video-clip-duration=5",
        ..BASE
    },
    ParamSpec {
        name: "video-generate-subtitles",
        newer: true,
        // The public list writes `video-generate=vtt` for this.
        aliases: &["video-generate"],
        kinds: &[Kind::Word(&["true", "false", "on", "off", "auto"]), Kind::Synonym("vtt", "true")],
        default: Some("false"),
        summary: "Transcribes the speech of a video.",
        example: "video-generate-subtitles=true",
        ..BASE
    },
    ParamSpec {
        name: "video-subtitle-translations",
        newer: true,
        kinds: &[Kind::Text],
        needs: Needs::All(&["video-generate-subtitles"]),
        summary: "Languages that subtitles are translated into.",
        example: "video-generate-subtitles=true&video-subtitle-translations=de,fr",
        ..BASE
    },
    ParamSpec {
        name: "video-renditions",
        newer: true,
        kinds: &[Kind::Text],
        summary: "Heights and bit rates of a stream.",
        example: "video-renditions=1080:6m,720:3m",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-columns",
        newer: true,
        kinds: &[Kind::Word(&["auto"]), Kind::Whole(1..=FRAME_MAX)],
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Columns of the sprite sheet of a video.",
        example: "fm=spritesheet&video-spritesheet-columns=5",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-format",
        newer: true,
        kinds: &[Kind::Word(&["jpg", "webp", "avif"])],
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Format of the sprite sheet of a video.",
        example: "fm=spritesheet&video-spritesheet-format=webp",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-w",
        newer: true,
        kinds: &[Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Width of a frame on the sprite sheet of a video.",
        example: "fm=spritesheet&video-spritesheet-w=80",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-h",
        newer: true,
        kinds: &[Kind::Word(&["auto"]), Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Height of a frame on the sprite sheet of a video.",
        example: "fm=spritesheet&video-spritesheet-h=90",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-interval",
        newer: true,
        kinds: &[Kind::Word(&["auto"]), Kind::Whole(1..=FRAME_MAX)],
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Seconds between two frames on the sprite sheet of a video.",
        example: "fm=spritesheet&video-spritesheet-interval=5",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-spritesheet-smart-crop",
        newer: true,
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::All(&["fm=spritesheet"]),
        summary: "Whether frames on the sprite sheet of a video are cropped to their subject.",
        example: "fm=spritesheet&video-spritesheet-smart-crop=true",
        photo: "dial.gif",
        ..BASE
    },
    ParamSpec {
        name: "video-wave",
        newer: true,
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Draws the sound of a video as a waveform.",
        example: "video-wave=true",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-align",
        newer: true,
        kinds: &[Kind::Words(AlignWord::WORDS)],
        needs: Needs::All(&["video-wave"]),
        summary: "Side or corner at which the wave lies.",
        example: "video-wave=true&video-wave-align=top,right",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-amplitude",
        newer: true,
        kinds: &[Kind::Number(0.1..=10.0)],
        needs: Needs::All(&["video-wave"]),
        summary: "Makes the wave higher or lower.",
        example: "video-wave=true&video-wave-amplitude=2",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-bg-color",
        newer: true,
        kinds: &[Kind::Text],
        needs: Needs::All(&["video-wave"]),
        summary: "Colour behind the wave: hexadecimal digits, alpha last.",
        example: "video-wave=true&video-wave-bg-color=00000080",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-color",
        newer: true,
        kinds: &[Kind::Text],
        needs: Needs::All(&["video-wave"]),
        summary: "Colours of the wave, one per channel, separated by `|`: hexadecimal digits, alpha last.",
        example: "video-wave=true&video-wave-color=ff6600",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-h",
        newer: true,
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["video-wave"]),
        summary: "Height of the wave in pixels, or as a fraction.",
        example: "video-wave=true&video-wave-h=0.5",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-mode",
        newer: true,
        kinds: &[Kind::Word(&["cline", "line", "p2p", "point"])],
        needs: Needs::All(&["video-wave"]),
        summary: "How the wave is drawn.",
        example: "video-wave=true&video-wave-mode=line",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-pad",
        newer: true,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        needs: Needs::All(&["video-wave"]),
        summary: "Pixels between the wave and the edges.",
        example: "video-wave=true&video-wave-pad=20",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-scale",
        newer: true,
        kinds: &[Kind::Word(&["sqrt", "cbrt", "log", "lin"])],
        needs: Needs::All(&["video-wave"]),
        summary: "Scale of the wave's height.",
        example: "video-wave=true&video-wave-scale=log",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-split",
        newer: true,
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::All(&["video-wave"]),
        summary: "Draws one wave per channel.",
        example: "video-wave=true&video-wave-split=true",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-thickness",
        newer: true,
        kinds: &[Kind::Whole(0..=10)],
        needs: Needs::All(&["video-wave"]),
        summary: "Thickness of the wave's lines.",
        example: "video-wave=true&video-wave-thickness=3",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-w",
        newer: true,
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["video-wave"]),
        summary: "Width of the wave in pixels, or as a fraction.",
        example: "video-wave=true&video-wave-w=0.5",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-x",
        newer: true,
        kinds: &[Kind::Whole(-SIDE_PX_MAX..=SIDE_PX_MAX)],
        needs: Needs::All(&["video-wave"]),
        summary: "Pixels from the left edge to the wave.",
        example: "video-wave=true&video-wave-x=20",
        ..BASE
    },
    ParamSpec {
        name: "video-wave-y",
        newer: true,
        kinds: &[Kind::Whole(-SIDE_PX_MAX..=SIDE_PX_MAX)],
        needs: Needs::All(&["video-wave"]),
        summary: "Pixels from the top edge to the wave.",
        example: "video-wave=true&video-wave-y=20",
        ..BASE
    },
];
