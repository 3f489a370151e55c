//! Embeds the scenarios anew whenever one is added, changed or removed.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
}
