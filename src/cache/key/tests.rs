use proptest::prelude::*;

use super::*;
use crate::param::{self, Expires, Params};
use crate::plan::{Negotiation, Policy, any_params, resolve, resolve_params};

fn object() -> ObjectKey {
    ObjectKey::new("photos", &[7; 32], "/cat.jpg")
}

fn of_params(params: &Params, negotiation: &Negotiation) -> VariantKey {
    VariantKey::new(&object(), &resolve_params(params, true, negotiation, &Policy::default()).intent)
}

fn of_query(query: &str) -> VariantKey {
    let parsed = param::parse(query, &[]).unwrap();
    VariantKey::new(&object(), &resolve(&parsed, &Negotiation::default(), &Policy::default()).intent)
}

/// If keys move, operators lose what is on their disks under the old keys. If keys do not move although the pixels
/// change, old pixels are served for a plan that means something else now. When this test fails, ask whether the
/// meaning of these requests has changed. If it has, bump `PLAN_REVISION`, write it under "Rendering" in
/// `CHANGELOG.md`, and copy the new keys here. If it has not, a field that every plan has was renamed or got another
/// default: give it its old name in serde, or its default back.
#[test]
fn pinned_keys_do_not_move() {
    let moved: Vec<String> = PINNED
        .iter()
        .filter(|(query, key)| of_query(query).to_string()[..16] != **key)
        .map(|(query, _)| format!("    (\"{query}\", \"{}\"),", &of_query(query).to_string()[..16]))
        .collect();
    let advice = "bump PLAN_REVISION and write it under Rendering in CHANGELOG.md, or keep the keys";
    assert!(moved.is_empty(), "{} keys have moved: {advice}\n{}", moved.len(), moved.join("\n"));
    assert_eq!(object().to_string()[..16], *PINNED_OBJECT);
}

const PINNED_OBJECT: &str = "d4a8044a0bf1a697";

/// Queries with the first 16 digits of their keys.
const PINNED: [(&str, &str); 26] = [
    ("", "e6aa1cd87ac22516"),
    ("w=300", "b8afd97d1ba89b7e"),
    ("w=300&h=200&fit=crop", "3cfb64007556f86e"),
    ("w=300&h=200&fit=crop&crop=faces,entropy", "bfbc9f01f5608402"),
    ("fp-x=0.3&fp-y=0.7&fp-z=1.5&fit=crop&crop=focalpoint&w=200&h=200", "374ff7db66a81919"),
    ("w=400&h=300&fit=fill&fill=blur", "dad1c13401e2971c"),
    ("w=400&h=300&fit=fill&fill=solid&fill-color=ff0000", "9532006d5fe2036a"),
    ("rect=10,20,300,200", "f0e4e48d8444cfee"),
    ("trim=color&trim-color=fff&trim-tol=5", "f474e91c233f09d7"),
    ("orient=6&flip=h&rot=30", "f2fd6f8da8703375"),
    ("auto=format,compress", "86ae180480635b6b"),
    ("fm=webp&q=60", "b0fb936ee512c11b"),
    ("fm=avif&lossless=1", "91bbb02fe6d55f5b"),
    ("fm=png8&colorquant=16", "6c109fe68d28e39c"),
    ("sat=-100&con=20&bri=5&hue=90", "ca1a913417a9354a"),
    ("blur=50&px=8&sharp=20", "47f0c4b6441d0ea7"),
    ("monochrome=804020", "4d63eac0a2d1ad8f"),
    ("duotone=000080,fa8072&duotone-alpha=80", "da32f6ecd9fcb9d5"),
    ("border=5,ff0000&border-radius=20", "b0a880d1598f7d1a"),
    ("pad=10&bg=eee", "1e01d44a11c38294"),
    ("mask=ellipse", "bf17ce7064d75717"),
    ("blend=00ff00&blend-mode=multiply&blend-alpha=40", "cb14da92c90fadbc"),
    ("mark=%2Flogo.png&mark-align=top,left&mark-w=0.2", "83350b65f3ac9b37"),
    ("txt=Hello&txt-size=40&txt-color=fff&txt-align=middle,center", "49f7aa26ee27518c"),
    ("fm=json", "730376174637d6dd"),
    ("palette=json&colors=4", "992ec0b75341906b"),
];

