//! The single table of settings: name, reader and writer, unit, and explanation of each. Loading, the names of
//! environment variables, unknown-key faults and `config/reference.toml` all derive from it.

use std::path::PathBuf;

use ipnet::IpNet;

use super::secret::SecretRef;
use super::value::{
    self, ADDRESS, BASE_URL, Choice, Located, NETWORKS, PARAMETERS, PATH, Reading, SECRET, SECRETS, SWITCH, TEXT,
    Written,
};
use super::{ClientIp, Config, LogLevel, SignScheme, TtlMode};

/// The table entry of one key, in a section or in `[[source]]`.
pub(super) struct KeySpec<T: 'static> {
    /// Section, such as `server`; `source` for the keys of `[[source]]`.
    pub(super) section: &'static str,
    /// Name inside the section; dotted for a key of an inner table (`signing.mode`).
    pub(super) name: &'static str,
    /// Kinds of source that accept the key; empty means all.
    pub(super) kinds: &'static [KindWord],
    /// Unit, or empty.
    pub(super) unit: &'static str,
    /// One-line explanation.
    pub(super) summary: &'static str,
    /// Value to show in the reference when there is no default.
    pub(super) example: &'static str,
    /// Reads the written value into the draft.
    pub(super) set: fn(&mut T, Written<'_>) -> Reading<()>,
    /// Returns the draft's value as TOML, or `None` when it is not set.
    pub(super) show: fn(&T) -> Option<String>,
}

impl<T> KeySpec<T> {
    /// Returns the dotted path, such as `limits.pixels_max`.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// The `kind` of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindWord {
    Folder,
    WebFolder,
    WebProxy,
    S3,
}

/// `signing.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SigningMode {
    #[default]
    Off,
    Required,
}

impl Choice for KindWord {
    const WORDS: &'static [(&'static str, Self)] =
        &[("folder", Self::Folder), ("web-folder", Self::WebFolder), ("web-proxy", Self::WebProxy), ("s3", Self::S3)];
}

impl Choice for SigningMode {
    const WORDS: &'static [(&'static str, Self)] = &[("off", Self::Off), ("required", Self::Required)];
}

impl Choice for SignScheme {
    const WORDS: &'static [(&'static str, Self)] = &[("imgix", Self::Imgix), ("hmac-sha256", Self::HmacSha256)];
}

impl Choice for TtlMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("respect-origin", Self::RespectOrigin), ("override", Self::Override), ("minimum", Self::Minimum)];
}

impl Choice for ClientIp {
    const WORDS: &'static [(&'static str, Self)] =
        &[("truncated", Self::Truncated), ("full", Self::Full), ("none", Self::None)];
}

impl Choice for LogLevel {
    const WORDS: &'static [(&'static str, Self)] =
        &[("error", Self::Error), ("warn", Self::Warn), ("info", Self::Info), ("debug", Self::Debug)];
}

/// One `[[source]]` while it is being read.
#[derive(Clone, Debug)]
pub(super) struct SourceDraft {
    pub(super) name: Option<String>,
    pub(super) hosts: Vec<Located<String>>,
    pub(super) kind: Option<KindWord>,
    pub(super) root: Option<PathBuf>,
    pub(super) base_url: Option<url::Url>,
    pub(super) allow_hosts: Vec<Located<String>>,
    pub(super) allow_private: Option<Vec<IpNet>>,
    pub(super) overlay_hosts: Option<Vec<String>>,
    pub(super) bucket: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<url::Url>,
    pub(super) path_style: bool,
    pub(super) access_key: Option<SecretRef>,
    pub(super) secret_key: Option<SecretRef>,
    pub(super) default_params: Vec<Located<(String, String)>>,
    pub(super) cache_ttl: std::time::Duration,
    pub(super) cache_ttl_mode: TtlMode,
    pub(super) error_ttl: std::time::Duration,
    pub(super) rasterize_svg: bool,
    pub(super) ignore_lp_blur: bool,
    pub(super) params_header: bool,
    pub(super) mode: SigningMode,
    pub(super) schemes: Vec<SignScheme>,
    pub(super) keys: Vec<Located<SecretRef>>,
    pub(super) allow_short_keys: bool,
}

