//! How an import names a module: `npm:name@1.2.3/sub`, `jsr:@scope/name@1.2.3`.

use super::Registry;

/// An import of a module, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Specifier<'a> {
    pub(super) registry: Registry,
    pub(super) package: &'a str,
    /// What stands behind the `@`.
    pub(super) version: Option<&'a str>,
    /// What stands behind that, with its slash.
    pub(super) path: &'a str,
}

impl<'a> Specifier<'a> {
    /// Takes `text` apart; nothing where it is no such name.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (word, rest) = text.split_once(':')?;
        let registry = Registry::ALL.into_iter().find(|registry| registry.word() == word)?;
        // the first sign of a scope belongs to the name
        let scope = if rest.starts_with('@') { rest.find('/')? + 1 } else { 0 };
        let end = rest.get(scope..)?.find(['@', '/']).map_or(rest.len(), |at| scope + at);
        let (package, rest) = rest.split_at_checked(end)?;
        let (version, path) = match rest.strip_prefix('@') {
            Some(rest) => {
                let (version, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
                (Some(version), path)
            }
            None => (None, rest),
        };
        let fits = is_package(registry, package) && version.is_none_or(is_version) && is_path(path);
        fits.then_some(Self { registry, package, version, path })
    }

    /// The version, where it is one and no range of them.
    pub(super) fn exact(&self) -> Option<&'a str> {
        self.version.filter(|version| is_exact(version))
    }

    /// The name under which the lock has it, with this version.
    pub(super) fn key(&self, version: &str) -> String {
        format!("{}:{}@{version}", self.registry.word(), self.package)
    }

    /// The import with this version.
    pub(super) fn with(&self, version: &str) -> String {
        format!("{}{}", self.key(version), self.path)
    }
}

/// Whether a text is the name of a package of this registry.
pub(crate) fn is_package(registry: Registry, text: &str) -> bool {
    let word = |word: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~');
        !word.is_empty() && !word.starts_with('.') && word.chars().all(fits)
    };
    let scoped = text.strip_prefix('@').and_then(|text| text.split_once('/'));
    let fits = match (registry, scoped) {
        (_, Some((scope, name))) => word(scope) && word(name),
        (Registry::Npm, None) => word(text),
        (Registry::Jsr, None) => false,
    };
    fits && text.len() <= 214
}

/// Whether a text is one version and no range of them: `1.2.3`, `1.2.3-rc.1`.
pub(crate) fn is_exact(text: &str) -> bool {
    let (text, _) = text.split_once('+').unwrap_or((text, ""));
    let (numbers, rest) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_version(text)
        && numbers.split('.').count() == 3
        && numbers.split('.').all(number)
        && rest.is_none_or(|rest| !rest.is_empty())
}

/// What may stand where a version does. A range is none that is taken, and still one that can be told about.
fn is_version(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-+^~*<>=| ".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(fits)
}

fn is_path(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-+@~/".contains(c);
    text.chars().all(fits) && text.len() <= 200 && !text.split('/').any(|part| part == "..")
}

/// The lines of a contract that name a package.
pub(super) fn lines(registry: Registry, package: &str, version: &str) -> String {
    let last = package.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut name: String = last.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert_str(0, "module-");
    }
    format!("{name}: {{protocol: {}, host: \"{package}\", version: {version}}}", registry.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<(&'static str, &str, Option<&str>, &str)> {
        Specifier::read(text).map(|it| (it.registry.word(), it.package, it.version, it.path))
    }

    #[test]
    fn imports_are_taken_apart() {
        assert_eq!(told("npm:left@1.2.3"), Some(("npm", "left", Some("1.2.3"), "")));
        assert_eq!(told("npm:left"), Some(("npm", "left", None, "")));
        assert_eq!(told("npm:left/sub/x.js"), Some(("npm", "left", None, "/sub/x.js")));
        assert_eq!(told("npm:@a/b@^1.0/c"), Some(("npm", "@a/b", Some("^1.0"), "/c")));
        assert_eq!(told("jsr:@std/csv@1.0.0/parse"), Some(("jsr", "@std/csv", Some("1.0.0"), "/parse")));
        for none in [
            "jsr:csv@1.0.0",
            "npm:",
            "npm:@a",
            "npm:@/b",
            "npm:../x",
            "npm:a@1.0.0/../b",
            "npm:a\"b",
            "npm:a@",
            "npm:/a@1.0.0",
            "npm:a@1.0.0/\n",
            "npm:ä",
            "left",
            "./left.ts",
            "https://a.example/x.ts",
        ] {
            assert_eq!(told(none), None, "{none}");
        }
    }

    #[test]
    fn one_version_is_no_range() {
        for exact in ["1.2.3", "0.0.0", "1.2.3-rc.1", "1.2.3+build", "10.20.30-a-b"] {
            assert!(is_exact(exact), "{exact}");
        }
        for range in
            ["1", "1.2", "^1.2.3", "~1.2.3", "*", "1.x.3", "latest", "", "1.2.3-", "1.2.3 || 2", "1..3"]
        {
            assert!(!is_exact(range), "{range}");
        }
    }

    #[test]
    fn lines_have_a_name_that_a_contract_takes() {
        let told = lines(Registry::Jsr, "@std/csv", "1.0.0");
        assert_eq!(told, "csv: {protocol: jsr, host: \"@std/csv\", version: 1.0.0}");
        assert!(lines(Registry::Npm, "7zip.js", "1.0.0").starts_with("module-7zip-js: "));
    }
}
