//! Any question, as the command reads it, of any files: no panic, and the answer is what a look at every line gives.
#![no_main]

use clap::Parser;
use libfuzzer_sys::fuzz_target;
use tracing_audit::{Export, Format, Order, Query, Record};
use tracing_audit_fuzz::Laid;

#[allow(dead_code, reason = "the target asks for the question alone")]
#[path = "../../src/bin/tracing-audit/page.rs"]
mod page;
#[allow(dead_code, reason = "the target asks for the question alone")]
#[path = "../../src/bin/tracing-audit/question.rs"]
mod question;
#[allow(dead_code, reason = "the target asks for the question alone")]
#[path = "../../src/bin/tracing-audit/when.rs"]
mod when;

/// What `tracing-audit query` takes, its output apart.
#[derive(Debug, Parser)]
struct Asked {
    #[command(flatten)]
    question: question::Question,
    #[command(flatten)]
    page: page::Page,
}

fn lines(query: &Query, laid: &Laid) -> Vec<(u64, String)> {
    let found = query.entries(&laid.dir).expect("it could be read before").lines();
    let lines = found.flatten().map(|line| {
        let record: Record = line.parse().expect("what a query gives is a record");
        assert!(query.matches(&record), "{query:?} gives {line}");
        (record.seq(), line)
    });
    lines.collect()
}

/// Whether a line is spelled as a trail spells it, the order within its values apart: only then a query promises to find it.
fn is_spelled(line: &str) -> bool {
    let record: Record = line.parse().expect("a record");
    let mut spelled = Vec::new();
    Export::new(Format::JsonLines)
        .write([Ok(record)], &mut spelled)
        .expect("a vector takes everything");
    let (content, _) = line.rsplit_once(",\"tag\":").expect("a record has a tag");
    let sorted = |text: &[u8]| {
        let mut bytes = text.to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(format!("{content}}}\n").as_bytes()) == sorted(&spelled)
}

/// The words of a line, and what else is there.
fn split(data: &[u8]) -> (Vec<String>, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (text, rest) = data.split_at(end);
    let text = String::from_utf8_lossy(text);
    let words = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
    (words.collect(), rest.get(1..).unwrap_or_default())
}

fuzz_target!(|data: &[u8]| {
    let (words, rest) = split(data);
    let laid = Laid::new(rest);
    let dir = laid.dir.to_str().expect("it is ASCII").to_owned();
    let asked = match Asked::try_parse_from(["query".to_owned(), dir].into_iter().chain(words)) {
        Ok(asked) => asked,
        Err(error) => return drop(error.to_string()),
    };
    // An end before the begin, or a cursor of the other order, is said and nothing is asked.
    let Ok(conditions) = asked.question.conditions.query() else {
        return;
    };
    let Ok(part) = asked.page.of(conditions.clone()) else {
        return;
    };
    let Ok(everything) = Query::new().order(Order::Oldest).unlimited().entries(&laid.dir) else {
        assert!(part.entries(&laid.dir).is_err());
        return;
    };
    let mut whole = true;
    let everything: Vec<String> = everything
        .lines()
        .filter_map(|line| line.map_err(|_| whole = false).ok())
        .collect();
    let oldest = lines(&conditions.clone().order(Order::Oldest).unlimited(), &laid);
    let newest = lines(&conditions.clone().order(Order::Newest).unlimited(), &laid);
    assert!(oldest.windows(2).all(|pair| pair[0].0 < pair[1].0), "{oldest:?}");
    assert!(newest.windows(2).all(|pair| pair[0].0 > pair[1].0), "{newest:?}");
    // Among lines that are out of place it depends on where one comes from which of them are in it.
    if whole {
        assert!(
            oldest.iter().eq(newest.iter().rev()),
            "{conditions:?}: {oldest:?}\n{newest:?}"
        );
        for line in oldest.iter().map(|(_, line)| line) {
            assert!(
                everything.contains(line),
                "{conditions:?} gives what nobody has: {line}"
            );
        }
        for line in everything.iter().filter(|line| is_spelled(line)) {
            let record: Record = line.parse().expect("what a query gives is a record");
            let found = oldest.iter().any(|(_, found)| found == line);
            assert_eq!(found, conditions.matches(&record), "{conditions:?}: {line}");
        }
    }
    // Pages of any size come to all of it.
    let page = lines(&part, &laid);
    assert!(!whole || page.iter().all(|line| oldest.contains(line)), "{part:?}");
    let (mut paged, mut turn) = (Vec::new(), conditions.clone().order(Order::Oldest).limit(3));
    loop {
        let mut answer = turn.entries(&laid.dir).expect("it could be read before").lines();
        let lines: Vec<String> = answer.by_ref().flatten().collect();
        paged.extend(lines);
        match answer.next_page() {
            Some(cursor) => turn = turn.cursor(cursor),
            None => break,
        }
    }
    let oldest: Vec<String> = oldest.into_iter().map(|(_, line)| line).collect();
    assert!(!whole || paged == oldest, "{conditions:?}: {paged:?}\n{oldest:?}");
});
