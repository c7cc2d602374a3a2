//! Which parameters may reach a plan: those whose stage exists.
//!
//! A layout with an op that nobody executes would announce other sizes and formats than come out. So a stage and the
//! `rendered` of its parameters in the table are one change, and nothing here has to follow.

use crate::param::{FillMode, FormatWord, Params, State, find};

/// The parameters without those that the table still calls `accepted`. A group goes by its leading parameter.
pub(super) fn drawn(params: &Params) -> Params {
    fn unless<T: Default>(name: &str, group: &mut T) {
        if !is_rendered(name) {
            *group = T::default();
        }
    }
    let mut kept = params.clone();
    unless("trim", &mut kept.trim);
    unless("bri", &mut kept.adjust);
    unless("bri", &mut kept.format.auto.enhance);
    unless("face-blur", &mut kept.format.auto.redeye);
    unless("sepia", &mut kept.stylize.sepia);
    unless("monochrome", &mut kept.stylize.monochrome);
    unless("duotone", &mut kept.stylize.duotone);
    unless("htn", &mut kept.stylize.htn);
    unless("px", &mut kept.stylize.px);
    unless("blur", &mut kept.stylize.blur);
    unless("blend", &mut kept.blend);
    unless("mark", &mut kept.mark);
    unless("mask", &mut kept.mask);
    unless("border", &mut kept.border.border);
    unless("border", &mut kept.border.radius);
    unless("border", &mut kept.border.stroke_size);
    let border = &mut kept.border;
    for pad in
        [&mut border.pad, &mut border.pad_top, &mut border.pad_right, &mut border.pad_bottom, &mut border.pad_left]
    {
        unless("pad", pad);
    }
    unless("fps", &mut kept.animation.fps);
    unless("loop", &mut kept.animation.loop_count);
    unless("interval", &mut kept.animation.interval);
    unless("skip", &mut kept.animation.skip);
    unless("reverse", &mut kept.animation.reverse);
    unless("facepad", &mut kept.faces.pad);
    unless("faceindex", &mut kept.faces.index);
    unless("txt", &mut kept.text);
    unless("palette", &mut kept.palette);
    unless("transparency", &mut kept.fill.transparency_grid);
    unless("faces", &mut kept.faces.faces);
    if kept.fill.mode == Some(FillMode::Gradient) && !is_rendered("fill-gradient-linear") {
        kept.fill.mode = None;
    }
    if kept.format.fm == Some(FormatWord::Blurhash) && !is_rendered("palette") {
        kept.format.fm = None;
    }
    kept
}

/// Whether the table says that the parameter has an effect.
fn is_rendered(name: &str) -> bool {
    find(name).is_some_and(|spec| spec.state == State::Rendered)
}

#[cfg(test)]
mod tests {
    use crate::config::Limits;
    use crate::param::{PARAMS, State, parse};
    use crate::plan::{Intent, Negotiation, resolve};

    /// No stages: what the decoder, the encoder or the server reads straight from the plan, with or without effect yet.
    const WITHOUT_STAGE: [&str; 5] = ["frame", "iptc", "page", "pdf-annotation", "rasterize-bypass"];

    /// The intent of a query, with `parsed.renders` set so that it is a plan either way.
    fn intent(query: &str) -> Intent {
        let mut parsed = parse(query, &[]).unwrap();
        parsed.renders = true;
        resolve(&parsed, &Negotiation::default(), &Limits::default()).intent
    }

    #[test]
    fn an_accepted_parameter_changes_no_plan() {
        let mut changed = Vec::new();
        for spec in PARAMS.iter().filter(|spec| spec.state == State::Accepted && !WITHOUT_STAGE.contains(&spec.name)) {
            let is_it = |pair: &&str| pair.split('=').next() == Some(spec.name);
            let without: Vec<&str> = spec.example.split('&').filter(|pair| !is_it(pair)).collect();
            let found = intent(spec.example);
            // What must be refused is refused long before it can be rendered.
            if !matches!(found, Intent::Unsupported(_)) && found != intent(&without.join("&")) {
                changed.push(spec.name);
            }
        }
        assert_eq!(changed, Vec::<&str>::new());
    }
}
