//! A page in a real browser, and the browser's messages about it.
//!
//! The tests control it with the Chrome DevTools Protocol over a pair of pipes:
//! JSON texts, each ended by a zero byte (`--remote-debugging-pipe`).

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// A page that is open.
pub struct Page {
    wire: RefCell<Wire>,
}

/// The browser's messages and requests.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// Errors and warnings, of scripts and of the browser itself.
    pub complaints: Vec<String>,
    /// The addresses of all requests.
    pub requests: Vec<String>,
}

/// The browser's program, if there is one.
pub fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = |folder: PathBuf| {
        ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
    };
    std::env::split_paths(&path).flat_map(named).find(|program| program.exists())
}

/// The browser process, and the messages received from it.
struct Wire {
    browser: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    /// The session of the open tab, once there is one.
    session: Option<String>,
    heard: Heard,
    _profile: tempfile::TempDir,
}

impl Wire {
    fn new(width: u32, height: u32) -> Wire {
        let profile = tempfile::tempdir().expect("a directory");
        // It reads from descriptor 3 and writes to descriptor 4.
        let mut browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null"])
            .arg(program().expect("a browser"))
            .args(["--headless", "--no-sandbox", "--no-first-run", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--disable-extensions", "--remote-debugging-pipe"])
            // The window is not visible, and the browser must not throttle it
            // for that reason.
            .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
            .arg("--disable-backgrounding-occluded-windows")
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = browser.stdin.take().expect("a pipe");
        let from = BufReader::new(browser.stdout.take().expect("a pipe"));
        let heard = Heard::default();
        Wire { browser, to, from, calls: 0, session: None, heard, _profile: profile }
    }

    /// Calls a method and waits for its result. Records the messages that
    /// arrive before it.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        let mut text = call.to_string().into_bytes();
        text.push(0);
        self.to.write_all(&text).expect("the browser listens");
        loop {
            let mut said = Vec::new();
            self.from.read_until(0, &mut said).expect("the browser speaks");
            assert_eq!(said.pop(), Some(0), "the browser has ended in {method}");
            let mut said: Value = serde_json::from_slice(&said).expect("JSON");
            if said["id"] != json!(self.calls) {
                self.listen(&said);
                continue;
            }
            assert!(said["error"].is_null(), "{method}: {said}");
            return said["result"].take();
        }
    }

    fn listen(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Log.entryAdded" | "Runtime.consoleAPICalled" | "Runtime.exceptionThrown") => {
                self.heard.complaints.push(params.to_string());
            }
            Some("Network.requestWillBeSent") => {
                let address = params["request"]["url"].as_str().unwrap_or_default();
                self.heard.requests.push(address.to_owned());
            }
            _ => {}
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

impl Page {
    /// Opens `file` in a window of `width` by `height`.
    pub fn open(file: &Path, width: u32, height: u32) -> Page {
        let mut wire = Wire::new(width, height);
        let target = wire.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = wire.call("Target.attachToTarget", attach);
        wire.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Log", "Runtime", "Network"] {
            wire.call(&format!("{domain}.enable"), json!({}));
        }
        let page = Page { wire: RefCell::new(wire) };
        page.resize(width, height);
        page.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        page.ask("if (document.readyState !== 'complete') await new Promise(r => addEventListener('load', r));");
        page
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.wire.borrow_mut().call(method, params)
    }

    /// The messages received so far.
    pub fn heard(&self) -> Heard {
        // The answer arrives after all earlier messages, so these have been recorded.
        self.ask("");
        self.wire.borrow().heard.clone()
    }

    /// Evaluates a script and waits for the result of its promise.
    pub fn ask(&self, script: &str) -> Value {
        let wrapped =
            format!("(async () => JSON.stringify(await (async () => {{ {script} }})()))()");
        let answer =
            self.call("Runtime.evaluate", json!({ "expression": wrapped, "awaitPromise": true }));
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer}");
        let text = answer["result"]["value"].as_str().unwrap_or("null");
        serde_json::from_str(text).expect("JSON")
    }

    /// As [`Page::ask`], for a number.
    pub fn number(&self, script: &str) -> f64 {
        let answer = self.ask(script);
        answer.as_f64().unwrap_or_else(|| panic!("{script}: {answer}"))
    }

    /// Presses a key where the focus is.
    pub fn press(&self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            letter => (letter.as_bytes()[0].to_ascii_uppercase(), letter),
        };
        let event = |kind: &str, text: &str| json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text });
        self.call("Input.dispatchKeyEvent", event("keyDown", text));
        self.call("Input.dispatchKeyEvent", event("keyUp", ""));
    }

    /// Sets the size of the window.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Displays the page as on paper (`print`) or on a screen, light or dark.
    pub fn show_as(&self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }

    /// A picture of the window, for people to look at.
    pub fn picture(&self, name: &str) {
        // Two frames, so that elements scrolled into view have been drawn.
        self.ask("await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));");
        let picture = self.file("Page.captureScreenshot", json!({ "format": "png" }));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("html_report");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name).with_extension("png"), picture).expect("a file");
    }

    /// The page as it comes out of a printer.
    pub fn paper(&self) -> Vec<u8> {
        self.file("Page.printToPDF", json!({}))
    }

    fn file(&self, method: &str, params: Value) -> Vec<u8> {
        let answer = self.call(method, params);
        BASE64_STANDARD.decode(answer["data"].as_str().expect("data")).expect("base64")
    }
}
