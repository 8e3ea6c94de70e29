//! Checks, shows and proves audit trails, erases records of them, holds their files, and tells of their keys.

mod alerts;
mod asked;
mod bar;
mod config;
mod demo;
mod erase;
mod events;
mod export;
mod hold;
mod key;
mod lines;
mod near;
mod notable;
mod nothing;
mod open;
mod out;
mod page;
mod place;
mod prove;
mod query;
mod question;
mod row;
mod shell;
mod stats;
mod summary;
mod table;
mod tail;
mod value;
mod verify;
mod when;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::out::Failure;

/// Check, show and prove the audit trails that tracing-audit writes
#[derive(Debug, Parser)]
#[command(name = "tracing-audit", version, max_term_width = 100, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Exit codes: 0 consistent or done, 1 tampered or damaged, 2 open or torn end, or not to be proven, 3 unknown key, \
4 cannot read or refused, 64 wrong usage. A question with conditions passes over damaged lines that do not have what it \
looks for, and may end with 0 where verify, or the question without them, ends with 1. Colours only on a terminal, and \
never with NO_COLOR set.";

/// Of those that take conditions.
const CONDITIONS: &str = "\
Lines that cannot meet the conditions are passed over unread, also damaged ones: without conditions, and with verify, \
damage is found wherever it is.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every byte of a trail against the rest of it and against its state file
    Verify(verify::Arguments),
    /// Make a proof or an evidence bundle of a signed trail, which anybody with its public key line can check
    Prove(prove::Arguments),
    /// Show the newest records, and with -f those that come
    Tail(tail::Arguments),
    /// Show the records that meet conditions
    #[command(after_help = CONDITIONS)]
    Query(query::Arguments),
    /// Count records by type, severity, outcome, user, address and route
    #[command(after_help = CONDITIONS)]
    Stats(stats::Arguments),
    /// Show what one user did
    #[command(after_help = CONDITIONS)]
    User(stats::User),
    /// Show sessions, the newest first
    #[command(after_help = CONDITIONS)]
    Sessions(stats::OfSessions),
    /// Show what rules flagged, and what is suspicious by itself
    #[command(after_help = CONDITIONS)]
    Suspicious(notable::Arguments),
    /// Show the alerts that rules raised, and what became of them
    Alerts(alerts::Arguments),
    /// Show what administrators did
    #[command(after_help = CONDITIONS)]
    Admin(notable::Arguments),
    /// Show what each day came to, and with --write keep that beside the files
    Summary(summary::Arguments),
    /// Write records as CSV, JSON, ECS, OCSF, CEF or syslog
    #[command(after_help = CONDITIONS)]
    Export(export::Arguments),
    /// Show the settings under which a trail was last written, and where each came from
    Config(config::Arguments),
    /// Erase records of a stopped trail: their hashes stay, and what they prove
    Erase(erase::Arguments),
    /// Put a stopped trail or a file of it under legal hold, or end that: retention removes nothing of it
    Hold(hold::Arguments),
    /// Show which keys a trail has, or give a stopped one another; shows no secret
    Key(key::Arguments),
    /// Show the types of events, and what each means
    Events(events::Arguments),
    /// Make a trail of a service that does not exist, to try the other commands on
    Demo(demo::Arguments),
    /// Print the completions of a shell
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Manual),
}

/// `sysexits.h`: the verdicts of `verify` have 1 to 4.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            out::print(&error);
            return ExitCode::from(if asked { 0 } else { USAGE });
        }
    };
    let done = match cli.command {
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Prove(arguments) => prove::run(&arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Stats(arguments) => stats::run(&arguments),
        Command::User(arguments) => stats::user(&arguments),
        Command::Sessions(arguments) => stats::sessions(&arguments),
        Command::Suspicious(arguments) => notable::suspicious(&arguments),
        Command::Alerts(arguments) => alerts::run(&arguments),
        Command::Admin(arguments) => notable::admin(&arguments),
        Command::Summary(arguments) => summary::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Erase(arguments) => erase::run(&arguments),
        Command::Hold(arguments) => hold::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
        Command::Events(arguments) => events::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments),
        Command::Man(arguments) => shell::manual(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Closed(code)) => ExitCode::from(code),
        Err(Failure::Trail(error)) => {
            out::complain(&error);
            ExitCode::from(4)
        }
        Err(Failure::Usage(said)) => {
            out::complain(&said);
            ExitCode::from(USAGE)
        }
        Err(Failure::Running(said)) => {
            out::complain(&said);
            ExitCode::from(4)
        }
        Err(Failure::File(path, error)) => {
            out::complain(&format_args!("cannot read {}: {error}", path.display()));
            ExitCode::from(4)
        }
        Err(Failure::Written(path, error)) => {
            out::complain(&format_args!("cannot write {}: {error}", path.display()));
            ExitCode::from(4)
        }
        Err(Failure::Output(error)) => {
            out::complain(&format_args!("cannot write the output: {error}"));
            ExitCode::from(4)
        }
    }
}
