//! Anchors stay out of a microcontroller's RAM, and take no more flash than they must.

use crate::flash_size::{TARGETS, anchor_sets, floor, generated, published_recipe};

#[test]
fn anchors_take_no_ram() {
    for target in &TARGETS {
        for (name, anchors) in anchor_sets() {
            let sections = generated(target, &anchors);
            assert_eq!(sections.ram(), 0, "{name} on {}: {sections:?}", target.name);
            assert!(sections.flash > 0, "{name} on {}: {sections:?}", target.name);
        }
    }
}

/// Equal arrays are stored once, above all the exponent 65537 that nearly every RSA key has.
#[test]
fn anchors_take_less_flash_than_their_parts() {
    for target in &TARGETS {
        for (name, anchors) in anchor_sets() {
            let (floor, flash) = (floor(&anchors), generated(target, &anchors).flash);
            assert!(flash <= floor, "{name} on {}: {flash} bytes, the parts have {floor}", target.name);
            assert!(anchors.len() < 100 || flash < floor, "{name} on {}: nothing is shared", target.name);
        }
    }
}

/// What the published recipe costs, so that the comparison in the README stays true: only the first anchor is in flash.
#[test]
fn published_recipe_takes_ram_for_several_anchors() {
    let esp8266 = &TARGETS[0];
    for (name, anchors) in anchor_sets() {
        let sections = published_recipe(esp8266, &anchors);
        assert_eq!(sections.ram() == 0, anchors.len() == 1, "{name}: {sections:?}");
        assert_eq!(sections.flash + sections.ram(), floor(&anchors), "{name}: {sections:?}");
    }
}
