//! As much of a browser as the pages need: cookies, forms, and an origin with what it posts.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use scraper::{Html, Selector};

use crate::app::{App, client};

/// A browser window.
pub(crate) struct Browser {
    pub(crate) base: String,
    http: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page that was loaded.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

/// A form of a page, as far as it is filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Browser {
    /// One that was never let in.
    pub(crate) fn stranger(app: &App) -> Self {
        Self { base: app.base.clone(), http: client(), cookies: Mutex::default() }
    }

    /// One that opened the printed address.
    pub(crate) async fn let_in(app: &App) -> Self {
        let browser = Self::stranger(app);
        let entered = browser.get(&format!("/?secret={}", app.secret)).await;
        assert_eq!((entered.status, entered.location.as_deref()), (StatusCode::SEE_OTHER, Some("/")));
        browser
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        self.keep(&answer);
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Page { status: answer.status(), location, text: answer.text().await.unwrap() }
    }

    fn keep(&self, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict")
                    || cookie.contains("Max-Age=0"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(self.http.get(self.url(path))).await
    }

    /// Posts as a page of our own does.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        self.send(self.http.post(self.url(path)).header("origin", &self.base).form(fields)).await
    }

    /// Presses a button of a form.
    pub(crate) async fn submit(&self, form: &Form, button: (&str, &str)) -> Page {
        let mut fields = form.fields.clone();
        fields.push((button.0.to_owned(), button.1.to_owned()));
        self.post(&form.action, &fields).await
    }
}

impl Page {
    fn document(&self) -> Html {
        Html::parse_document(&self.text)
    }

    /// The form with this action.
    pub(crate) fn form(&self, action: &str) -> Form {
        let document = self.document();
        let selector = Selector::parse(&format!("form[action='{action}']")).unwrap();
        let form =
            document.select(&selector).next().unwrap_or_else(|| panic!("no form {action}: {}", self.text));
        let inputs = Selector::parse("input[type=hidden]").unwrap();
        let fields = form
            .select(&inputs)
            .map(|input| (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned()))
            .collect();
        Form { action: action.to_owned(), fields }
    }

    /// The texts of everything that a selector finds.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let words = |element: scraper::ElementRef<'_>| {
            element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        self.document().select(&selector).map(words).collect()
    }

    /// The values of an attribute of everything that a selector finds.
    pub(crate) fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let document = self.document();
        document.select(&selector).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }
}
