//! Which image a name means.

use rstest::rstest;

use crate::run::history::History;
use imglock_core::Backend::Ofd;
use imglock_shorthand::action;

/// The image that each of these names refers to, `-` for none.
fn meanings(lines: &str, names: &[&str]) -> String {
    let mut books = History::on(Ofd).books;
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (actor, action) = action(line);
        books.apply(actor, &action, &imglock_core::Outcome::Done, None);
    }
    let meaning = |name: &&str| books.image(name).map_or("-".to_owned(), |image| image.to_string());
    names.iter().map(meaning).collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::nothing_happened("", &["disk.img", "base.img", "other.img"], "0 1 -")]
#[case::create("host create new.img", &["new.img"], "2")]
#[case::hardlink("host hardlink new.img to=base.img", &["base.img", "new.img"], "1 1")]
#[case::hardlink_outlives_the_name(
    "host hardlink new.img to=base.img
     host unlink base.img",
    &["base.img", "new.img"],
    "- 1"
)]
#[case::symlink("host symlink link to=base.img", &["base.img", "link"], "1 1")]
#[case::symlink_follows_the_name(
    "host symlink link to=base.img
     host rename disk.img to=base.img",
    &["disk.img", "base.img", "link"],
    "- 0 0"
)]
#[case::symlink_dangles(
    "host symlink link to=base.img
     host unlink base.img",
    &["link"],
    "-"
)]
#[case::hardlink_of_a_symlink(
    "host symlink link to=base.img
     host hardlink hard to=link
     host rename disk.img to=base.img",
    &["hard"],
    "0"
)]
#[case::symlinks_in_a_circle(
    "host symlink a to=b
     host symlink b to=a",
    &["a"],
    "-"
)]
#[case::rename("host rename disk.img to=old.img", &["disk.img", "old.img"], "- 0")]
#[case::rename_onto_another("host rename disk.img to=base.img", &["disk.img", "base.img"], "- 0")]
#[case::rename_onto_itself("host rename disk.img to=disk.img", &["disk.img"], "0")]
#[case::rename_onto_another_name_of_the_same_file(
    "host hardlink new.img to=disk.img
     host rename new.img to=disk.img",
    &["new.img", "disk.img"],
    "0 0"
)]
#[case::rename_of_a_symlink_onto_its_like(
    "host symlink a to=disk.img
     host symlink b to=disk.img
     host rename a to=b",
    &["a", "b"],
    "- 0"
)]
#[case::recreated(
    "host unlink disk.img
     host create disk.img",
    &["disk.img"],
    "2"
)]
#[case::bind("host bind new.img to=base.img", &["base.img", "new.img"], "1 1")]
#[case::bind_through_a_symlink(
    "host symlink link to=base.img
     host bind new.img to=link
     host rename disk.img to=base.img",
    &["base.img", "link", "new.img"],
    "0 0 1"
)]
#[case::bind_of_a_bind(
    "host bind new.img to=base.img
     host bind newer.img to=new.img",
    &["newer.img"],
    "1"
)]
#[case::overlay("host overlay top.img over=base.img", &["base.img", "top.img"], "1 2")]
#[case::bind_of_an_overlay(
    "host overlay top.img over=base.img
     host bind new.img to=top.img
     host create last.img",
    &["new.img", "last.img"],
    "2 3"
)]
fn a_name_means(#[case] lines: &str, #[case] names: &[&str], #[case] images: &str) {
    assert_eq!(meanings(lines, names), images);
}

#[rstest]
#[case::an_image("disk.img", false)]
#[case::bind("bound.img", true)]
#[case::overlay("top.img", true)]
#[case::symlink_to_one("link", true)]
#[case::symlink_to_an_image("other", false)]
#[case::nothing("none.img", false)]
#[case::symlinks_in_a_circle("a", false)]
fn a_name_is_a_mount(#[case] name: &str, #[case] expected: bool) {
    let mut books = History::on(Ofd).books;
    for line in [
        "host bind bound.img to=base.img",
        "host overlay top.img over=disk.img",
        "host symlink link to=top.img",
        "host symlink other to=disk.img",
        "host symlink a to=b",
        "host symlink b to=a",
    ] {
        let (actor, action) = action(line);
        books.apply(actor, &action, &imglock_core::Outcome::Done, None);
    }
    assert_eq!(books.is_mount(name), expected);
}

#[rstest]
#[case::as_many_as_linux_follows(40, "0")]
#[case::one_too_many(41, "-")]
fn of_symlinks_in_a_row(#[case] links: usize, #[case] image: &str) {
    let link = |n: usize| match n {
        0 => "disk.img".to_owned(),
        n => format!("link{n}"),
    };
    let lines = (1..=links).map(|n| format!("host symlink {} to={}\n", link(n), link(n - 1)));
    assert_eq!(meanings(&lines.collect::<String>(), &[link(links).as_str()]), image);
}
