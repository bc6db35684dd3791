//! `man`: writes the manual pages into a folder, and tells which.

use std::path::{Path, PathBuf};

use clap::CommandFactory;

use crate::asked::fields::Presence;
use crate::cli::{Cli, ManArgs};
use crate::config::Schema;
use crate::error::Error;
use crate::man::{self, FileFormat, Page};
use crate::run::Exit;
use crate::{files, output};

/// Writes over pages that are there, and prints the path of each.
pub fn run(args: &ManArgs) -> Result<Exit, Error> {
    let mut paths = String::new();
    for page in man::pages(Cli::command(), &[config_file()])? {
        let path = write(&args.folder, &page)?;
        paths.push_str(&format!("{}\n", path.display()));
    }
    output::print(&paths)?;
    Ok(Exit::Done)
}

fn write(folder: &Path, page: &Page) -> Result<PathBuf, Error> {
    let failed = |path: &Path, error: std::io::Error| Error::Write {
        what: format!("\"{}\"", path.display()),
        cause: error.to_string(),
    };
    let folder = place(folder, page.section);
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let path = folder.join(&page.file);
    files::replace(&path, &page.text).map_err(|error| failed(&path, error))?;
    Ok(path)
}

/// `man` looks for each section in a folder of its own: what is not for `man1` goes beside it.
fn place(folder: &Path, section: u8) -> PathBuf {
    if folder.file_name().is_some_and(|name| name == "man1") {
        folder.with_file_name(format!("man{section}"))
    } else {
        folder.to_owned()
    }
}

const EXAMPLE: &str = "\
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: demo
  region: eu-west-1
iam:
  withOIDC: true
  serviceAccounts:
    - metadata: {name: s3-reader, namespace: backend}
      attachPolicyARNs:
        - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    - metadata: {name: external-dns, namespace: external-dns}
      wellKnownPolicies: {externalDNS: true}";

fn config_file() -> FileFormat {
    let file = Schema::of_file();
    let plain = |text: &str| text.replace('`', "");
    let read = file.all().into_iter().skip(1);
    let read = read.filter(|field| field.presence != Presence::LeftAlone);
    let fields = read.map(|field| {
        let required = match field.presence {
            Presence::Required => ", required",
            _ => "",
        };
        let name = format!("{} ({}{required})", field.below_root(), field.kind);
        let lines = field.description();
        (name, lines.iter().map(|line| plain(line)).collect())
    });
    FileFormat {
        name: "irsactl-config".to_owned(),
        about: "the config file that irsactl reads".to_owned(),
        description: "The ClusterConfig of eksctl, as YAML or JSON, for --config-file. The other sections of \
                      eksctl's schema are left alone. `irsactl explain config` tells the same, and with \
                      `-o json` as a JSON Schema for editors."
            .to_owned(),
        fields: fields.collect(),
        example: EXAMPLE,
    }
}
