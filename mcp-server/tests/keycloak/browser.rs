//! A browser, as far as Keycloak's pages need one: it keeps cookies, follows links and fills in forms.

use scraper::{Html, Selector};
use std::collections::BTreeMap;
use url::Url;

/// A browser with one page open.
pub(crate) struct Browser {
    http: reqwest::Client,
    /// They are marked `Secure`, which browsers take from loopback also without TLS.
    cookies: BTreeMap<String, String>,
    place: Url,
    page: String,
}

impl Browser {
    /// Opens a page.
    pub(crate) async fn open(url: &str) -> Self {
        let none = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(none).build().unwrap();
        let place = Url::parse(url).unwrap();
        let mut browser = Self { http, cookies: BTreeMap::new(), place: place.clone(), page: String::new() };
        browser.go(browser.http.get(place)).await;
        browser
    }

    /// Goes to another page.
    pub(crate) async fn visit(&mut self, url: &str) {
        self.go(self.http.get(Url::parse(url).unwrap())).await;
    }

    /// The page.
    pub(crate) fn html(&self) -> &str {
        &self.page
    }

    /// The name that the page gives itself.
    pub(crate) fn page(&self) -> String {
        let page = Html::parse_document(&self.page);
        let body = page.select(&selector("body[data-page-id]")).next();
        body.and_then(|body| body.attr("data-page-id")).unwrap_or_default().to_owned()
    }

    /// Opens what this link leads to.
    pub(crate) async fn follow(&mut self, link: &str) {
        let to = {
            let page = Html::parse_document(&self.page);
            let found =
                page.select(&selector(link)).next().unwrap_or_else(|| panic!("no {link}: {}", self.page));
            self.place.join(found.attr("href").unwrap()).unwrap()
        };
        self.go(self.http.get(to)).await;
    }

    /// The value of the button that shows this.
    pub(crate) fn button(&self, shown: &str) -> String {
        let page = Html::parse_document(&self.page);
        let buttons = selector("button[value]");
        let mut buttons = page.select(&buttons);
        let found = buttons.find(|button| button.text().any(|text| text.trim() == shown));
        found.unwrap_or_else(|| panic!("no button {shown}: {}", self.page)).attr("value").unwrap().to_owned()
    }

    /// Fills in the page's form and sends it: what it holds hidden, and these fields besides. A button counts as a
    /// field.
    pub(crate) async fn submit(&mut self, fields: &[(&str, &str)]) {
        let (action, mut form) = self.form();
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let origin = self.place.origin().ascii_serialization();
        self.go(self.http.post(action).header("origin", origin).form(&form)).await;
    }

    fn form(&self) -> (Url, BTreeMap<String, String>) {
        let page = Html::parse_document(&self.page);
        let form = page.select(&selector("form")).next().unwrap_or_else(|| panic!("no form: {}", self.page));
        let hidden = selector("input[type=hidden]");
        let hidden = form.select(&hidden).filter_map(|input| {
            Some((input.attr("name")?.to_owned(), input.attr("value").unwrap_or_default().to_owned()))
        });
        (self.place.join(form.attr("action").unwrap()).unwrap(), hidden.collect())
    }

    /// Sends a request and follows where it leads.
    async fn go(&mut self, mut request: reqwest::RequestBuilder) {
        for _ in 0..10 {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.place = answer.url().clone();
            let Some(next) = answer.headers().get("location") else {
                self.page = answer.text().await.unwrap();
                return;
            };
            request = self.http.get(self.place.join(next.to_str().unwrap()).unwrap());
        }
        panic!("sent from one page to the next for ever: {}", self.place);
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}
