use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

/// A directory `images` with files, links and what is no file, and a secret beside it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    let root = folder.path();
    let images = root.join("images");
    fs::create_dir_all(images.join("sub/deep")).expect("directories");
    for name in ["secret", "images/top", "images/base", "images/sub/base", "images/sub/deep/base"] {
        fs::write(root.join(name), name).expect("a file");
    }
    for (target, name) in [
        ("base", "link"),
        ("sub/deep", "into"),
        ("../base", "sub/up"),
        ("../secret", "out"),
        ("..", "parent"),
        ("/etc/passwd", "absolute"),
        ("circle", "circle"),
        ("sub/../out", "twice"),
    ] {
        symlink(target, images.join(name)).expect("a symbolic link");
    }
    nix::unistd::mkfifo(&images.join("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    drop(UnixListener::bind(images.join("socket")).expect("a socket"));
    folder
}

/// The content of the file at a path below `images`, or why it is not read.
fn content(found: Result<Found, ChainStop>) -> Result<String, ChainStop> {
    let mut bytes = [0; 64];
    let length = found?.read()?.read_at(&mut bytes, 0).expect("a readable file");
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

const CASES: &[(&str, Result<&str, ChainStop>)] = &[
    ("base", Ok("images/base")),
    ("./base", Ok("images/base")),
    ("sub//deep/base", Ok("images/sub/deep/base")),
    ("sub/../base", Ok("images/base")),
    ("sub/deep/../../base", Ok("images/base")),
    ("link", Ok("images/base")),
    ("into/base", Ok("images/sub/deep/base")),
    ("into/../base", Ok("images/sub/base")),
    ("sub/up", Ok("images/base")),
    ("missing", Err(ChainStop::Missing)),
    ("base/x", Err(ChainStop::Missing)),
    ("../secret", Err(ChainStop::Outside)),
    ("sub/../../secret", Err(ChainStop::Outside)),
    ("../images/base", Err(ChainStop::Outside)),
    ("out", Err(ChainStop::Outside)),
    ("twice", Err(ChainStop::Outside)),
    ("parent/secret", Err(ChainStop::Outside)),
    ("absolute", Err(ChainStop::Outside)),
];

/// What is there and no image, by what it is.
const NO_IMAGES: &[(&str, &str)] =
    &[("fifo", "a FIFO"), ("socket", "a socket"), ("sub", "a directory")];

#[test]
fn a_path_leads_to_a_file_below_the_directory_or_nowhere() {
    let folder = folder();
    let images = folder.path().join("images");
    let place = Place::of(&images.join("top")).expect("the directory");
    for (path, expected) in CASES {
        let expected = expected.clone().map(str::to_owned);
        assert_eq!(content(place.find(&images.join(path))), expected, "{path}");
    }
    for (path, what) in NO_IMAGES {
        let stop = place.find(&images.join(path)).expect_err("no image");
        assert_eq!(stop, ChainStop::NotAnImage((*what).to_owned()), "{path}");
    }
    let circle = place.find(&images.join("circle")).expect_err("a circle");
    assert!(matches!(circle, ChainStop::Unreachable(_)), "{circle:?}");
    assert_eq!(content(place.find(Path::new("/etc/passwd"))), Err(ChainStop::Outside));
    let secret = folder.path().join("secret");
    assert_eq!(content(place.find(&secret)), Err(ChainStop::Outside));
    assert_eq!(content(Found::anywhere(&secret)), Ok("secret".to_owned()));
}

/// Kernels before 5.6 have no openat2(2).
#[test]
fn a_step_at_a_time_leads_to_the_same_files() {
    let folder = folder();
    let directory = fs::File::open(folder.path().join("images")).expect("the directory");
    let walked = |path: &str| Found::new(step_by_step(&directory, Path::new(path)));
    for (path, expected) in CASES {
        assert_eq!(content(walked(path)), expected.clone().map(str::to_owned), "{path}");
    }
    for (path, what) in NO_IMAGES {
        let stop = walked(path).expect_err("no image");
        assert_eq!(stop, ChainStop::NotAnImage((*what).to_owned()), "{path}");
    }
    let circle = walked("circle").expect_err("a circle");
    assert_eq!(circle, ChainStop::Unreachable("Too many levels of symbolic links".to_owned()));
    for path in ["", ".", "sub/.."] {
        assert!(walked(path).is_err(), "{path:?} is the directory itself");
    }
}

/// An absolute name is compared with the directory as it is written, in full, and without links.
#[test]
fn an_absolute_path_below_the_directory_is_found() {
    let folder = folder();
    let images = folder.path().join("images");
    let other_name = folder.path().join("other name");
    symlink(&images, &other_name).expect("a symbolic link");
    let place = Place::of(&other_name.join("top")).expect("the directory");
    let real = fs::canonicalize(images.join("base")).expect("a path");
    for path in [other_name.join("base"), real] {
        assert_eq!(content(place.find(&path)), Ok("images/base".to_owned()), "{}", path.display());
    }
}