impl Default for SourceDraft {
    fn default() -> Self {
        use std::time::Duration;
        Self {
            name: None,
            hosts: Vec::new(),
            kind: None,
            root: None,
            base_url: None,
            allow_hosts: Vec::new(),
            allow_private: None,
            overlay_hosts: None,
            bucket: None,
            prefix: None,
            region: None,
            endpoint: None,
            path_style: false,
            access_key: None,
            secret_key: None,
            default_params: Vec::new(),
            // One year, the older default of the compatible service (`delivery.md` 2).
            cache_ttl: Duration::from_secs(365 * 86_400),
            cache_ttl_mode: TtlMode::RespectOrigin,
            error_ttl: Duration::from_secs(300),
            rasterize_svg: false,
            ignore_lp_blur: false,
            params_header: false,
            mode: SigningMode::Off,
            schemes: vec![SignScheme::Imgix, SignScheme::HmacSha256],
            keys: Vec::new(),
            allow_short_keys: false,
        }
    }
}

/// Builds the entry for a field of a section. The key has the same name as the field.
macro_rules! setting {
    ($section:ident . $field:ident, $form:expr, $unit:literal, $summary:literal $(, $example:literal)?) => {
        KeySpec {
            section: stringify!($section),
            name: stringify!($field),
            kinds: &[],
            unit: $unit,
            summary: $summary,
            example: concat!($($example)?),
            set: |config, written| $form.set(written, &mut config.$section.$field),
            show: |config| ($form.show)(&config.$section.$field),
        }
    };
}

/// Every key outside `[[source]]`, in the order of the reference.
pub(super) const SETTINGS: &[KeySpec<Config>] = &[
    setting!(server.listen, ADDRESS, "address", "Public listener: HTTP/1.1 and h2c. Port 0 takes any free port."),
    setting!(server.admin_listen, ADDRESS, "address", "Listener for health, readiness and metrics. Keep it private."),
    setting!(
        server.drain_timeout,
        value::duration::<0>(),
        "time",
        "How long requests in flight may take to finish after SIGTERM."
    ),
    setting!(
        server.connections_max,
        value::count::<_, 1>(),
        "connections",
        "Most connections open at the same time on the public listener."
    ),
    setting!(
        render.workers,
        value::count::<_, 0>(),
        "processes",
        "Worker processes that decode and encode images. 0: one per core."
    ),
    setting!(
        render.timeout,
        value::duration::<1>(),
        "time",
        "Longest wall time of one render; after it, the job and its worker are killed."
    ),
    setting!(
        render.queue_max,
        value::count::<_, 0>(),
        "jobs",
        "Most jobs that wait for a worker; further requests get a 503."
    ),
    setting!(render.worker_jobs_max, value::count::<_, 1>(), "jobs", "A worker is replaced after this many jobs."),
    setting!(
        render.worker_memory_bytes_max,
        value::bytes::<_, 1>(),
        "bytes",
        "A worker is replaced if it holds more resident memory than this after a job."
    ),
    setting!(render.sandbox, SWITCH, "", "Confine workers with Landlock and seccomp where the kernel supports them."),
    setting!(
        render.undecodable_is_421,
        SWITCH,
        "",
        "Answer 421, as the compatible service does, instead of 422 when an original cannot be decoded."
    ),
    setting!(limits.original_bytes_max, value::bytes::<_, 1>(), "bytes", "Largest original; a larger one gets a 413."),
    setting!(
        limits.pixels_max,
        value::count::<_, 1>(),
        "pixels",
        "Most pixels in one frame of an original; more gets a 413."
    ),
    setting!(
        limits.frames_max,
        value::count::<_, 1>(),
        "frames",
        "Most frames in an animated original; more gets a 413."
    ),
    setting!(
        limits.animation_pixels_max,
        value::count::<_, 1>(),
        "pixels",
        "Most pixels in all frames of an animated original together; more gets a 413."
    ),
    setting!(
        limits.output_side_max,
        value::count::<_, 1>(),
        "pixels",
        "Longest side of a rendition; larger boxes are scaled down."
    ),
    setting!(
        limits.encode_time_max,
        value::duration::<1>(),
        "time",
        "Longest estimated time to encode a rendition, on one core of a 2024 server. If `auto=format` or `fm=avif` \
         would take longer, a faster format is used. Keep this well below `render.timeout`."
    ),
    setting!(limits.uri_bytes_max, value::bytes::<_, 1>(), "bytes", "Longest request target; a longer one gets a 414."),
    setting!(
        limits.header_bytes_max,
        value::bytes::<_, 1>(),
        "bytes",
        "Most bytes in all headers of a request together; more gets a 431."
    ),
    setting!(
        limits.header_timeout,
        value::duration::<1>(),
        "time",
        "Longest time to receive the headers of a request."
    ),
    setting!(limits.connect_timeout, value::duration::<1>(), "time", "Longest time to connect to an upstream."),
    setting!(
        limits.first_byte_timeout,
        value::duration::<1>(),
        "time",
        "Longest wait for the first byte from an upstream."
    ),
    setting!(limits.fetch_timeout, value::duration::<1>(), "time", "Longest time for an upstream's whole answer."),
    setting!(
        cache.memory_bytes_max,
        value::bytes::<_, 0>(),
        "bytes",
        "Renditions kept in memory. 0 turns this tier off."
    ),
    setting!(
        cache.disk_dir,
        PATH,
        "path",
        "Folder for renditions on disk; created if missing. Not set: no disk tier.",
        "\"/var/cache/tintype\""
    ),
    setting!(
        cache.disk_bytes_max,
        value::bytes::<_, 1>(),
        "bytes",
        "Size of the disk tier; above it, the oldest renditions are removed."
    ),
    setting!(
        cache.originals_bytes_max,
        value::bytes::<_, 0>(),
        "bytes",
        "Originals kept in memory, so that several sizes of one image need only one fetch. 0 turns this off."
    ),
    setting!(
        cache.originals_ttl,
        value::duration::<0>(),
        "time",
        "How long an original is used before its source is asked again."
    ),
    setting!(
        log.dir,
        PATH,
        "path",
        "Folder for access logs in JSON lines, one file per hour; created if missing. Not set: no access logs.",
        "\"/var/log/tintype\""
    ),
    setting!(log.retention, value::duration::<1_000>(), "time", "Access logs older than this are deleted."),
    setting!(
        log.client_ip,
        value::choice(),
        "",
        "Client addresses: \"truncated\" (to /24 and /48), \"full\" or \"none\"."
    ),
    setting!(
        log.level,
        value::choice(),
        "",
        "Least severe level that is logged to standard error: \"error\", \"warn\", \"info\" or \"debug\"."
    ),
];

