use std::collections::VecDeque;
use std::time::Duration;

use super::*;

/// A guest's end of a line, with the frames that were not looked at.
struct End(UnixStream, Frames, VecDeque<Vec<u8>>);

impl End {
    fn send(&self, to: Mac, text: &str) {
        let mut bytes = Vec::new();
        Frames::pack(&[&to.0, text.as_bytes()].concat(), &mut bytes);
        (&self.0).write_all(&bytes).expect("the switch reads");
    }

    /// The text of the next frame.
    fn next(&mut self) -> String {
        loop {
            if let Some(frame) = self.2.pop_front() {
                return String::from_utf8(frame[6..].to_vec()).expect("text");
            }
            let mut bytes = [0; 256];
            let length = (&self.0).read(&mut bytes).expect("a frame before the deadline");
            assert!(length > 0, "the line is closed");
            self.2.extend(self.1.add(&bytes[..length]).expect("frames"));
        }
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn mac(number: u8) -> Mac {
    Mac::of_guest(number)
}

/// A switch and the ends of three guests.
fn three(folder: &Path) -> (Switch, [End; 3]) {
    let switch = Switch::start().expect("a switch");
    let mut number = 0;
    let ends = NAMES.map(|name| {
        number += 1;
        let path = folder.join(name);
        switch.add_port(name, mac(number), &path).expect("a port");
        let socket = UnixStream::connect(path).expect("a line");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a deadline");
        End(socket, Frames::default(), VecDeque::new())
    });
    (switch, ends)
}

#[test]
fn a_frame_reaches_the_guest_that_it_is_for_and_one_for_all_reaches_all() {
    let folder = tempfile::tempdir().expect("a directory");
    let (_switch, [a, mut b, mut c]) = three(folder.path());
    a.send(Mac([0xff; 6]), "all");
    assert_eq!((b.next(), c.next()), ("all".to_owned(), "all".to_owned()));
    a.send(mac(3), "c alone");
    a.send(mac(2), "b alone");
    assert_eq!((b.next(), c.next()), ("b alone".to_owned(), "c alone".to_owned()));
}

#[test]
fn a_link_that_is_cut_loses_frames_in_both_directions_until_it_is_healed() {
    let folder = tempfile::tempdir().expect("a directory");
    let (switch, [mut a, mut b, mut c]) = three(folder.path());
    // The ports are connected once frames have passed.
    a.send(Mac([0xff; 6]), "hello");
    assert_eq!((b.next(), c.next()), ("hello".to_owned(), "hello".to_owned()));
    switch.cut("b", "a");
    // A third guest is behind both of them, so what it hears was sent later.
    a.send(mac(2), "lost");
    a.send(mac(3), "from a");
    assert_eq!(c.next(), "from a");
    b.send(mac(1), "lost");
    b.send(mac(3), "from b");
    assert_eq!(c.next(), "from b");
    switch.heal("a", "b");
    a.send(mac(2), "found");
    b.send(mac(1), "found");
    assert_eq!((a.next(), b.next()), ("found".to_owned(), "found".to_owned()));
}

#[test]
fn a_guest_that_reads_nothing_stops_no_other() {
    let folder = tempfile::tempdir().expect("a directory");
    let (_switch, [a, _deaf, mut c]) = three(folder.path());
    let long = "x".repeat(1400);
    for _ in 0..4 * MOST_WAITING / long.len() {
        a.send(mac(2), &long);
    }
    a.send(mac(3), "still here");
    assert_eq!(c.next(), "still here");
}

#[test]
fn a_guest_that_comes_back_has_its_port_again() {
    let folder = tempfile::tempdir().expect("a directory");
    let (_switch, [a, b, _c]) = three(folder.path());
    drop(b);
    let socket = UnixStream::connect(folder.path().join("b")).expect("a line");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a deadline");
    let mut again = End(socket, Frames::default(), VecDeque::new());
    again.send(mac(1), "I am back");
    let mut a = a;
    assert_eq!(a.next(), "I am back");
    a.send(mac(2), "welcome");
    assert_eq!(again.next(), "welcome");
}
