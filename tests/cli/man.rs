//! `man`: a page for each command, with all that its help has, and none that groff complains of.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::Bench;
use crate::usage::{commands, help};

/// The pages in a folder of the private home.
fn pages(bench: &Bench) -> Vec<PathBuf> {
    let folder = bench.file("x", "").with_file_name("share").join("man1");
    let output = bench.command().arg("man").arg(&folder).output();
    let output = output.expect("irsactl runs");
    assert!(output.status.success() && output.stderr.is_empty());
    let paths = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths: Vec<_> = paths.lines().map(PathBuf::from).collect();
    let files = |folder: PathBuf| std::fs::read_dir(folder).expect("a folder").count();
    let count = files(folder.with_file_name("man5")) + files(folder);
    assert_eq!(paths.len(), count, "all are told");
    paths
}

#[test]
fn links_are_replaced_and_not_followed() {
    let bench = Bench::new();
    let secret = bench.file("secret", "s3cret of the user");
    let folder = bench.file("share/man1/x", "").with_file_name("");
    for name in ["irsactl.1", "irsactl-get.1.tmp"] {
        std::os::unix::fs::symlink(&secret, folder.join(name)).expect("a link");
    }
    let output = bench.command().arg("man").arg(&folder).output();
    assert!(output.expect("irsactl runs").status.success());
    let kept = std::fs::read_to_string(&secret).expect("the file");
    assert_eq!(kept, "s3cret of the user");
    let page = std::fs::read_to_string(folder.join("irsactl.1")).expect("a page");
    assert!(page.starts_with(".TH"), "{page}");
}

/// The long flags at the beginnings of the lines of a help.
fn flags(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start);
    lines
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| {
            line.split([' ', '[', ',', '.'])
                .find(|word| word.starts_with("--"))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_has_a_page_with_all_its_flags_and_examples() {
    let bench = Bench::new();
    let pages = pages(&bench);
    let all = commands(&bench);
    assert_eq!(pages.len(), all.len() + 1, "{pages:?}");
    for command in all {
        let name = format!("irsactl {command}").trim_end().replace(' ', "-");
        let file = format!("{name}.1");
        let page = pages.iter().find(|path| path.ends_with(&file));
        let page = std::fs::read_to_string(page.expect(&file)).expect("a page");
        let page = page.replace("\\-", "-");
        let help = help(&bench, &command);
        let flags = flags(&help);
        assert!(flags.contains(&"--help".to_owned()), "{help}");
        for flag in flags {
            assert!(page.contains(&flag), "{flag} is not in {file}");
        }
        let examples = help.contains("Examples:");
        assert_eq!(page.contains(".SH \"EXAMPLES\""), examples, "{file}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{file}");
        }
        for section in ["EXIT STATUS", "SEE ALSO"] {
            let heading = format!(".SH \"{section}\"\n");
            assert_eq!(page.matches(&heading).count(), 1, "{section} in {file}");
        }
        assert!(!page.contains("__complete") && !page.contains("utils"));
    }
}

