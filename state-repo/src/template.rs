//! The repository that a team begins with.

use crate::commit::{Author, Draft, Trailers};
use crate::error::StateError;
use crate::names::CommitId;
use git2::{IndexAddOption, Repository, RepositoryInitOptions};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A file of the template: its path, its text.
type Part = (&'static str, &'static str);

macro_rules! part {
    ($path:literal) => {
        ($path, include_str!(concat!("../../state-repo-template/", $path)))
    };
}

/// The template's files, and the schema, which the crate `workflow` has.
const PARTS: [Part; 12] = [
    part!("README.md"),
    part!(".gitignore"),
    part!(".gitattributes"),
    part!(".gitleaks.toml"),
    part!(".sops.yaml"),
    part!("CODEOWNERS.example"),
    part!("check.sh"),
    part!(".github/workflows/check.yml"),
    part!(".vscode/settings.json"),
    part!("enclaves/.gitkeep"),
    part!("archive/.gitkeep"),
    (".tentacular/workflow.schema.json", workflow::schema::SCHEMA),
];

/// The file by which a state repo is known.
const SIGN: &str = ".tentacular/workflow.schema.json";

/// The branch that it begins with.
const BRANCH: &str = "main";

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// It was made, with this first commit.
    Made(CommitId),
    /// It was there already, and nothing was changed.
    There,
}

/// Makes a state repo in `folder`, for its owner alone. It appears whole or not at all.
///
/// # Errors
/// When something else is in the folder, or the disk says no.
pub fn init(folder: &Path, author: &Author) -> Result<Init, StateError> {
    if is_one(folder) {
        return Ok(Init::There);
    }
    if let Some(found) = first_in(folder)? {
        return Err(StateError::NotEmpty { path: folder.to_owned(), found });
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(StateError::io(parent))?;
    let made =
        tempfile::Builder::new().prefix(".state-repo-").tempdir_in(parent).map_err(StateError::io(parent))?;
    let commit = fill(made.path(), author)?;
    fs::set_permissions(made.path(), fs::Permissions::from_mode(0o700)).map_err(StateError::io(folder))?;
    // Only onto nothing, or onto an empty folder: the system refuses the rest.
    fs::rename(made.path(), folder).map_err(StateError::io(folder))?;
    Ok(Init::Made(commit))
}

/// Makes the same without a working tree, for others to push to. It appears whole or not at all.
///
/// # Errors
/// When something else is in the folder, or the disk says no.
pub fn init_bare(folder: &Path, author: &Author) -> Result<Init, StateError> {
    if Repository::open_bare(folder).is_ok_and(|repo| repo.head().is_ok()) {
        return Ok(Init::There);
    }
    if let Some(found) = first_in(folder)? {
        return Err(StateError::NotEmpty { path: folder.to_owned(), found });
    }
    let parent = folder.parent().unwrap_or(folder);
    let made =
        tempfile::Builder::new().prefix(".state-repo-").tempdir_in(parent).map_err(StateError::io(parent))?;
    let commit = fill(made.path(), author)?;
    let bare = made.path().join(".git");
    Repository::open(made.path())?.config()?.set_bool("core.bare", true)?;
    let index = bare.join("index");
    fs::remove_file(&index).map_err(StateError::io(&index))?;
    fs::set_permissions(&bare, fs::Permissions::from_mode(0o700)).map_err(StateError::io(&bare))?;
    fs::rename(&bare, folder).map_err(StateError::io(folder))?;
    Ok(Init::Made(commit))
}

/// Whether there is a state repo in just this folder.
fn is_one(folder: &Path) -> bool {
    folder.join(".git").is_dir()
        && folder.join(SIGN).is_file()
        && Repository::open(folder).is_ok_and(|repo| repo.head().is_ok())
}

fn first_in(folder: &Path) -> Result<Option<String>, StateError> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io(folder)(error)),
    };
    let first = entries.next().transpose().map_err(StateError::io(folder))?;
    Ok(first.map(|entry| entry.file_name().to_string_lossy().escape_debug().to_string()))
}

fn fill(folder: &Path, author: &Author) -> Result<CommitId, StateError> {
    for (path, text) in PARTS {
        let file = folder.join(path);
        let within = file.parent().unwrap_or(folder);
        fs::create_dir_all(within).map_err(StateError::io(within))?;
        fs::write(&file, text).map_err(StateError::io(&file))?;
        if text.starts_with("#!") {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).map_err(StateError::io(&file))?;
        }
    }
    let mut options = RepositoryInitOptions::new();
    options.initial_head(BRANCH).no_reinit(true).external_template(false);
    let repo = Repository::init_opts(folder, &options)?;
    let mut index = repo.index()?;
    index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
    index.write()?;
    let tree = repo.find_tree(index.write_tree()?)?;
    let message = "A state repo of Tentacular\n\nMade by `tntc state init`; README.md says what it is.";
    let trailers = Trailers::default();
    let draft = Draft { author, committer: author, message, trailers: &trailers, key: None };
    let commit = draft.write(&repo, &tree, &[])?;
    repo.reference(&format!("refs/heads/{BRANCH}"), commit, false, "tntc state init")?;
    Ok(CommitId(commit))
}