#[test]
fn fields_do_not_run_together() {
    let key = |source: &str, object: &str| ObjectKey::new(source, &[7; 32], object);
    assert_eq!(key("a", "/b"), key("a", "/b"));
    assert_ne!(key("a", "/b"), key("a/", "b"));
    assert_ne!(key("a", "/b"), key("a", "/c"));
    assert_ne!(key("a", "/b"), ObjectKey::new("a", &[8; 32], "/b"));
    let of = |object| VariantKey::new(&object, &Intent::PassThrough);
    assert_ne!(of(key("a", "/b")), of(key("a", "/c")));
    assert_ne!(of(key("a", "/b")).0, key("a", "/b").0);
}

#[test]
fn every_part_and_its_position_change_the_key() {
    use PartKey::{Absent, Rendered, Stored};
    let (base, part) = (VariantKey([1; 32]), VariantKey([2; 32]));
    let stored = ObjectKey([2; 32]);
    let lists: [&[PartKey]; 7] = [
        &[],
        &[Absent],
        &[Stored(stored)],
        &[Rendered(part)],
        &[Rendered(base)],
        &[Absent, Stored(stored)],
        &[Stored(stored), Absent],
    ];
    let keys: std::collections::BTreeSet<_> = lists.iter().map(|parts| base.with_parts(parts)).collect();
    assert_eq!(keys.len(), lists.len());
    assert_eq!(base.with_parts(&[]), base);
}

#[test]
fn display_is_hexadecimal() {
    let mut bytes = [0; 32];
    (bytes[0], bytes[31]) = (0xab, 1);
    assert_eq!(VariantKey(bytes).to_string(), format!("ab{}01", "0".repeat(60)));
    assert_eq!(ObjectKey(bytes).to_string(), format!("ab{}01", "0".repeat(60)));
}

#[test]
fn only_the_outcome_of_negotiation_counts() {
    let mut params = Params::default();
    params.format.auto.format = true;
    let key = |negotiation| of_params(&params, &negotiation);
    let webp = Negotiation { webp: true, ..Negotiation::default() };
    let avif = Negotiation { avif: true, ..webp };
    assert_ne!(key(webp), key(avif));
    assert_ne!(key(webp), key(Negotiation::default()));
    params.format.auto.format = false;
    params.format.dl = Some("name.jpg".to_owned());
    let named = of_params(&params, &avif);
    params.format.dl = None;
    params.control.expires = Some(Expires::At(1));
    assert_eq!(named, of_params(&params, &Negotiation::default()));
}

#[test]
fn spelling_order_and_delivery_do_not_count() {
    let plain = of_query("w=300&fit=crop&bg=f00");
    for same in [
        "bg=f00&fit=crop&w=300",
        "width=300&fit=crop&bg=ffff0000",
        "w64=MzAw&fit=crop&bg=red",
        "w=300&fit=crop&bg=f00&dl=a.jpg&ixlib=x&unknown=1",
        "w=300&fit=crop&bg=f00&expires=99&s=0123456789abcdef0123456789abcdef",
        "w=7&w=300&fit=crop&bg=%23FF0000&fp-x=0.2&dpr=1&q=75",
    ] {
        assert_eq!(of_query(same), plain, "{same}");
    }
    for other in ["w=301&fit=crop&bg=f00", "w=300&bg=f00", "w=300&fit=crop", "w=300&fit=crop&bg=f00&q=74"] {
        assert_ne!(of_query(other), plain, "{other}");
    }
}

proptest! {
    #[test]
    fn keys_are_equal_iff_plans_are(a in any_params(), b in any_params(), swap in any::<bool>()) {
        // Two independent draws are seldom equal, so half the time the draws differ only in what is outside the plan.
        let mut c = if swap { b } else { a.clone() };
        c.format.dl_bare = true;
        c.control.expires = Some(Expires::Unparseable);
        let intent = |params: &Params| resolve_params(params, true, &Negotiation::default(), &Policy::default()).intent;
        let (a, c) = (intent(&a), intent(&c));
        let same = VariantKey::new(&object(), &a) == VariantKey::new(&object(), &c);
        prop_assert_eq!(same, a == c);
        if !swap {
            prop_assert!(same);
        }
    }
}
