//! As much of a browser as the pages need: cookies, forms, and an origin with what it posts.

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use scraper::{Html, Selector};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A browser window.
#[derive(Debug)]
pub struct Browser {
    base: String,
    http: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page that was loaded.
#[derive(Debug)]
pub struct Page {
    /// The HTTP status.
    pub status: StatusCode,
    /// Where it sends the browser.
    pub location: Option<String>,
    /// The HTML.
    pub text: String,
    /// The server that it is of.
    base: String,
}

/// A form of a page, as far as it is filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// The server that it goes to, and that the page is of.
    base: String,
    action: String,
    fields: Vec<(String, String)>,
}

/// A client that follows no redirects.
pub(crate) fn http() -> Client {
    // Built without a default: reqwest wants one even where nothing is encrypted.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Browser {
    /// Opens an address with a secret in it, after which pages of that server can be seen.
    pub(crate) async fn open(address: &str) -> Self {
        let base = address.split("/?").next().unwrap().to_owned();
        let browser = Self { base, http: http(), cookies: Mutex::default() };
        let entered = browser.get(address).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
        browser
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        self.keep(&answer);
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let base = answer.url().origin().ascii_serialization();
        Page { status: answer.status(), location, text: answer.text().await.unwrap(), base }
    }

    fn keep(&self, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
    }

    /// Loads a page, by its path or its whole address.
    pub async fn get(&self, path: &str) -> Page {
        self.send(self.http.get(self.url(path))).await
    }

    /// Loads a page as its own script looks again at what it shows.
    pub(crate) async fn look_again(&self, path: &str) -> Page {
        self.send(self.http.get(self.url(path)).header("x-again", "1")).await
    }

    /// Goes where a page sends the browser, until one is shown.
    pub(crate) async fn follow(&self, mut page: Page) -> Page {
        while let Some(there) = &page.location {
            let there = if there.starts_with('/') { format!("{}{there}", page.base) } else { there.clone() };
            page = self.get(&there).await;
        }
        page
    }

    /// Sends a form, with what was typed and the button that was pressed.
    pub(crate) async fn submit(&self, form: &Form, typed: &[(&str, &str)]) -> Page {
        let page = self.attempt(form, typed).await;
        let problem = page.location.as_deref().is_some_and(|there| there.contains("problem="));
        assert!(!problem, "{}: {:?}", form.action, page.location);
        page
    }

    /// The same, whatever the page says of it.
    pub(crate) async fn attempt(&self, form: &Form, typed: &[(&str, &str)]) -> Page {
        self.send(self.filled_in(form, typed)).await
    }

    /// The same as a script of the page does it, which is told in JSON what came of it.
    pub(crate) async fn submit_by_script(&self, form: &Form, typed: &[(&str, &str)]) -> Page {
        let page = self.send(self.filled_in(form, typed).header("accept", "application/json")).await;
        assert!(page.status.is_success(), "{}: {}", form.action, page.text);
        page
    }

    fn filled_in(&self, form: &Form, typed: &[(&str, &str)]) -> RequestBuilder {
        let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields: Vec<(String, String)> = form.fields.iter().cloned().chain(typed).collect();
        let Form { base, action, .. } = form;
        self.http.post(format!("{base}{action}")).header("origin", base).form(&fields)
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }
}

impl Page {
    /// The form of the last button with this label, as if it was pressed.
    pub(crate) fn pressing(&self, label: &str) -> Form {
        let document = Html::parse_document(&self.text);
        let buttons = Selector::parse("form.blocks button[name=click]").unwrap();
        let inputs = Selector::parse("input[type=hidden]").unwrap();
        let wanted = |button: &scraper::ElementRef<'_>| button.text().collect::<String>() == label;
        let button = document.select(&buttons).rfind(wanted);
        let button = button.unwrap_or_else(|| panic!("no button {label}: {}", self.text));
        let form = button.ancestors().filter_map(scraper::ElementRef::wrap);
        let form = form.into_iter().find(|ancestor| ancestor.value().name() == "form").unwrap();
        let field = |input: scraper::ElementRef<'_>| {
            (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned())
        };
        let mut fields: Vec<(String, String)> = form.select(&inputs).map(field).collect();
        fields.push(field(button));
        let action = button.attr("formaction").unwrap().to_owned();
        Form { base: self.base.clone(), action, fields }
    }

    /// Where the first link with these words leads.
    pub(crate) fn link_to(&self, words: &str) -> Option<String> {
        let document = Html::parse_document(&self.text);
        let links = Selector::parse("a[href]").unwrap();
        let link = document.select(&links).find(|link| link.text().collect::<String>().trim() == words);
        Some(link?.attr("href")?.to_owned())
    }

    /// The first form that `selector` finds.
    pub(crate) fn form(&self, selector: &str) -> Form {
        let document = Html::parse_document(&self.text);
        let wanted = Selector::parse(selector).unwrap();
        let form = document.select(&wanted).next();
        let form = form.unwrap_or_else(|| panic!("no form {selector}: {}", self.text));
        let inputs = Selector::parse("input[type=hidden]").unwrap();
        let field = |input: scraper::ElementRef<'_>| {
            (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned())
        };
        Form {
            base: self.base.clone(),
            action: form.attr("action").unwrap().to_owned(),
            fields: form.select(&inputs).map(field).collect(),
        }
    }
}
