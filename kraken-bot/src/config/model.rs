//! The model that the Kraken may ask, where one is set up: without these flags it takes documented commands alone.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use wire::loopback::is_protected;

/// Which model answers what is no documented command.
#[derive(Debug, Clone, Default, Args)]
pub struct ModelArgs {
    /// The model's API, up to and with its version, e.g. `https://models.example/v1`; without it no model is asked.
    #[arg(long, env = "KRAKEN_MODEL_URL", requires = "model", value_name = "URL")]
    pub model_url: Option<Url>,
    /// The model's name there.
    #[arg(long, env = "KRAKEN_MODEL", requires = "model_url", value_name = "NAME")]
    pub model: Option<String>,
    /// The file with the key of that API; a model of one's own may need none.
    #[arg(long, env = "KRAKEN_MODEL_KEY_FILE", requires = "model_url", value_name = "FILE")]
    pub model_key_file: Option<PathBuf>,
    /// What the API speaks.
    #[arg(long, env = "KRAKEN_MODEL_API", value_enum, default_value_t, value_name = "API")]
    pub model_api: ModelApi,
    /// How long one answer of the model may take, in seconds.
    #[arg(long, env = "KRAKEN_MODEL_TIMEOUT", default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub model_timeout: u64,
    /// How many of the model's tokens the questions of one person may take in a day (UTC); 0 is as many as they like.
    #[arg(long, env = "KRAKEN_MODEL_TOKENS_PER_PERSON", default_value_t = 2_000_000, value_name = "TOKENS")]
    pub model_tokens_per_person: u64,
    /// How many of the model's tokens the questions in one enclave may take in a day (UTC); 0 is as many as they like.
    #[arg(
        long,
        env = "KRAKEN_MODEL_TOKENS_PER_ENCLAVE",
        default_value_t = 10_000_000,
        value_name = "TOKENS"
    )]
    pub model_tokens_per_enclave: u64,
}

/// What a model's API speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ModelApi {
    /// Anthropic's Messages API.
    #[default]
    Messages,
    /// OpenAI's Chat Completions API, which many others speak, too.
    ChatCompletions,
}

impl ModelApi {
    /// The word for it on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::ChatCompletions => "chat-completions",
        }
    }
}

impl ModelArgs {
    /// How long one answer may take.
    pub(crate) const fn timeout(&self) -> Duration {
        Duration::from_secs(self.model_timeout)
    }

    /// What is wrong with the address: what people say, and the key, go there in clear only on this machine.
    pub(crate) fn problem(&self) -> Option<String> {
        let url = self.model_url.as_ref()?;
        (!is_protected(url)).then(|| format!("--model-url `{url}` is neither https nor on this machine"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_elsewhere_is_asked_by_https_alone() {
        let problem = |url: &str| {
            ModelArgs { model_url: Some(url.parse().unwrap()), ..ModelArgs::default() }.problem().is_some()
        };
        for fine in
            ["https://models.example/v1", "http://127.0.0.1:1/v1", "http://[::1]:1", "http://localhost/v1"]
        {
            assert!(!problem(fine), "{fine}");
        }
        for wrong in [
            "http://models.example/v1",
            "http://10.0.0.1/v1",
            "ftp://127.0.0.1/",
            "http://127.0.0.1.example/",
        ] {
            assert!(problem(wrong), "{wrong}");
        }
    }
}
