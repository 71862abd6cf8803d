//! A browser, as far as the server's own page needs one: it keeps cookies, follows links and sends forms.

use crate::rpc::{Answer, finish};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use scraper::{Html, Selector};
use std::collections::BTreeMap;
use url::Url;

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What it shows.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    /// Opens an address and goes where it leads.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        let mut page = self.step(url).await;
        for _ in 0..5 {
            let Some(next) = page.leads_to() else { return page };
            page = self.step(next.as_str()).await;
        }
        panic!("sent from one page to the next for ever: {}", page.url);
    }

    /// Opens an address and goes no further.
    pub(crate) async fn step(&mut self, url: &str) -> Page {
        let url = Url::parse(url).unwrap();
        self.send(self.http.request(Method::GET, url.clone()), url).await
    }

    /// Presses a button of the page's form.
    pub(crate) async fn press(&mut self, page: &Page, decision: &str) -> Page {
        let origin = page.url.origin().ascii_serialization();
        self.submit(&page.url, Some(&origin), &page.form(decision)).await
    }

    /// Sends a form, as it is sent from a page of `origin`.
    pub(crate) async fn submit(
        &mut self,
        url: &Url,
        origin: Option<&str>,
        form: &[(String, String)],
    ) -> Page {
        let mut request = self.http.request(Method::POST, url.clone()).form(form);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        self.send(request, url.clone()).await
    }

    async fn send(&mut self, request: RequestBuilder, url: Url) -> Page {
        // Cookies go to the server alone; the issuer of these tests has none.
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = finish(request.header("cookie", cookies.join("; "))).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly; SameSite=Lax") && text.contains("Max-Age="), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Page { url, answer }
    }
}

impl Page {
    /// Where it sends the browser.
    pub(crate) fn leads_to(&self) -> Option<Url> {
        let place = self.answer.headers.get("location")?;
        Some(self.url.join(place.to_str().unwrap()).unwrap())
    }

    /// What its form sends when a button is pressed.
    pub(crate) fn form(&self, decision: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.answer.body);
        let selector = |text: &str| Selector::parse(text).unwrap();
        let hidden = selector("form[method=post] input[type=hidden]");
        let hidden = html.select(&hidden).map(|input| {
            let attribute = |name: &str| input.attr(name).unwrap_or_default().to_owned();
            (attribute("name"), attribute("value"))
        });
        let mut form: Vec<_> = hidden.collect();
        let button = selector(&format!("form button[name=decision][value={decision}]"));
        assert!(html.select(&button).next().is_some(), "no button `{decision}`: {}", self.answer.body);
        form.push(("decision".to_owned(), decision.to_owned()));
        form
    }

    /// What people read on it, and nothing else.
    pub(crate) fn text(&self) -> String {
        let html = Html::parse_document(&self.answer.body);
        let words: Vec<&str> = html
            .select(&Selector::parse("main").unwrap())
            .flat_map(|main| main.text())
            .flat_map(str::split_whitespace)
            .collect();
        words.join(" ")
    }
}
