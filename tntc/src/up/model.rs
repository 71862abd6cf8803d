//! The model of the local workspace, for who has one: the Kraken's own flags, handed on.

use kraken_bot::ModelArgs;
use std::ffi::OsString;

/// The flags of the Kraken that say what `args` say. A key goes as the path of its file, never as itself.
pub(super) fn flags(args: &ModelArgs) -> Vec<OsString> {
    let mut flags = Vec::new();
    let mut flag = |name: &str, value: OsString| flags.extend([OsString::from(name), value]);
    let (Some(url), Some(model)) = (&args.model_url, &args.model) else { return flags };
    flag("--model-url", url.as_str().into());
    flag("--model", model.into());
    flag("--model-api", args.model_api.name().into());
    flag("--model-timeout", args.model_timeout.to_string().into());
    flag("--model-tokens-per-person", args.model_tokens_per_person.to_string().into());
    flag("--model-tokens-per-enclave", args.model_tokens_per_enclave.to_string().into());
    if let Some(file) = &args.model_key_file {
        // The Kraken stands in another folder.
        flag("--model-key-file", std::path::absolute(file).unwrap_or_else(|_| file.clone()).into_os_string());
    }
    flags
}
