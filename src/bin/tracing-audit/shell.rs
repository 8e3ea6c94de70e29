//! What a shell and `man` want to know of the command.

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::Cli;
use crate::out::Failure;

/// Print the completions of a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page.
#[derive(Debug, Args)]
pub(crate) struct Manual {}

pub(crate) fn completions(arguments: &Completions) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "tracing-audit", &mut text);
    print(&text)
}

/// One page, with every command of it as a section.
pub(crate) fn manual(_: &Manual) -> Result<u8, Failure> {
    let mut text = Vec::new();
    let render = |text: &mut Vec<u8>| -> io::Result<()> {
        let command = Cli::command();
        let page = clap_mangen::Man::new(command.clone());
        page.render(text)?;
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            writeln!(text, ".SH {}", sub.get_name().to_uppercase())?;
            let page = clap_mangen::Man::new(sub.clone());
            page.render_description_section(text)?;
            page.render_options_section(text)?;
        }
        Ok(())
    };
    render(&mut text).map_err(Failure::Output)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text)
        .and_then(|()| out.flush())
        .map_err(Failure::of_write(0))?;
    Ok(0)
}