/// Builds the entry for a field of a source. `$name` is the key, dotted when the key is in an inner table.
macro_rules! source_setting {
    ($name:literal => $field:ident, $kinds:expr, $form:expr, $unit:literal, $summary:literal $(, $example:literal)?) => {
        KeySpec {
            section: "source",
            name: $name,
            kinds: $kinds,
            unit: $unit,
            summary: $summary,
            example: concat!($($example)?),
            set: |draft, written| $form.set(written, &mut draft.$field),
            show: |draft| ($form.show)(&draft.$field),
        }
    };
}

const ALL: &[KindWord] = &[];
const WEB: &[KindWord] = &[KindWord::WebFolder, KindWord::WebProxy];
const S3: &[KindWord] = &[KindWord::S3];

/// Every key of `[[source]]`, in the order of the reference.
pub(super) const SOURCE_SETTINGS: &[KeySpec<SourceDraft>] = &[
    source_setting!("name" => name, ALL, TEXT, "", "Unique name of letters, digits, '-', '_' and '.'. Part of hmac-sha256 signatures and of cache keys.", "\"photos\""),
    source_setting!("kind" => kind, ALL, value::optional_choice(), "", "Where the originals are: \"folder\", \"web-folder\", \"web-proxy\" or \"s3\".", "\"folder\""),
    source_setting!("hosts" => hosts, ALL, value::hosts::<false>(), "host names", "Hosts that this source answers to. None: every host that no other source claims.", "[\"img.example.com\"]"),
    source_setting!("root" => root, &[KindWord::Folder], PATH, "path", "Folder with the originals; nothing outside it is ever read.", "\"/srv/photos\""),
    source_setting!("base_url" => base_url, &[KindWord::WebFolder], BASE_URL, "URL", "Base URL of the originals; the request's path is appended to it.", "\"https://www.example.com/images/\""),
    source_setting!("allow_hosts" => allow_hosts, &[KindWord::WebProxy], value::hosts::<true>(), "host names", "Hosts that this source may fetch from, on any port or only on the one given; \"*.example.com\" means every subdomain.", "[\"www.example.com:443\", \"*.example.net\"]"),
    source_setting!("allow_private" => allow_private, WEB, NETWORKS, "networks", "Private networks that this source may fetch from.", "[\"127.0.0.0/8\"]"),
    source_setting!("overlay_hosts" => overlay_hosts, ALL, value::HOST_PATTERNS, "host names", "Hosts from which watermarks, blends and masks may be fetched, besides the hosts of the sources; written like allow_hosts, and an empty list allows none. Not set: allow_hosts for a web-proxy, every public host for the other kinds.", "[\"assets.example.com\"]"),
    source_setting!("bucket" => bucket, S3, TEXT, "", "Name of the bucket.", "\"photos\""),
    source_setting!("prefix" => prefix, S3, TEXT, "", "Prefix that is put before the object's path.", "\"originals/\""),
    source_setting!("region" => region, S3, TEXT, "", "Region of the bucket. Not set: the AWS default chain decides.", "\"eu-central-1\""),
    source_setting!("endpoint" => endpoint, S3, BASE_URL, "URL", "Endpoint of an S3-compatible service. Not set: AWS.", "\"https://s3.example.com\""),
    source_setting!("path_style" => path_style, S3, SWITCH, "", "Put the bucket in the path instead of the host name."),
    source_setting!("access_key" => access_key, S3, SECRET, "", "Where to read the access key. Not set: the AWS default chain.", "\"env:S3_ACCESS_KEY\""),
    source_setting!("secret_key" => secret_key, S3, SECRET, "", "Where to read the secret key; needed together with access_key.", "\"env:S3_SECRET_KEY\""),
    source_setting!("default_params" => default_params, ALL, PARAMETERS, "parameters", "Parameters for every request that does not give them itself; `auto` values are merged.", "{ auto = \"format\" }"),
    source_setting!("cache_ttl" => cache_ttl, ALL, value::duration::<0>(), "time", "Lifetime sent with images; cache_ttl_mode says when it applies."),
    source_setting!("cache_ttl_mode" => cache_ttl_mode, ALL, value::choice(), "", "\"respect-origin\" (the origin's max-age, or cache_ttl without one), \"override\" (always cache_ttl) or \"minimum\" (the larger of the two)."),
    source_setting!("error_ttl" => error_ttl, ALL, value::duration::<0>(), "time", "Lifetime of errors that are not this server's fault, such as a missing original."),
    source_setting!("rasterize_svg" => rasterize_svg, ALL, SWITCH, "", "Always rasterize SVG originals. Off: only if the URL names a raster format (`fm`) or asks for colours; otherwise they are sent as SVG, without scripts and external references."),
    source_setting!("ignore_lp_blur" => ignore_lp_blur, ALL, SWITCH, "", "Ignore `lp-blur`. Off: it is answered with 422, because this server cannot hide licence plates. An invalid value is always answered with 422."),
    source_setting!("params_header" => params_header, ALL, SWITCH, "", "Send X-Tintype-Params, which lists the parameters that were applied and those that were ignored."),
    source_setting!("signing.mode" => mode, ALL, value::choice(), "", "Whether URLs must be signed: \"off\" or \"required\". A web-proxy needs \"required\"."),
    source_setting!("signing.schemes" => schemes, ALL, value::choices(), "", "Signature schemes that are accepted: \"imgix\" (s=) and \"hmac-sha256\" (sig=)."),
    source_setting!("signing.keys" => keys, ALL, SECRETS, "", "Where to read the keys. Each is tried, so that keys can be rotated without downtime.", "[\"env:IMG_KEY_NEW\", \"env:IMG_KEY_OLD\", \"file:/run/secrets/k\"]"),
    source_setting!("signing.allow_short_keys" => allow_short_keys, ALL, SWITCH, "", "Accept keys shorter than 16 bytes, which can be guessed from one signed URL."),
];
