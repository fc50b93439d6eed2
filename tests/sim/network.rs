//! The way to the service and back: what of a request arrives, what of its answer, and how the
//! exchange ends for the client.

use crate::chance::Chance;
use crate::fault::{ANSWERS, Fault};
use crate::meaning::Meaning;
use crate::service::{Answer, Call, Service};
use issue_bulk::verdict::Failure;

/// How an exchange ends for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Complete,
    Fails(Failure),
    /// Nothing more ever comes.
    Silence,
}

/// Everything of one exchange that reaches the client.
#[derive(Debug)]
pub struct Reply {
    /// `None` where not even a head comes back. Its body is as much as arrives.
    pub answer: Option<Answer>,
    pub ending: Ending,
    /// What it proves, once all of it has been read.
    pub meaning: Meaning,
    /// The request is processed when nobody expects it any more.
    pub processed_late: bool,
}

impl Reply {
    fn nothing(ending: Ending, meaning: Meaning) -> Self {
        Self { answer: None, ending, meaning, processed_late: false }
    }

    fn whole(mut answer: Answer) -> Self {
        let meaning = core::mem::replace(&mut answer.meaning, Meaning::Ambiguous);
        Self { answer: Some(answer), ending: Ending::Complete, meaning, processed_late: false }
    }

    /// The answer breaks off. A 200 may do so after its very last byte, for nothing says that it
    /// was the last; other bodies are cut before it.
    fn broken_off(answer: Answer, ending: Ending, chance: &mut Chance) -> Self {
        let status = answer.status;
        let mut reply = Self { ending, ..Self::whole(answer) };
        let mut shows_page = false;
        if let Some(answer) = &mut reply.answer {
            let len = answer.body.len();
            let whole = status == 200 && chance.percent(15);
            answer.body.truncate(if whole { len } else { chance.place(len.max(1)) });
            // A page is known by its first character; the rest of it is not waited for.
            shows_page = reply.meaning == Meaning::Elsewhere && answer.body.contains(&b'<');
        }
        if !shows_page {
            reply.meaning = reply.meaning.when_cut(Some(status));
        }
        reply
    }
}

/// Carries one request to the service and what it says back.
pub fn carry(
    service: &mut Service,
    call: &Call,
    fault: Option<Fault>,
    chance: &mut Chance,
) -> Reply {
    let lost = Ending::Fails(Failure::Network(None));
    match fault {
        Some(Fault::Refused) => {
            Reply::nothing(Ending::Fails(Failure::NotSent(None)), Meaning::NotReached)
        }
        Some(Fault::LostBefore) => Reply::nothing(lost, Meaning::Ambiguous),
        Some(Fault::SilentBefore) => Reply::nothing(Ending::Silence, Meaning::Ambiguous),
        Some(Fault::LostAfter | Fault::SilentAfter) => {
            let _unseen = service.answer(call, inner(chance), chance);
            let silent = fault == Some(Fault::SilentAfter);
            Reply::nothing(if silent { Ending::Silence } else { lost }, Meaning::Ambiguous)
        }
        Some(Fault::Late) => {
            let ending = if chance.coin() { Ending::Silence } else { lost };
            Reply { processed_late: true, ..Reply::nothing(ending, Meaning::Ambiguous) }
        }
        Some(Fault::Twice) => {
            service.double(&call.ids);
            let _unseen = service.answer(call, inner(chance), chance);
            Reply::whole(service.answer(call, inner(chance), chance))
        }
        Some(Fault::Cut | Fault::Stall) => {
            let answer = service.answer(call, inner(chance), chance);
            let ending = if fault == Some(Fault::Cut) { lost } else { Ending::Silence };
            Reply::broken_off(answer, ending, chance)
        }
        fault => Reply::whole(service.answer(call, fault, chance)),
    }
}

/// A fault of the network may meet any answer.
fn inner(chance: &mut Chance) -> Option<Fault> {
    chance.percent(30).then(|| chance.pick(&ANSWERS))
}
