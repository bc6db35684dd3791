//! Manual pages: one a command, from the same words as its help, and those of files.

use std::fmt::Write as _;

use clap::Command;
use clap_mangen::Man;

/// What irsactl reads of the environment, for the main page and docs/environment.md.
const ENVIRONMENT: [(&str, &str); 10] = [
    (
        "AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, …",
        "As for every AWS SDK; `--profile` outranks the keys of the environment. What is empty counts as unset, here and in the profile; \
         a value that cannot be used is refused by its name before the first call.",
    ),
    (
        "AWS_RETRY_MODE, AWS_MAX_ATTEMPTS",
        "Replace irsactl's own retries (standard, 10 attempts); `legacy` is taken as `standard`.",
    ),
    (
        "AWS_CA_BUNDLE",
        "The certificate authorities for AWS, in place of the system's.",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "The system's certificate authorities.",
    ),
    (
        "HTTPS_PROXY, NO_PROXY, ALL_PROXY",
        "For every connection (AWS, issuer, Kubernetes), as eksctl and kubectl take them; what is no URL is refused. \
         A kubeconfig's `proxy-url` outranks them.",
    ),
    (
        "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN",
        "What `whoami` reads, as pods have it; also a source of credentials of every AWS SDK.",
    ),
    (
        "KUBECONFIG",
        "Used only with `--context`, or `--issuer-url` (clusters that are not EKS).",
    ),
    (
        "VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, VAULT_CACERT, VAULT_TLS_SERVER_NAME, …",
        "Of `migrate to-irsa --from vault`, as for Vault's own command; without VAULT_TOKEN the token of `~/.vault-token`.",
    ),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE",
        "Colour; `--color` outranks them.",
    ),
    (
        "IRSACTL_LOG",
        "Log filter, as `irsactl=debug`; `-v`, `-vv` and `-vvv` are shorthands.",
    ),
];

/// A page: the name of its file, and its text in roff.
#[derive(Debug)]
pub struct Page {
    pub file: String,
    /// 1 for commands, 5 for files.
    pub section: u8,
    pub text: String,
}

/// A file that a program reads.
#[derive(Debug)]
pub struct FileFormat {
    /// Name of its page.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    pub description: String,
    /// Each with what it means, a line of either.
    pub fields: Vec<(String, Vec<String>)>,
    /// A file that is right.
    pub example: &'static str,
}

impl FileFormat {
    /// In the section for files.
    fn page(&self, program: &Command) -> Page {
        let (name, about) = (escaped(&self.name), escaped(&self.about));
        let mut text = title(program, &self.name, 5);
        let _ = writeln!(text, ".SH NAME\n{name} \\- {about}");
        let _ = writeln!(text, ".SH DESCRIPTION\n{}", escaped(&self.description));
        text += ".SH FIELDS\n";
        for (field, lines) in &self.fields {
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            let lines = lines.join("\n.br\n");
            let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{lines}", escaped(field));
        }
        text += &as_it_is("EXAMPLES", self.example);
        let _ = writeln!(text, ".SH \"SEE ALSO\"\n\\fB{}\\fR(1)", program.get_name());
        Page {
            file: format!("{}.5", self.name),
            section: 5,
            text: in_ascii(&text),
        }
    }
}

/// The pages of a program, of all its commands that are not hidden, and of its files.
///
/// # Errors
/// None that can happen: they are written to memory.
pub fn pages(mut program: Command, files: &[FileFormat]) -> std::io::Result<Vec<Page>> {
    program.build();
    let mut commands = Vec::new();
    collect(&program, &mut commands);
    let names: Vec<&str> = commands.iter().map(|command| name(command)).collect();
    let commands = commands.iter();
    let mut pages = commands
        .map(|command| page(&program, command, &names, files))
        .collect::<Result<Vec<_>, _>>()?;
    pages.extend(files.iter().map(|file| file.page(&program)));
    Ok(pages)
}

fn collect<'a>(command: &'a Command, all: &mut Vec<&'a Command>) {
    all.push(command);
    let below = command.get_subcommands();
    for command in below.filter(|command| !command.is_hide_set()) {
        collect(command, all);
    }
}

