//! What anchors take of flash and RAM, beside the least possible and beside the published recipe.

use crate::flash_size::{TARGETS, anchor_sets, floor, generated, published_recipe};

pub(crate) fn run() {
    for target in &TARGETS {
        println!("## Bytes on {}\n", target.name);
        println!("| anchors | certificates | floor | flash | .rodata in RAM | .data | .bss | recipe: flash | recipe: RAM |");
        println!("|---|---|---|---|---|---|---|---|---|");
        for (name, anchors) in anchor_sets() {
            let ours = generated(target, &anchors);
            let recipe = published_recipe(target, &anchors);
            println!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
                anchors.len(),
                floor(&anchors),
                ours.flash,
                ours.rodata,
                ours.data,
                ours.bss,
                recipe.flash,
                recipe.ram()
            );
        }
        println!();
    }
}
