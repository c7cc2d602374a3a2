//! Approved images that must not change: `fixtures/golden/NAME.png`, compared by decoded pixels.
//!
//! Every parameter that draws has at least one; the others are listed with the file that tests them.
//!
//! After an intended change, `TINTYPE_WRITE_GOLDEN=1 cargo test --test golden` rewrites them. Look at them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tintype::sniff::Encoded;

use tintype::blob::Blob;
use tintype::limits::Limits;
use tintype::param::{Location, PARAMS, State};
use tintype::pixels::raster::{Raster, Samples};
use tintype::plan::{self, Intent, Negotiation, Policy, TEXT_OBJECT};
use tintype::render::{Input, Job, RenderLimits, render};
use tintype::vips::{self, Call};

/// Name, photo, query. All images are small, because all are committed.
const GOLDEN: &[(&str, &str, &str)] = &[
    ("clip", "coffee.jpg", "w=96"),
    ("crop", "astronaut.jpg", "w=96&h=64&fit=crop"),
    ("crop-entropy", "galaxies.jpg", "w=64&h=64&fit=crop&crop=entropy"),
    ("crop-focal-point", "astronaut.jpg", "w=96&h=96&fit=crop&crop=focalpoint&fp-x=.44&fp-y=.25&fp-z=2.5"),
    ("fill-blur", "rocket.jpg", "w=96&h=96&fit=fill&fill=blur"),
    ("fill-solid", "cat.jpg", "w=96&h=96&fit=fill&fill=solid&fill-color=ff8800"),
    ("fit-clamp", "rocket.jpg", "w=96&h=96&fit=clamp"),
    ("fit-scale", "coffee.jpg", "w=48&h=96&fit=scale"),
    ("orientation", "cat-sideways.jpg", "w=96"),
    ("rect", "coffee.jpg", "rect=200,80,240,240&w=96"),
    ("rot-straighten", "coffee.jpg", "w=96&rot=12"),
    ("rot-pivot", "coffee.jpg", "w=96&rot=12&rot-type=pivot&bg=00ff00"),
    ("rot-pivot-framed", "coffee.jpg", "w=72&rot=-30&rot-type=pivot&bg=036&border=3,f90&pad=4"),
    ("flip", "cat.jpg", "w=96&flip=h"),
    ("alpha", "cup.png", "w=96"),
    ("alpha-on-colour", "cup.png", "w=96&bg=336699"),
    ("alpha-enlarged", "cup.png", "rect=40,40,24,24&w=96"),
    ("png8", "cup.png", "w=96&fm=png8&colorquant=16"),
    ("jpeg", "cat.jpg", "w=96&fm=jpg&q=60"),
    ("webp", "cat.jpg", "w=96&fm=webp&q=60"),
    ("avif", "cat.jpg", "w=96&fm=avif&q=60"),
    ("border", "coffee.jpg", "w=96&border=6,80ff8800&border-top=14"),
    (
        "border-rounded",
        "coffee.jpg",
        "w=96&border=6,336699&border-radius=20&border-radius-inner=14&border-stroke-size=1&border-stroke-color=fff",
    ),
    ("border-on-mask", "coffee.jpg", "w=96&mask=ellipse&border=5,f00"),
    ("mask-corners", "cat.jpg", "w=96&mask=corners&corner-radius=24,4,24,4&mask-bg=036"),
    ("mask-polygon", "coffee.jpg", "w=96&mask=poly6"),
    ("mask-triangle", "coffee.jpg", "w=96&mask=poly3&mask-bg=036"),
    ("mask-invert", "coffee.jpg", "w=96&mask=poly5&mask-invert=true"),
    ("mask-image", "coffee.jpg", "w=96&mask=/cup.png&mask-bg=fff"),
    ("pad", "coffee.jpg", "w=96&pad=8&pad-top=20&bg=336699"),
    ("transparency-grid", "cup.png", "w=96&transparency=grid&grid-size=6"),
    ("fill-gradient", "coffee.jpg", "w=96&h=96&fit=fill&fill=gradient"),
    (
        "fill-gradient-linear",
        "cat.jpg",
        "w=120&h=60&fit=fill&fill=gradient&fill-gradient-linear=f00,00f&fill-gradient-linear-direction=bottom,right&fill-gradient-cs=oklch",
    ),
    (
        "fill-gradient-radial",
        "rocket.jpg",
        "w=96&h=96&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial=ff0,00f&fill-gradient-radial-radius=0.2,0.7",
    ),
    ("blend-colour", "coffee.jpg", "w=96&blend=ff6600"),
    ("blend-colour-hue", "coffee.jpg", "w=96&blend-color=00f&blend-mode=color&blend-alpha=80"),
    ("blend-image", "coffee.jpg", "w=96&h=64&fit=crop&blend=/galaxies.jpg&blend-size=inherit&blend-mode=screen"),
    ("gradient-map", "rocket.jpg", "w=96&gradient-map=1a1a40,e0457b,ffd97a&gradient-map-stops=0,20,100"),
    (
        "gradient-map-equalize",
        "coffee.jpg",
        "w=96&gradient-map=036,fc0,fff&gradient-map-cs=oklch&gradient-map-equalize=true",
    ),
    ("mark", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-rot=20"),
    ("fade", "coffee.jpg", "w=96&fade=0.2&fade-bottom=0"),
    ("fade-on-mask", "coffee.jpg", "w=96&mask=ellipse&mask-bg=036&fade=12"),
    ("gradient", "coffee.jpg", "w=96&gradient=00000000,cc000000,ffff4400&gradient-stops=30,60,100"),
    (
        "gradient-corner",
        "rocket.jpg",
        "w=96&gradient=ff0000,0000ff&gradient-angle=top,right&gradient-cs=oklch&gradient-mode=softlight",
    ),
    (
        "gradient-radial",
        "coffee.jpg",
        "w=96&gradient=0fff,ff003366&gradient-type=radial&gradient-radial-size=closest-side",
    ),
    ("gradient-mask", "cat.jpg", "w=96&gradient=fff,0fff&gradient-mask=true&gradient-angle=20"),
    (
        "mark-gradient",
        "coffee.jpg",
        "w=96&mark=/cup.png&mark-w=48&mark-rot=20&mark-gradient=f00,00f&mark-gradient-angle=90",
    ),
    (
        "blend-fade",
        "coffee.jpg",
        "w=96&blend=/galaxies.jpg&blend-mode=screen&blend-w=0.8&blend-fade=0.3&blend-align=center,middle",
    ),
    ("mark-fade", "coffee.jpg", "w=96&mark=/cat.jpg&mark-w=40&mark-rot=20&mark-fade=0.3&mark-align=middle,center"),
    ("drop-shadow", "cup.png", "w=72&drop-shadow=4&drop-shadow-x=6&drop-shadow-y=0.1"),
    ("drop-shadow-cast", "cup.png", "w=72&drop-shadow=1&drop-shadow-type=cast&drop-shadow-falloff=60"),
    ("drop-shadow-float", "cup.png", "w=72&drop-shadow=3&drop-shadow-type=float&drop-shadow-y=8"),
    ("drop-shadow-inset", "coffee.jpg", "w=96&mask=ellipse&drop-shadow=4&drop-shadow-type=inset&drop-shadow-y=6"),
    (
        "mark-standing",
        "coffee.jpg",
        "w=96&mark=/cup.png&mark-w=40&mark-align=middle,center&mark-reflection=60&mark-drop-shadow=2&mark-drop-shadow-type=float",
    ),
    ("mark-tiles", "coffee.jpg", "w=96&mark=/cup.png&mark-scale=25&mark-tile=grid&mark-alpha=60"),
    ("bri", "coffee.jpg", "w=56&bri=30"),
    ("bri-alpha", "cup.png", "w=64&bri=30"),
    ("con", "coffee.jpg", "w=56&con=50"),
    ("exp", "coffee.jpg", "w=56&exp=30"),
    ("gam", "rocket.jpg", "w=56&gam=60"),
    ("high", "coffee.jpg", "w=56&high=-80"),
    ("shad", "rocket.jpg", "w=56&shad=80"),
    ("sat", "coffee.jpg", "w=56&sat=80"),
    ("sat-grey", "coffee.jpg", "w=56&sat=-100"),
    ("vib", "astronaut.jpg", "w=56&vib=80"),
    ("hue", "coffee.jpg", "w=56&hue=120"),
    ("hue-set", "coffee.jpg", "w=56&hue-set=200&hue=120"),
    ("threshold", "astronaut.jpg", "w=72&threshold=40"),
    ("threshold-alpha", "cup.png", "w=64&threshold=50&threshold-dither=true"),
    ("threshold-dither", "astronaut.jpg", "w=72&threshold=50&threshold-dither=floydsteinberg"),
    ("threshold-dither-atkinson", "astronaut.jpg", "w=72&threshold=35&threshold-dither=atkinson"),
    ("invert", "coffee.jpg", "w=56&invert=true"),
    ("sharp", "cat.jpg", "w=56&sharp=60"),
    ("usm", "cat.jpg", "w=56&usm=200"),
    ("usmrad", "cat.jpg", "w=56&usm=120&usmrad=8"),
    ("nr", "galaxies.jpg", "w=56&nr=80&nrs=0"),
    ("nrs", "cat.jpg", "w=56&nr=20&nrs=100"),
    ("adjust-chain", "astronaut.jpg", "w=56&exp=-10&gam=20&bri=10&con=20&sat=30&hue=20"),
    ("enhance", "rocket.jpg", "w=56&auto=enhance"),
    ("blur", "coffee.jpg", "w=56&blur=80"),
    ("blur-alpha", "cup.png", "w=64&blur=80"),
    ("px", "astronaut.jpg", "w=56&px=6"),
    ("px-alpha", "cup.png", "w=64&px=9"),
    ("htn", "astronaut.jpg", "w=56&htn=5"),
    ("htn-alpha", "cup.png", "w=64&htn=6"),
    ("sepia", "coffee.jpg", "w=56&sepia=90"),
    ("monochrome", "coffee.jpg", "w=56&monochrome=ff336699"),
    ("monochrome-half", "coffee.jpg", "w=56&monochrome=80ff0000"),
    ("duotone", "astronaut.jpg", "w=56&duotone=000080,fa8072"),
    ("duotone-alpha", "astronaut.jpg", "w=56&duotone=000080,fa8072&duotone-alpha=50"),
    ("duotone-on-alpha", "cup.png", "w=64&duotone=000080,fa8072"),
    (
        "gradient-map-hue",
        "astronaut.jpg",
        "w=56&gradient-map=1a1a40,ffd97a&gradient-map-cs=oklch&gradient-map-hue=longer",
    ),
    ("gradient-map-alpha", "astronaut.jpg", "w=56&gradient-map=1a1a40,e0457b,ffd97a&gradient-map-alpha=40"),
    ("effects-chain", "astronaut.jpg", "w=56&sepia=40&htn=4&blur=20"),
    ("orient", "coffee.jpg", "h=64&orient=6"),
    ("orient-mirrored", "coffee.jpg", "h=64&orient=5"),
    ("flip-v", "cat.jpg", "w=56&flip=v"),
    ("flip-both", "cat.jpg", "w=56&flip=hv"),
    ("rot-quarter", "coffee.jpg", "w=64&rot=90"),
    ("rot-alpha", "cup.png", "w=64&rot=30&rot-type=pivot"),
    ("trim-auto", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=auto"),
    ("trim-pad", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=auto&trim-pad=5"),
    ("trim-color", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=color&trim-color=336699"),
    ("trim-color-wrong", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=color&trim-color=ffffff"),
    ("trim-tol", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=color&trim-color=3c6a92&trim-tol=30"),
    ("trim-tol-low", "coffee.jpg?w=96&pad=12&pad-left=20&bg=336699", "trim=color&trim-color=3c6a92&trim-tol=1"),
    ("trim-alpha", "cup.png?w=64", "trim=alpha"),
    ("trim-alpha-tol", "cup.png?w=64", "trim=alpha&trim-alpha=90"),
    ("trim-md-low", "coffee.jpg?w=64&pad=10&bg=a05028", "trim=auto&trim-md=2"),
    ("trim-md", "coffee.jpg?w=64&pad=10&bg=a05028", "trim=auto&trim-md=60"),
    ("trim-sd", "coffee.jpg?w=64&pad=10&bg=a05028", "trim=auto&trim-sd=80&trim-md=60"),
    ("fit-max", "coffee.jpg", "w=96&h=96&fit=max"),
    ("fit-max-small", "coffee.jpg?w=60", "w=96&h=96&fit=max"),
    ("fit-min", "coffee.jpg?w=80", "w=96&h=96&fit=min"),
    ("fit-fillmax", "coffee.jpg?w=60", "w=96&h=96&fit=fillmax&fill=solid&fill-color=f80"),
    ("ar", "coffee.jpg", "w=96&ar=2:1&fit=crop"),
    ("bounds", "coffee.jpg", "h=60&fit=crop&max-w=50"),
    ("bounds-min", "coffee.jpg", "w=40&fit=crop&min-h=80"),
    ("bounds-both", "coffee.jpg", "fit=crop&min-w=96&max-w=96&min-h=40&max-h=48"),
    ("h", "coffee.jpg", "h=64"),
    ("dpr", "coffee.jpg", "w=48&dpr=2&px=4"),
    ("crop-words", "astronaut.jpg", "w=96&h=48&fit=crop&crop=top"),
    ("crop-auto", "rocket.jpg", "w=96&h=40&fit=crop&crop=auto"),
    ("crop-auto-faces", "astronaut.jpg", "w=96&h=40&fit=crop&crop=car,auto"),
    ("crop-edges", "cat.jpg", "w=64&h=64&fit=crop&crop=edges"),
    ("crop-faces", "astronaut.jpg", "w=96&h=40&fit=crop&crop=faces"),
    ("facearea", "astronaut.jpg", "w=64&h=64&fit=facearea"),
    ("facepad", "astronaut.jpg", "w=64&h=64&fit=facearea&facepad=2.5&faceindex=1"),
    ("fp-debug", "coffee.jpg", "w=64&h=64&fit=crop&crop=focalpoint&fp-x=.3&fp-y=.6&fp-debug=true"),
    ("face-blur", "astronaut.jpg", "w=64&h=64&fit=facearea&facepad=2&face-blur=30"),
    ("face-pixel", "astronaut.jpg", "w=64&h=64&fit=facearea&facepad=2&face-pixel=30"),
    (
        "fill-gradient-corner",
        "rocket.jpg",
        "w=96&h=120&fit=fill&fill=gradient&fill-gradient-radial=ff0,00f&fill-gradient-type=radial&fill-gradient-radial-x=.2&fill-gradient-radial-y=.1&fill-gradient-cs=hsl",
    ),
    ("grid-colors", "cup.png", "w=64&transparency=grid&grid-colors=fc9,036&grid-size=12"),
    ("border-sides", "coffee.jpg", "w=96&border=4,336699&border-right=10&border-bottom=16&border-left=22"),
    ("border-alpha", "cup.png", "w=64&border=6,80ff0000"),
    ("pad-sides", "coffee.jpg", "w=96&pad-right=6&pad-bottom=12&pad-left=24&bg=80336699"),
    ("mask-ellipse", "cup.png", "w=64&mask=ellipse&mask-bg=fc0"),
    ("blend-mode-normal", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=normal"),
    ("blend-mode-darken", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=darken"),
    ("blend-mode-multiply", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=multiply"),
    ("blend-mode-burn", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=burn"),
    ("blend-mode-lighten", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=lighten"),
    ("blend-mode-screen", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=screen"),
    ("blend-mode-dodge", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=dodge"),
    ("blend-mode-overlay", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=overlay"),
    ("blend-mode-softlight", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=softlight"),
    ("blend-mode-hardlight", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=hardlight"),
    (
        "blend-mode-difference",
        "coffee.jpg",
        "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=difference",
    ),
    ("blend-mode-exclusion", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=exclusion"),
    ("blend-mode-color", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=color"),
    ("blend-mode-hue", "coffee.jpg", "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=hue"),
    (
        "blend-mode-saturation",
        "coffee.jpg",
        "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=saturation",
    ),
    (
        "blend-mode-luminosity",
        "coffee.jpg",
        "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=luminosity",
    ),
    (
        "blend-mode-destination-out",
        "coffee.jpg",
        "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=destination-out",
    ),
    (
        "blend-mode-destination-in",
        "coffee.jpg",
        "w=60&h=40&fit=crop&blend=/cup.png&blend-size=inherit&blend-mode=destination-in",
    ),
    (
        "blend-box",
        "coffee.jpg",
        "w=96&blend=/galaxies.jpg&blend-mode=normal&blend-w=40&blend-h=40&blend-fit=crop&blend-crop=top,left&blend-align=bottom,right&blend-pad=6",
    ),
    (
        "blend-anchor",
        "coffee.jpg",
        "w=96&blend=/cup.png&blend-mode=normal&blend-w=40&blend-x=48&blend-y=32&blend-anchor=center",
    ),
    (
        "blend-half",
        "coffee.jpg",
        "w=96&blend=/galaxies.jpg&blend-mode=normal&blend-w=.5&blend-h=1.0&blend-fit=scale&blend-alpha=60",
    ),
    ("mark-align", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-align=top,left&mark-pad=4&mark-alpha=60"),
    ("mark-box", "coffee.jpg", "w=96&mark=/rocket.jpg&mark-w=40&mark-h=40&mark-fit=crop&mark-align=middle,center"),
    ("mark-fill", "coffee.jpg", "w=96&mark=/rocket.jpg&mark-w=40&mark-h=40&mark-fit=fill&mark-x=10&mark-y=5"),
    ("mark-base", "coffee.jpg", "w=96&mark-base=/&mark=cup.png&mark-h=32&mark-anchor=center&mark-x=48&mark-y=32"),
    ("mark-if", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-if-min-width=96&mark-if-min-height=64"),
    ("mark-if-not", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-if-min-width=97"),
    ("txt", "coffee.jpg", "w=112&h=64&fit=crop&sat=-100&txt=Hello&txt-size=28&txt-color=fff"),
    (
        "txt-align",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Hello&txt-size=24&txt-align=top,left&txt-pad=4&txt-color=ff0",
    ),
    (
        "txt-clip",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=A+rather+long+line&txt-size=24&txt-clip=end,ellipsis&txt-color=fff",
    ),
    (
        "txt-clip-middle",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=A+rather+long+line&txt-size=24&txt-clip=middle,ellipsis&txt-color=fff",
    ),
    (
        "txt-fit",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=A+rather+long+line&txt-size=40&txt-fit=max&txt-color=fff",
    ),
    (
        "txt-font",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Serif&txt-font=serif,bold,italic&txt-size=32&txt-color=fff",
    ),
    (
        "txt-line",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Line&txt-size=44&txt-color=fff&txt-line=1&txt-line-color=c00",
    ),
    (
        "txt-shad",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Shade&txt-size=36&txt-color=fff&txt-shad=8&txt-align=middle,center",
    ),
    (
        "txt-place",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Here&txt-size=20&txt-color=fff&txt-x=60&txt-y=10&txt-width=70",
    ),
    (
        "txt-line-small",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Small+letters&txt-size=14&txt-color=c00&txt-line=2&txt-align=middle,center",
    ),
    ("mark-relative", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-x=0.5&mark-y=0.25&mark-anchor=center"),
    ("mark-natural", "coffee.jpg", "w=48&dpr=2&mark=/badge.svg&fm=png"),
    ("spritesheet", "dial.gif", "fm=spritesheet&w=24"),
    ("txt-lead", "~text", "txt=two+lines&txt-size=30&w=90&txt-lead=10&txt-color=036&bg=fff"),
    ("txt-track", "~text", "txt=tracked&txt-size=20&w=140&txt-track=6&txt-color=036&bg=fff"),
    (
        "txt-scripts",
        "~text",
        "txt=%D7%A9%D7%9C%D7%95%D7%9D+%D9%85%D8%B1%D8%AD%D8%A8%D8%A7+%E4%BD%A0%E5%A5%BD+%F0%9F%98%80&txt-size=24&w=140&bg=fff&txt-color=036",
    ),
    ("colorquant", "coffee.jpg", "w=96&fm=png8&colorquant=6"),
    ("fade-sides", "coffee.jpg", "w=64&fade-top=4&fade-right=0.5&fade-left=20&bg=036"),
    (
        "gradient-alpha",
        "rocket.jpg",
        "w=64&gradient=ff4400,0044ff&gradient-alpha=40&gradient-cs=oklch&gradient-hue=longer",
    ),
    (
        "gradient-radial-round",
        "rocket.jpg",
        "w=64&gradient=00000000,cc000000&gradient-type=radial&gradient-radial-shape=circle&gradient-radial-x=0.2&gradient-radial-y=0.3",
    ),
    (
        "txt-box",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Boxed&txt-size=20&txt-color=fff&txt-bg=263e65&txt-pad=6&txt-radius=0.3&txt-align=middle,center",
    ),
    (
        "txt-turned",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Hello&txt-size=26&txt-color=fff&txt-align=middle,center&txt-rotate=30&txt-alpha=60",
    ),
    (
        "txt-stencil",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Cut&txt-size=48&txt-font=sans-serif,bold&txt-align=middle,center&txt-blend-mode=destination-out",
    ),
    (
        "txt-stencil-inside",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Cut&txt-size=48&txt-font=sans-serif,bold&txt-align=middle,center&txt-blend-mode=destination-in",
    ),
    (
        "txt-shad-hard",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=Hard&txt-size=40&txt-color=fff&txt-align=middle,center&txt-shad=4&txt-shad-blur=0",
    ),
    (
        "txt-wrapped",
        "coffee.jpg",
        "w=112&h=64&fit=crop&sat=-100&txt=A+caption+of+several+words&txt-fit=wrapmax&txt-width=80&txt-size=30&txt-h=0.6&txt-color=fff&txt-align=middle,center",
    ),
    (
        "drop-shadow-placed",
        "cup.png",
        "w=64&drop-shadow=2&drop-shadow-type=cast&drop-shadow-elevation=25&drop-shadow-azimuth=90&drop-shadow-pose=30&drop-shadow-softness=80&drop-shadow-color=c00040ff",
    ),
    ("drop-shadow-spread", "cup.png", "w=64&drop-shadow=2&drop-shadow-spread=6"),
    (
        "mark-reflection-falloff",
        "coffee.jpg",
        "w=80&mark=/cup.png&mark-w=36&mark-align=middle,center&mark-reflection=60&mark-reflection-falloff=0",
    ),
    (
        "fill-gradient-stops",
        "rocket.jpg",
        "w=64&h=80&fit=fill&fill=gradient&fill-gradient-linear=f00,fc0,036&fill-gradient-stops=0,15,100",
    ),
    (
        "fill-gradient-bands",
        "rocket.jpg",
        "w=80&h=80&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial=f00,f00,036,036&fill-gradient-stops=0,80,80,100",
    ),
    (
        "fill-gradient-hue",
        "rocket.jpg",
        "w=64&h=80&fit=fill&fill=gradient&fill-gradient-linear=f00,00f&fill-gradient-cs=oklch&fill-gradient-hue=longer",
    ),
];

/// Largest mean and largest single sample difference that a newer codec may cause; any visible change is larger.
const MEAN_MAX: f64 = 0.6;
const LARGEST: u8 = 16;

#[test]
fn images_match_the_approved_ones() {
    vips::init().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the switch that rewrites the files")]
    let write = std::env::var_os("TINTYPE_WRITE_GOLDEN").is_some();
    let mut faults = Vec::new();
    for (name, photo, query) in GOLDEN {
        let path = folder("golden").join(format!("{name}.png"));
        let now = rendered(photo, query);
        if write {
            std::fs::create_dir_all(folder("golden")).unwrap();
            std::fs::write(&path, png(&now)).unwrap();
        }
        let approved = std::fs::read(&path).map(|bytes| decoded(&bytes));
        match approved {
            Ok(approved) => faults.extend(difference(&approved, &now).map(|what| format!("{name}: {what}"))),
            Err(_) => faults.push(format!("{name}: there is no {}", path.display())),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Parameters without an image here, and the file that tests them. They decide how an image is delivered, encoded or
/// described, or which part of a file is used.
const ELSEWHERE: &[(&str, &str)] = &[
    ("ch", "tests/end_to_end/words.rs"),
    ("lossless", "src/render/encode/tests.rs"),
    ("jpg-progressive", "src/plan/format.rs"),
    ("chromasub", "src/plan/format.rs"),
    ("cs", "src/render/tests.rs"),
    ("dpi", "src/render/encode/tests.rs"),
    ("iptc", "tests/end_to_end/privacy.rs"),
    ("svg-sanitize", "tests/end_to_end/vectors.rs"),
    ("dl", "tests/end_to_end/vectors.rs"),
    ("rasterize-bypass", "tests/end_to_end/privacy.rs"),
    ("expires", "tests/end_to_end/delivery.rs"),
    ("s", "tests/end_to_end/clients.rs"),
    ("sig", "tests/end_to_end/clients.rs"),
    ("ixlib", "tests/end_to_end/delivery.rs"),
    ("palette", "src/render/tests/words.rs"),
    ("colors", "src/render/tests/words.rs"),
    ("prefix", "tests/end_to_end/words.rs"),
    ("frame", "tests/end_to_end/privacy.rs"),
    ("fps", "src/plan/frames.rs"),
    ("loop", "src/plan/frames.rs"),
    ("interval", "tests/end_to_end/privacy.rs"),
    ("skip", "tests/end_to_end/privacy.rs"),
    ("reverse", "tests/end_to_end/privacy.rs"),
    ("page", "src/render/tests/pages.rs"),
    ("pdf-annotation", "tests/end_to_end/privacy.rs"),
    ("faces", "tests/faces.rs"),
];

/// Families that an image has and that its overlays have too, as `mark-` and `blend-`.
const FAMILIES: &[&str] = &["fade", "gradient", "drop-shadow"];

#[test]
fn every_parameter_that_draws_has_a_golden_image() {
    let queries = |(_, photo, query): &(&str, &'static str, &'static str)| {
        photo.split_once('?').map(|(_, first)| first).into_iter().chain([*query]).collect::<Vec<_>>()
    };
    let shown: BTreeSet<&str> = GOLDEN
        .iter()
        .flat_map(queries)
        .flat_map(|query| query.split('&').filter_map(|pair| pair.split('=').next()))
        .collect();
    let is_rendered = |name: &str| tintype::param::find(name).is_some_and(|spec| spec.state == State::Rendered);
    // The same family, drawn by the same code on another image.
    let is_twin = |name: &str| {
        let own = name.strip_prefix("mark-").or_else(|| name.strip_prefix("blend-"));
        own.is_some_and(|own| FAMILIES.iter().any(|family| own.starts_with(family)) && shown.contains(own))
    };
    let lacking: Vec<&str> = PARAMS
        .iter()
        .filter(|spec| spec.state == State::Rendered)
        .map(|spec| spec.name)
        .filter(|name| !shown.contains(name) && !is_twin(name) && ELSEWHERE.iter().all(|(other, _)| other != name))
        .collect();
    assert!(lacking.is_empty(), "no image in GOLDEN and no file in ELSEWHERE: {lacking:?}");
    for (name, file) in ELSEWHERE {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let word = text.contains(&format!("{name}=")) || text.contains(&name.replace('-', "_"));
        assert!(is_rendered(name) && !shown.contains(name) && word, "{name} is not tested in {file}");
    }
    let names: BTreeSet<&str> = GOLDEN.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), GOLDEN.len(), "a name twice");
    let files = std::fs::read_dir(folder("golden")).unwrap().map(|entry| entry.unwrap().file_name());
    let strays: Vec<_> =
        files.filter(|file| !file.to_str().is_some_and(|file| names.contains(file.trim_end_matches(".png")))).collect();
    assert!(strays.is_empty(), "images that belong to no case: {strays:?}");
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Renders the pixels of a case. A query without a format is encoded as PNG.
fn rendered(photo: &str, query: &str) -> Raster {
    let query = if query.contains("fm=") { query.to_owned() } else { format!("{query}&fm=png") };
    // `photo?query` is an image that is rendered first.
    let input = match photo.split_once('?') {
        Some((photo, first)) => Input::sniffed(Blob::copy_from(&png(&rendered(photo, first))).unwrap()).unwrap(),
        None if photo == TEXT_OBJECT.trim_start_matches('/') => Input::Nothing,
        None => Input::Original(read(photo)),
    };
    let limits = Limits::default();
    let parsed = tintype::param::parse(&query, &[]).unwrap();
    let object = format!("/{photo}");
    let Intent::Render(plan) =
        plan::resolve_object(&object, &parsed, &Negotiation::default(), &Policy::default()).intent
    else {
        panic!("{query} renders nothing")
    };
    let overlay = |location: &Location| match location {
        Location::Path(path) => read(path.trim_start_matches('/')),
        Location::Url(url) => panic!("{url} is not at hand"),
    };
    let job = Job {
        overlays: plan.overlays().into_iter().map(|(role, location)| (role, overlay(location))).collect(),
        plan: *plan,
        input,
        limits: RenderLimits::from(&limits),
        faces: None,
    };
    decoded(render(&job).unwrap().body.as_slice())
}

fn read(photo: &str) -> Encoded {
    Encoded::sniffed(Blob::copy_from(&std::fs::read(folder("photos").join(photo)).unwrap()).unwrap()).unwrap()
}

fn decoded(bytes: &[u8]) -> Raster {
    let loader = match bytes {
        [0xff, ..] => c"jpegload_buffer",
        [0x89, ..] => c"pngload_buffer",
        [b'R', ..] => c"webpload_buffer",
        _ => c"heifload_buffer",
    };
    Call::new(loader).bytes(c"buffer", bytes).image_out().unwrap().to_raster().unwrap().into_rgba()
}

fn png(raster: &Raster) -> Vec<u8> {
    let image = vips::Image::from_raster(raster).unwrap();
    Call::new(c"pngsave_buffer").image(c"in", &image).bytes_out().unwrap()
}

/// Returns the difference, if it is visible.
fn difference(approved: &Raster, now: &Raster) -> Option<String> {
    if approved.size != now.size {
        return Some(format!("{:?} became {:?}", approved.size, now.size));
    }
    let (Samples::U8(a), Samples::U8(b)) = (&approved.samples, &now.samples) else {
        return Some("not 8 bits a sample".to_owned());
    };
    // The colour of fully transparent pixels does not matter.
    let pixels = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0).filter(|(a, b)| a[3] > 0 || b[3] > 0);
    let differences: Vec<u8> =
        pixels.flat_map(|(a, b)| std::array::from_fn::<u8, 4, _>(|i| a[i].abs_diff(b[i]))).collect();
    let largest = differences.iter().copied().max().unwrap_or(0);
    let mean = differences.iter().map(|&d| f64::from(d)).sum::<f64>() / differences.len().max(1) as f64;
    (largest > LARGEST || mean > MEAN_MAX).then(|| format!("differs by {mean:.2} in the mean, {largest} at most"))
}
