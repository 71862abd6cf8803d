//! Finding the hierarchies: which there are, and where in them a server may make groups.

use super::{Controller, Hierarchies, Hierarchy, Version};
use nix::unistd::{AccessFlags, access};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A hierarchy that is mounted, and the group in it that this process is in.
#[derive(Debug, PartialEq, Eq)]
struct Mounted {
    mount: PathBuf,
    group: PathBuf,
    version: Version,
    /// Of the first version only: the second says it in each group.
    controllers: Vec<Controller>,
}

/// The hierarchies in which our own folder, called `name`, can be made.
pub(super) fn find(name: &str) -> io::Result<Hierarchies> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let mut found = Vec::new();
    for mounted in parse(&mounts, &groups) {
        match mounted.version {
            Version::One if !mounted.controllers.is_empty() => found.push(Hierarchy {
                own: mounted.group.join(name),
                version: Version::One,
                controllers: mounted.controllers,
            }),
            Version::One => {}
            Version::Two => found.extend(above(&mounted, name)),
        }
    }
    Ok(Hierarchies(found))
}

/// What is mounted, by `/proc/self/mountinfo`, and where this process is in it, by `/proc/self/cgroup`.
fn parse(mounts: &str, groups: &str) -> Vec<Mounted> {
    let mut found: Vec<Mounted> = Vec::new();
    for line in mounts.lines() {
        let Some((place, system)) = line.split_once(" - ") else { continue };
        let mut place = place.split(' ').skip(3);
        let (Some(root), Some(mount)) = (place.next(), place.next()) else { continue };
        let mut system = system.split(' ');
        let (kind, options) = (system.next(), system.nth(1).unwrap_or_default());
        let named = |wanted: &Controller| options.split(',').any(|option| option == wanted.name());
        let (version, controllers) = match kind {
            Some("cgroup") => (Version::One, Controller::ALL.into_iter().filter(named).collect()),
            Some("cgroup2") => (Version::Two, Vec::new()),
            _ => continue,
        };
        let Some(path) = own_path(groups, version, &controllers) else { continue };
        let within = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
        let group = Path::new(mount).join(within);
        let mounted = Mounted { mount: PathBuf::from(mount), group, version, controllers };
        // The same may be mounted at several places.
        if !found.iter().any(|it| it.version == mounted.version && it.controllers == mounted.controllers) {
            found.push(mounted);
        }
    }
    found
}

/// The path of this process's group: lines are `number:controllers:path`, with neither number nor controllers in
/// version two.
fn own_path<'a>(groups: &'a str, version: Version, controllers: &[Controller]) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, named, path) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = match version {
            Version::Two => named.is_empty(),
            Version::One => named.split(',').any(|name| controllers.iter().any(|it| it.name() == name)),
        };
        fits.then_some(path)
    })
}

/// In version two a group that has processes cannot pass controllers on, so our folder lies beside the server's group or
/// further up: the nearest place that is ours to write in and gives the most controllers.
fn above(mounted: &Mounted, name: &str) -> Option<Hierarchy> {
    let mut best: Option<Hierarchy> = None;
    for place in mounted.group.ancestors().take_while(|place| place.starts_with(&mounted.mount)) {
        let Ok(controllers) = try_place(place, name) else { continue };
        let better =
            best.as_ref().map_or(!controllers.is_empty(), |best| controllers.len() > best.controllers.len());
        if better {
            best = Some(Hierarchy { own: place.join(name), version: Version::Two, controllers });
        }
    }
    best
}

/// Which controllers groups at `place` can have. A process can only be moved there by whoever may write in the group
/// above both.
fn try_place(place: &Path, name: &str) -> io::Result<Vec<Controller>> {
    access(&place.join("cgroup.procs"), AccessFlags::W_OK)?;
    let own = place.join(name);
    match fs::create_dir(&own) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    for controller in Controller::ALL {
        // Whether it worked is read from what there is afterwards.
        let _ = fs::write(place.join("cgroup.subtree_control"), format!("+{}", controller.name()));
    }
    let given = fs::read_to_string(own.join("cgroup.controllers"));
    fs::remove_dir(&own)?;
    let given = given?;
    let has = |wanted: &Controller| given.split_whitespace().any(|name| name == wanted.name());
    Ok(Controller::ALL.into_iter().filter(has).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_is_found_where_this_process_is() {
        let mounts = "\
25 1 254:0 / / rw - ext4 /dev/vda rw
30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
32 25 0:28 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
33 25 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
34 25 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";
        let groups = "9:name=systemd:/\n8:pids:/box/a\n4:memory:/api/x\n1:cpu:/\n0::/\n";
        let found = parse(mounts, groups);
        let places: Vec<_> = found.iter().map(|it| (it.group.as_path(), &it.controllers[..])).collect();
        assert_eq!(
            places,
            [
                (Path::new("/sys/fs/cgroup/cpu"), &[Controller::Cpu][..]),
                (Path::new("/sys/fs/cgroup/memory/api/x"), &[Controller::Memory]),
                (Path::new("/sys/fs/cgroup/pids/a"), &[Controller::Pids]),
                (Path::new("/sys/fs/cgroup/unified"), &[]),
            ]
        );
    }

    #[test]
    fn controllers_that_share_a_hierarchy_are_found_once() {
        let mounts = "\
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
31 25 0:26 / /mnt/again rw - cgroup cgroup rw,cpu,cpuacct
";
        let found = parse(mounts, "3:cpu,cpuacct:/s\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].group, Path::new("/sys/fs/cgroup/cpu,cpuacct/s"));
    }

    /// A hierarchy of version two as a folder: only the kernel would give a new group its files, so here they come with
    /// the place.
    #[test]
    fn a_place_without_controllers_is_no_place() {
        let root = tempfile::tempdir().unwrap();
        let mounted = Mounted {
            mount: root.path().to_path_buf(),
            group: root.path().join("user/app"),
            version: Version::Two,
            controllers: Vec::new(),
        };
        fs::create_dir_all(&mounted.group).unwrap();
        assert_eq!(above(&mounted, "ours"), None);
        assert_eq!(disk_entries(root.path()), ["user"], "nothing is left of the attempts");
    }

    fn disk_entries(folder: &Path) -> Vec<String> {
        super::super::disk::folders(folder).unwrap()
    }
}