/// `irsactl-create-iamserviceaccount`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn page(
    program: &Command,
    command: &Command,
    names: &[&str],
    files: &[FileFormat],
) -> std::io::Result<Page> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let mut below = command.get_subcommands();
    if below.any(|command| !command.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    let mut text = title(program, name(command), 1) + &String::from_utf8_lossy(&text);
    text += &sections(command, program);
    if name(command) == name(program) {
        text += &environment();
    }
    let reads_files = command
        .get_arguments()
        .any(|arg| arg.get_id() == "config_file");
    let is_about_files = reads_files || name(command) == name(program);
    let files = if is_about_files { files } else { &[] };
    text += &see_also(name(command), names, files);
    let file = man.get_filename();
    Ok(Page {
        file,
        section: 1,
        text: in_ascii(&text),
    })
}

/// Nothing stands in the middle of the first line, where long names meet; and no date, so that the
/// same program writes the same pages. The right margin is ragged: a line with a long path or flag
/// beside little else cannot be stretched.
fn title(program: &Command, name: &str, section: u8) -> String {
    let version = program.get_version().unwrap_or_default();
    format!(
        ".TH \"{}\" {section} \"\" \"{} {version}\" \"\\&\"\n.ad l\n",
        escaped(&name.to_uppercase()),
        program.get_name(),
    )
}

/// Other letters by their numbers, which every roff reads.
fn in_ascii(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        '…' => "...".to_owned(),
        letter if letter.is_ascii() => letter.to_string(),
        letter => format!("\\[u{:04X}]", u32::from(letter)),
    });
    letters.collect()
}

/// The sections of the end of a help: paragraphs with a title and a colon before them.
fn help_sections(command: &Command) -> Vec<(String, String)> {
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let paragraphs = help.split("\n\n");
    paragraphs
        .filter_map(|paragraph| {
            let (title, lines) = paragraph.split_once(":\n")?;
            Some((title.to_uppercase(), lines.to_owned()))
        })
        .collect()
}

/// The command's own, and the exit status of the whole program where it has none.
fn sections(command: &Command, program: &Command) -> String {
    let is_status = |(title, _): &(String, String)| title == "EXIT STATUS";
    let mut sections = help_sections(command);
    if !sections.iter().any(is_status) {
        sections.extend(help_sections(program).into_iter().find(is_status));
    }
    let sections = sections.iter();
    sections
        .map(|(title, lines)| as_it_is(title, lines))
        .collect()
}

/// Lines that are not filled.
fn as_it_is(title: &str, lines: &str) -> String {
    let mut text = format!(".SH \"{title}\"\n.nf\n");
    for line in lines.lines() {
        let line = line.strip_prefix("  ").unwrap_or(line);
        let _ = writeln!(text, "{}", escaped(line));
    }
    text + ".fi\n"
}

fn environment() -> String {
    let mut text = ".SH ENVIRONMENT\n".to_owned();
    for (names, effect) in ENVIRONMENT {
        let effect = escaped(&effect.replace('`', ""));
        let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{effect}", escaped(names));
    }
    text
}

/// The commands above, those right below, those on the same thing, and the files.
fn see_also(own: &str, names: &[&str], files: &[FileFormat]) -> String {
    let noun = own.rsplit('-').next().unwrap_or(own);
    let related = |other: &&&str| {
        let above = own
            .strip_prefix(**other)
            .is_some_and(|rest| rest.starts_with('-'));
        let below = other
            .strip_prefix(own)
            .is_some_and(|rest| rest.starts_with('-'));
        above || below || **other != own && other.ends_with(&format!("-{noun}"))
    };
    let commands = names.iter().filter(related).map(|name| (*name, 1));
    let files = files.iter().map(|file| (file.name.as_str(), 5));
    let pages = commands.chain(files);
    let pages: Vec<String> = pages
        .map(|(name, section)| format!("\\fB{}\\fR({section})", escaped(name)))
        .collect();
    format!(".SH \"SEE ALSO\"\n{}\n", pages.join(",\n"))
}

/// A line in which roff finds nothing to obey.
fn escaped(line: &str) -> String {
    let line = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    if line.starts_with(['.', ' ']) {
        format!("\\&{line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_same_environment() {
        let rows = ENVIRONMENT.map(|(names, effect)| {
            let names = names.replace(", ", "`, `").replace("`…", "…");
            let end = if names.ends_with('…') { "" } else { "`" };
            format!("| `{names}{end} | {effect} |\n")
        });
        let table = format!("| Variable | Effect |\n|---|---|\n{}", rows.concat());
        let wanted = format!("<!-- environment: begin -->\n{table}<!-- environment: end -->\n");
        let page = include_str!("../docs/environment.md");
        assert!(
            page.contains(&wanted),
            "docs/environment.md is to have\n{wanted}"
        );
    }
}
