//! A page in a real browser, and what the browser says about it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Network, Page as Cdp};
use headless_chrome::{Browser, LaunchOptions, Tab};

/// A page that is open.
pub struct Page {
    tab: Arc<Tab>,
    heard: Arc<Mutex<Heard>>,
    /// Its end is the browser's end.
    _browser: Browser,
}

/// What the browser said.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// Errors and warnings, of scripts and of the browser itself.
    pub complaints: Vec<String>,
    /// The addresses of all that was asked for.
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

impl Page {
    /// Opens `file` in a window of `width` by `height`.
    pub fn open(file: &Path, width: u32, height: u32) -> Page {
        let options = LaunchOptions {
            headless: true,
            sandbox: false,
            path: program(),
            window_size: Some((width, height)),
            ..LaunchOptions::default()
        };
        let browser = Browser::new(options).expect("the browser starts");
        let tab = browser.new_tab().expect("a tab");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listener = Arc::clone(&heard);
        tab.add_event_listener(Arc::new(move |event: &Event| listen(event, &listener)))
            .expect("a listener");
        tab.enable_log().expect("the browser's own log");
        tab.enable_runtime().expect("the console");
        tab.call_method(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        })
        .expect("requests can be watched");
        let page = Page { tab, heard, _browser: browser };
        page.resize(width, height);
        let address = format!("file://{}", file.display());
        page.tab.navigate_to(&address).expect("an address");
        page.ask("if (document.readyState !== 'complete') await new Promise(r => addEventListener('load', r));");
        page
    }

    /// What was heard so far.
    pub fn heard(&self) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Evaluates a script, and waits for what it promises.
    pub fn ask(&self, script: &str) -> serde_json::Value {
        let wrapped =
            format!("(async () => JSON.stringify(await (async () => {{ {script} }})()))()");
        let result = self.tab.evaluate(&wrapped, true).unwrap_or_else(|e| panic!("{script}: {e}"));
        let text = result.value.unwrap_or_default();
        serde_json::from_str(text.as_str().unwrap_or("null")).expect("JSON")
    }

    /// As [`Page::ask`], for a number.
    pub fn number(&self, script: &str) -> f64 {
        let answer = self.ask(script);
        answer.as_f64().unwrap_or_else(|| panic!("{script}: {answer}"))
    }

    /// Presses a key where the focus is.
    pub fn press(&self, key: &str) {
        self.tab.press_key(key).expect("a key");
    }

    /// Makes the window so big.
    pub fn resize(&self, width: u32, height: u32) {
        self.tab
            .call_method(Emulation::SetDeviceMetricsOverride {
                width,
                height,
                device_scale_factor: 1.0,
                mobile: false,
                scale: None,
                screen_width: None,
                screen_height: None,
                position_x: None,
                position_y: None,
                dont_set_visible_size: None,
                screen_orientation: None,
                viewport: None,
                display_feature: None,
                device_posture: None,
            })
            .expect("a size");
    }

    /// As on paper (`print`) or on a screen, light or dark.
    pub fn show_as(&self, media: &str, scheme: &str) {
        let feature = Emulation::MediaFeature {
            name: "prefers-color-scheme".to_owned(),
            value: scheme.to_owned(),
        };
        self.tab
            .call_method(Emulation::SetEmulatedMedia {
                media: Some(media.to_owned()),
                features: Some(vec![feature]),
            })
            .expect("a medium");
    }

    /// A picture of what is in the window, for people to look at.
    pub fn picture(&self, name: &str) {
        // Two frames, so that what scrolled into view has been drawn.
        self.ask("await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));");
        let png = Cdp::CaptureScreenshotFormatOption::Png;
        let picture = self.tab.capture_screenshot(png, None, None, true).expect("a picture");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("html_report");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name).with_extension("png"), picture).expect("a file");
    }

    /// The page as it comes out of a printer.
    pub fn paper(&self) -> Vec<u8> {
        self.tab.print_to_pdf(None).expect("a document")
    }
}

fn listen(event: &Event, heard: &Mutex<Heard>) {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    match event {
        Event::LogEntryAdded(entry) => {
            heard.complaints.push(format!("{:?}", entry.params.entry));
        }
        Event::RuntimeConsoleAPICalled(call) => {
            heard.complaints.push(format!("{:?}", call.params));
        }
        Event::RuntimeExceptionThrown(thrown) => {
            heard.complaints.push(format!("{:?}", thrown.params));
        }
        Event::NetworkRequestWillBeSent(request) => {
            heard.requests.push(request.params.request.url.clone());
        }
        _ => {}
    }
}
