//! The channels of a trail, each on a thread of its own.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::pauses::Pauses;
use super::{Alert, AlertChange, Channel};
use crate::guard::drop_guarded;
use crate::status::{ChannelStatus, complain};
use crate::sync::{self, Condvar, Home, Instant, Mutex, end, lock};

/// Pieces of news that wait for one channel, at most.
const WAITING: usize = 10_000;

/// A channel that has not returned for so long does not work.
const HANGS: Duration = Duration::from_secs(30);

/// Bytes of an error kept.
const SAID: usize = 500;

#[derive(Debug)]
pub(super) struct Outlets(Vec<Outlet>);

#[derive(Debug)]
struct Outlet {
    name: String,
    every: Option<Duration>,
    shared: Arc<Shared>,
    home: Home,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

struct State {
    /// Until its thread has begun.
    channel: Option<Box<dyn Channel>>,
    waiting: VecDeque<(AlertChange, Alert)>,
    /// Since when the channel has had one, while the thread gives it to it.
    in_hand: Option<Instant>,
    over: bool,
    repeat_at: Instant,
    status: ChannelStatus,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Outlets {
    pub(super) fn new(channels: Vec<Box<dyn Channel>>) -> Outlets {
        let outlet = |channel: Box<dyn Channel>| {
            let name: String = channel.name().chars().take(64).collect();
            Outlet {
                every: channel.repeat_every().map(|every| every.max(Duration::from_secs(1))),
                shared: Arc::new(Shared {
                    state: Mutex::new(State {
                        channel: Some(channel),
                        waiting: VecDeque::new(),
                        in_hand: None,
                        over: false,
                        repeat_at: Instant::now(),
                        status: ChannelStatus {
                            name: name.clone(),
                            delivered: 0,
                            failed: 0,
                            waiting: 0,
                            failing_since: None,
                            last_error: None,
                        },
                    }),
                    bell: Condvar::new(),
                }),
                home: Home::here(),
                name,
            }
        };
        Outlets(channels.into_iter().map(outlet).collect())
    }

    /// Hands a change to all channels, and waits for none.
    pub(super) fn tell(&self, change: AlertChange, alert: &Alert) {
        self.0.iter().for_each(|outlet| outlet.tell(change, alert));
    }

    /// When a channel wants to hear of open alerts again.
    pub(super) fn repeat_at(&self) -> Option<Instant> {
        let wanting = self.0.iter().filter(|outlet| outlet.every.is_some());
        wanting.map(|outlet| outlet.shared.state.lock().repeat_at).min()
    }

    /// Tells those channels that it is time for of all these.
    pub(super) fn repeat(&self, alerts: &[Alert]) {
        let now = Instant::now();
        for outlet in &self.0 {
            let Some(every) = outlet.every else { continue };
            {
                let mut state = outlet.shared.state.lock();
                if state.repeat_at > now {
                    continue;
                }
                state.repeat_at = end(now, every);
            }
            alerts.iter().for_each(|alert| outlet.tell(AlertChange::Open, alert));
        }
    }

    pub(super) fn status(&self) -> Vec<ChannelStatus> {
        let of = |outlet: &Outlet| {
            let state = lock(&outlet.shared.state, outlet.home)?;
            let mut status = state.status.clone();
            status.waiting = state.waiting.len() + usize::from(state.in_hand.is_some());
            let hangs = state
                .in_hand
                .map(|since| since.elapsed())
                .filter(|since| *since > HANGS);
            if let (Some(since), None) = (hangs, status.failing_since) {
                status.failing_since = SystemTime::now().checked_sub(since);
                status.last_error = Some(format!("it has not returned for {} s", since.as_secs()));
            }
            Some(status)
        };
        self.0.iter().filter_map(of).collect()
    }

    /// Waits a moment for what is still to be delivered; a channel that does not work holds up nobody.
    pub(super) fn end(&self, patience: Duration, over: bool) {
        let until = end(Instant::now(), patience);
        for outlet in &self.0 {
            let mut state = outlet.shared.state.lock();
            while (!state.waiting.is_empty() || state.in_hand.is_some()) && state.status.failing_since.is_none() {
                if outlet.shared.bell.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
            state.over |= over;
            drop(state);
            outlet.shared.bell.notify_all();
        }
    }
}

impl Outlet {
    fn tell(&self, change: AlertChange, alert: &Alert) {
        let mut state = self.shared.state.lock();
        if state.over {
            return;
        }
        let news = matches!(
            change,
            AlertChange::Counted | AlertChange::Escalated | AlertChange::Open
        );
        let same = |(_, known): &&mut (AlertChange, Alert)| known.id == alert.id;
        if let Some((_, known)) = state.waiting.iter_mut().rev().find(same).filter(|_| news) {
            // What waits is said as it is by now.
            known.clone_from(alert);
            return;
        }
        if state.waiting.len() >= WAITING {
            state.status.failed += 1;
            // Whoever can make many small ones must not keep the grave ones out: the oldest of the least grave goes.
            let least = state.waiting.iter().map(|(_, alert)| alert.priority).min();
            match state
                .waiting
                .iter()
                .position(|(_, waiting)| Some(waiting.priority) == least)
            {
                Some(at) if least < Some(alert.priority) => drop(state.waiting.remove(at)),
                _ => return,
            }
        }
        state.waiting.push_back((change, alert.clone()));
        let channel = state.channel.take();
        drop(state);
        self.shared.bell.notify_all();
        if let Some(channel) = channel {
            let (shared, name) = (Arc::clone(&self.shared), self.name.clone());
            let began = sync::spawn_free("audit-channel", move || shared.work(channel, &name));
            if let Err(error) = began {
                let mut state = self.shared.state.lock();
                state.over = true;
                state.status.failing_since = Some(SystemTime::now());
                state.status.last_error = Some(format!("cannot start its thread: {error}"));
            }
        }
    }
}

impl Shared {
    fn work(&self, mut channel: Box<dyn Channel>, name: &str) {
        let mut pauses = Pauses::by_chance();
        let mut state = self.state.lock();
        loop {
            let Some((change, alert)) = state.waiting.pop_front() else {
                if state.over {
                    break;
                }
                self.bell.wait(&mut state);
                continue;
            };
            state.in_hand = Some(Instant::now());
            drop(state);
            let took = catch_unwind(AssertUnwindSafe(|| channel.deliver(change, &alert)));
            state = self.state.lock();
            state.in_hand = None;
            let (error, again) = match took {
                Ok(Ok(())) => {
                    pauses.restart();
                    state.status.delivered += 1;
                    if state.status.failing_since.take().is_some() {
                        complain(&format_args!("the alert channel {name} works again"));
                    }
                    self.bell.notify_all();
                    continue;
                }
                Ok(Err(error)) => {
                    use io::ErrorKind::{InvalidData, InvalidInput, Unsupported};
                    let never = matches!(error.kind(), InvalidInput | InvalidData | Unsupported);
                    (error.to_string(), !never)
                }
                Err(panic) => {
                    drop(state);
                    drop_guarded(panic);
                    state = self.state.lock();
                    ("it panicked".to_owned(), false)
                }
            };
            let said: String = error.chars().take(SAID).collect();
            state.status.last_error = Some(said.clone());
            if !again {
                state.status.failed += 1;
                complain(&format_args!("the alert channel {name} did not take an alert: {said}"));
                self.bell.notify_all();
                continue;
            }
            if state.status.failing_since.is_none() {
                state.status.failing_since = Some(SystemTime::now());
                complain(&format_args!(
                    "the alert channel {name} fails: {said}; alerts wait for it"
                ));
            }
            // In front, unless it is of no use by now.
            let later = state.waiting.iter().any(|(_, waiting)| waiting.id == alert.id);
            let stale = matches!(
                change,
                AlertChange::Counted | AlertChange::Escalated | AlertChange::Open
            ) && later;
            if !stale {
                state.waiting.push_front((change, alert));
            }
            self.bell.notify_all();
            if state.over {
                break;
            }
            let until = end(Instant::now(), pauses.next());
            while !state.over && !self.bell.wait_until(&mut state, until).timed_out() {}
        }
        drop(state);
        drop_guarded(channel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::alerts::AlertStatus;
    use crate::detect::{AlertType, Priority};

    fn alert(id: &str, count: u64) -> Alert {
        Alert {
            id: id.to_owned(),
            rule: "rule".to_owned(),
            kind: AlertType::Custom,
            priority: Priority::High,
            key: String::new(),
            key_kind: String::new(),
            message: String::new(),
            context: Default::default(),
            raised: SystemTime::UNIX_EPOCH,
            first: SystemTime::UNIX_EPOCH,
            last: SystemTime::UNIX_EPOCH,
            count,
            status: AlertStatus::Active,
            acknowledged: None,
            resolved: None,
        }
    }

    /// Answers as the test says, one call after another.
    struct Scripted {
        answers: mpsc::Receiver<io::Result<()>>,
        seen: mpsc::Sender<(AlertChange, String, u64)>,
    }

    impl Channel for Scripted {
        fn name(&self) -> &str {
            "scripted"
        }

        fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()> {
            let _ = self.seen.send((change, alert.id.clone(), alert.count));
            self.answers.recv().unwrap_or(Ok(()))
        }
    }

    #[test]
    fn what_a_channel_refuses_is_tried_again_and_what_waits_is_said_as_it_is_by_then() {
        let (answer, answers) = mpsc::channel();
        let (seen, calls) = mpsc::channel();
        let outlets = Outlets::new(vec![Box::new(Scripted { answers, seen })]);
        outlets.tell(AlertChange::Raised, &alert("1-1", 1));
        assert_eq!(calls.recv().unwrap(), (AlertChange::Raised, "1-1".to_owned(), 1));
        outlets.tell(AlertChange::Raised, &alert("1-2", 1));
        for count in [2, 4, 8] {
            outlets.tell(AlertChange::Counted, &alert("1-2", count));
        }
        outlets.tell(AlertChange::Resolved, &alert("1-2", 8));
        answer.send(Err(io::ErrorKind::ConnectionRefused.into())).unwrap();
        assert_eq!(calls.recv().unwrap(), (AlertChange::Raised, "1-1".to_owned(), 1));
        let status = outlets.status().remove(0);
        assert!(status.failing_since.is_some() && status.waiting == 3, "{status:?}");
        answer.send(Ok(())).unwrap();
        assert_eq!(calls.recv().unwrap(), (AlertChange::Raised, "1-2".to_owned(), 8));
        answer.send(Err(io::ErrorKind::InvalidInput.into())).unwrap();
        assert_eq!(calls.recv().unwrap(), (AlertChange::Resolved, "1-2".to_owned(), 8));
        answer.send(Ok(())).unwrap();
        outlets.end(Duration::from_secs(10), true);
        let status = outlets.status().remove(0);
        assert_eq!((status.delivered, status.failed, status.waiting), (2, 1, 0));
        assert_eq!(status.failing_since, None);
    }

    #[test]
    fn a_channel_that_never_returns_holds_up_nobody_and_one_that_panics_goes_on() {
        let (_hold, never) = mpsc::channel();
        let (seen, calls) = mpsc::channel();
        let hangs = Scripted {
            answers: never,
            seen: seen.clone(),
        };
        struct Panics(mpsc::Sender<(AlertChange, String, u64)>);
        impl Channel for Panics {
            fn name(&self) -> &str {
                "panics"
            }
            fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()> {
                let _ = self.0.send((change, alert.id.clone(), alert.count));
                assert_ne!(alert.id, "1-1", "as planned");
                Ok(())
            }
        }
        let outlets = Outlets::new(vec![Box::new(hangs), Box::new(Panics(seen))]);
        for id in ["1-1", "1-2"] {
            outlets.tell(AlertChange::Raised, &alert(id, 1));
        }
        let mut seen: Vec<String> = (0..3).map(|_| calls.recv().unwrap().1).collect();
        seen.sort();
        assert_eq!(seen, ["1-1", "1-1", "1-2"]);
        outlets.end(Duration::from_millis(50), true);
        let [hangs, panics] = outlets.status().try_into().unwrap();
        assert_eq!((hangs.delivered, hangs.waiting), (0, 2));
        assert_eq!((panics.delivered, panics.failed), (1, 1));
    }
}
