//! Arguments as people type them: a value that begins with a minus, such as `--lame-duck -1s`, is a value.
//!
//! clap takes it for a flag, and refuses it without a word of the setting. Configured otherwise for a setting, it would
//! take the next setting's flag for a value where one was forgotten.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The arguments with each such value joined to the flag before it, as `--lame-duck=-1s`.
pub(super) fn joined(cli: &Command, arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut are_flags_over = false;
    for argument in arguments {
        are_flags_over |= argument == "--";
        match joined.last_mut() {
            Some(flag) if !are_flags_over && looks_like_a_value(&argument) && takes_a_value(cli, flag) => {
                flag.push("=");
                flag.push(argument);
            }
            Some(_) | None => joined.push(argument),
        }
    }
    joined
}

/// Whether it begins with one minus, and is none of the flags of one letter that every command has. A minus alone is taken for a
/// value by clap too.
fn looks_like_a_value(argument: &OsStr) -> bool {
    match argument.as_encoded_bytes() {
        [b'-', second, ..] => *second != b'-' && ![OsStr::new("-h"), OsStr::new("-V")].contains(&argument),
        _ => false,
    }
}

fn takes_a_value(cli: &Command, flag: &OsStr) -> bool {
    let Some(name) = flag.to_str().and_then(|flag| flag.strip_prefix("--")) else { return false };
    let takes = |arg: &Arg| arg.get_long() == Some(name) && arg.get_action().takes_values();
    let mut commands = cli.get_subcommands().chain([cli]);
    commands.any(|command| command.get_arguments().any(takes))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Program;

    #[test]
    fn a_value_that_begins_with_a_minus_is_joined_to_its_flag() {
        for (given, meant) in [
            ("serve --lame-duck -1s --sample", "serve --lame-duck=-1s --sample"),
            ("serve --lame-duck=-1s -2s", "serve --lame-duck=-1s -2s"),
            ("serve --log-level -debug", "serve --log-level=-debug"),
            ("export --output -", "export --output -"),
            // One that was forgotten is not the next flag.
            ("serve --tls-cert --tls-key x", "serve --tls-cert --tls-key x"),
            ("serve --lame-duck -h", "serve --lame-duck -h"),
            ("serve --insecure -1", "serve --insecure -1"),
            ("serve --nothing -1", "serve --nothing -1"),
            ("backup -- --output -1", "backup -- --output -1"),
        ] {
            let given = given.split(' ').map(OsString::from);
            assert_eq!(joined(&Program::command(), given).join(OsStr::new(" ")), meant);
        }
    }
}