#[test]
#[ignore = "needs groff"]
fn groff_has_nothing_to_complain_of() {
    let bench = Bench::new();
    // What `man` asks for in terminals of 80 and of 120 columns.
    for (page, width) in pages(&bench)
        .iter()
        .flat_map(|page| [(page, "78n"), (page, "118n")])
    {
        let mut groff = bench.command_of("groff");
        groff.args(["-man", "-Tutf8", "-wall", &format!("-rLL={width}")]);
        let output = groff.arg(page).output().expect("groff runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(errors, "", "{} at {width}", page.display());
        assert!(output.status.success());
    }
}

#[test]
fn a_page_reads_like_this() {
    let bench = Bench::new();
    let pages = pages(&bench);
    let page = pages.iter().find(|path| path.ends_with("irsactl-man.1"));
    let page = std::fs::read_to_string(page.expect("a page")).expect("a page");
    assert_snapshot!(page, @r#"
    .TH "IRSACTL\-MAN" 1 "" "irsactl 0.1.0" "\&"
    .ad l
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .SH NAME
    irsactl\-man \- Write the manual pages, one a command
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .SH SYNOPSIS
    \fBirsactl man\fR [\fB\-h\fR|\fB\-\-help\fR] [\fB\-q\fR|\fB\-\-quiet\fR] [\fB\-v\fR|\fB\-\-verbose\fR]... [\fB\-C\fR|\fB\-\-color\fR] <\fIDIR\fR> 
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .SH DESCRIPTION
    Write the manual pages, one a command
    .ie \n(.g .ds Aq \(aq
    .el .ds Aq '
    .SH OPTIONS
    .TP
    \fB\-h\fR, \fB\-\-help\fR
    Print help
    .TP
    <\fIDIR\fR>
    Folder for the pages; it is made if it is missing
    .SH OUTPUT
    .TP
    \fB\-q\fR, \fB\-\-quiet\fR
    Print results and errors only
    .TP
    \fB\-v\fR, \fB\-\-verbose\fR
    Log more to stderr: \-v what is done, \-vv every call, \-vvv everything
    .TP
    \fB\-C\fR, \fB\-\-color\fR \fI<WHEN>\fR [default: auto]
    Colour the output
    .br

    .br
    \fIPossible values:\fR
    .RS 14
    .IP \(bu 2
    auto
    .IP \(bu 2
    always
    .IP \(bu 2
    never
    .RE
    .SH "EXAMPLES"
    .nf
    irsactl man ~/.local/share/man/man1
    man irsactl\-create\-iamserviceaccount
    .fi
    .SH "EXIT STATUS"
    .nf
    0    the asked state holds, or the plan was shown
    1    failed, wholly or in part
    2    bad flags or configuration
    3    there is something to do (\-\-detailed\-exitcode)
    4    no usable AWS credentials
    130  interrupted; 143 by SIGTERM, 129 by SIGHUP
    .fi
    .SH "SEE ALSO"
    \fBirsactl\fR(1)
    "#);
}

#[test]
fn pages_are_written_anew_each_time() {
    let bench = Bench::new();
    let first: Vec<_> = pages(&bench).iter().map(read).collect();
    assert_eq!(pages(&bench).iter().map(read).collect::<Vec<_>>(), first);
    assert!(first.iter().all(|page| page.is_ascii()));
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).expect("a page")
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let bench = Bench::new();
    bench.file("taken", "");
    assert_snapshot!(bench.run("man ~/taken"), @r#"
    [stderr]
    error: cannot write "~/taken": File exists (os error 17)
    [exit 1]
    "#);
    assert_snapshot!(bench.run("man ~/taken/below"), @r#"
    [stderr]
    error: cannot write "~/taken/below": Not a directory (os error 20)
    [exit 1]
    "#);
    std::fs::create_dir_all(bench.file("x", "").with_file_name("held/irsactl.1")).expect("it");
    assert_snapshot!(bench.run("man ~/held"), @r#"
    [stderr]
    error: cannot write "~/held/irsactl.1": Is a directory (os error 21)
    [exit 1]
    "#);
    assert_snapshot!(bench.run("man"), @"
    [stderr]
    error: the following required arguments were not provided:
      <DIR>

    Usage: irsactl man <DIR>

    For more information, try '--help'.
    [exit 2]
    ");
}

/// `man` finds a page in the folder of its section only.
#[test]
fn the_config_file_has_a_page_beside_those_of_the_commands() {
    let bench = Bench::new();
    let pages = pages(&bench);
    let page = pages
        .iter()
        .find(|path| path.ends_with("man5/irsactl-config.5"));
    let page = std::fs::read_to_string(page.expect("a page")).expect("a page");
    let page = page.replace("\\-", "-");
    let fields = bench.run("explain config -o name");
    let read = fields
        .lines()
        .filter_map(|line| line.strip_prefix("config."));
    let (told, silent): (Vec<&str>, Vec<&str>) =
        read.partition(|field| page.contains(&format!(".TP\n\\fB{field} (")));
    assert!(told.len() > 50, "{told:?}");
    assert!(silent.contains(&"addons") && !silent.contains(&"iam.serviceAccounts.roleName"));
    let create = pages
        .iter()
        .find(|path| path.ends_with("irsactl-create-iamserviceaccount.1"));
    let create = std::fs::read_to_string(create.expect("a page")).expect("a page");
    assert!(create.contains("\\fBirsactl\\-config\\fR(5)"));
    let flat = bench.file("pages/x", "").with_file_name("");
    let output = bench.command().arg("man").arg(&flat).output();
    assert!(output.expect("irsactl runs").status.success());
    assert!(flat.join("irsactl-config.5").is_file() && flat.join("irsactl.1").is_file());
}
