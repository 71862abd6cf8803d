//! The rules of modules, one variant each.

/// A rule of modules that a tentacle breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleRule {
    /// A module of the contract whose name is none of its registry.
    #[error("host must be a package of {registry}, such as {such}, got: \"{got}\"")]
    PackageName {
        /// The registry.
        registry: &'static str,
        /// A name as they are there.
        such: &'static str,
        /// What was given.
        got: String,
    },
    /// A module of the contract without one version.
    #[error("version must be one version of the module, such as 1.2.3{}", got(.0.as_deref()))]
    Version(Option<String>),
    /// An import that leaves open which version it means.
    #[error("\"{import}\" does not say which version: write {}", pinned(.pin.as_deref()))]
    Unpinned {
        /// The import.
        import: String,
        /// The same with the version that is known to be meant.
        pin: Option<String>,
    },
    /// An import that the contract lacks.
    #[error("\"{import}\" is not in the contract: add to contract.dependencies `{lines}`")]
    Undeclared {
        /// The import.
        import: String,
        /// What to add.
        lines: String,
    },
    /// An import of another version than the contract has.
    #[error(
        "\"{import}\" is not in the contract, which has another version: write \"{other}\", or version {version} there"
    )]
    Other {
        /// The import.
        import: String,
        /// The same with the contract's version.
        other: String,
        /// The import's version.
        version: String,
    },
    /// An import that the lock lacks.
    #[error("\"{import}\" is not in deno.lock, which pins its content: `tntc lock` makes that file anew")]
    NotLocked {
        /// The import.
        import: String,
    },
    /// A lock that cannot be held to.
    #[error("{0}; `tntc lock` makes the file anew")]
    Lock(String),
    /// An import by its address.
    #[error("\"{0}\" is an address, of which nothing is imported: modules come from npm and jsr")]
    Address(String),
    /// An import that is neither a file nor a module.
    #[error("\"{import}\" is no module: write {}", in_full(.full.as_deref()))]
    NoModule {
        /// The import.
        import: String,
        /// What is meant by it in the contract.
        full: Option<String>,
    },
}

fn got(version: Option<&str>) -> String {
    version.map(|version| format!(", got: \"{version}\"")).unwrap_or_default()
}

fn pinned(pin: Option<&str>) -> String {
    pin.map_or_else(|| "one version, such as @1.2.3".to_owned(), |pin| format!("\"{pin}\""))
}

fn in_full(full: Option<&str>) -> String {
    let such = "\"npm:name@1.2.3\", \"jsr:@scope/name@1.2.3\", or the path of a file, such as \"./name.ts\"";
    full.map_or_else(|| such.to_owned(), |full| format!("\"{full}\""))
}
