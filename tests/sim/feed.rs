//! What reaches the client of an exchange, piece by piece, as a driver passes it on.

use crate::meaning::Meaning;
use crate::network::Ending;
use crate::rule::{Checked, Rule};
use crate::trace::Event;
use crate::world::{Happening, World};
use issue_bulk::response::Flow;
use issue_bulk::retry_after;
use issue_bulk::status::Status;
use issue_bulk::time::UnixTime;
use issue_bulk::traffic::Head;
use issue_bulk::verdict::Failure;

impl World {
    /// Feeds the next piece of an exchange: its head, bytes of its body, or its end.
    pub(crate) fn feed(&mut self, index: usize) -> Checked {
        let exchange = &self.exchanges[index];
        let late = exchange.closed;
        if late && self.chance.coin() {
            return Ok(());
        }
        if late {
            self.witness.marks.insert("fed after the end");
        }
        let exchange = &self.exchanges[index];
        match &exchange.reply.answer {
            Some(_) if exchange.status.is_none() => self.feed_head(index),
            Some(answer) if exchange.fed < answer.body.len() => return self.feed_bytes(index),
            _ => {
                self.feed_end(index);
                return Ok(());
            }
        }
        self.go_on(index);
        Ok(())
    }

    fn feed_head(&mut self, index: usize) {
        let client_ms = self.wall_ms().saturating_add_signed(self.scenario.clock_skew_ms);
        let exchange = &mut self.exchanges[index];
        let (batch, attempt) = (exchange.batch, exchange.attempt);
        let Some(answer) = &exchange.reply.answer else { return };
        let (status, header) = (answer.status, &answer.retry_after);
        if let Some(until) = header.until_ms {
            let wait_ms = Some(until.saturating_sub(client_ms));
            exchange.reply.meaning = Meaning::Throttled { wait_ms };
        }
        let told = Status::of_response(status.into(), status == 0).unwrap_or_default();
        let clock = UnixTime::from_millis(client_ms as i64);
        let date = header.date.as_deref();
        let value = header.value.as_ref();
        let retry_after = value.and_then(|value| retry_after::parse(value, date, clock));
        exchange.status = Some(status);
        if let Meaning::Throttled { wait_ms } = exchange.reply.meaning {
            self.witness.throttled(self.now.as_millis(), (batch.0, attempt.0), wait_ms);
        }
        let wait_ms = retry_after.map(|wait| wait.as_millis());
        let request_id = Some(format!("r-{}", batch.0).into());
        self.log(Event::Head { batch: batch.0, attempt: attempt.0, status, wait_ms });
        self.subject.head(
            self.now,
            batch,
            attempt,
            Head { status: told, retry_after, request_id, ..Head::default() },
        );
    }

    fn feed_bytes(&mut self, index: usize) -> Checked {
        let exchange = &mut self.exchanges[index];
        let (batch, attempt) = (exchange.batch, exchange.attempt);
        let Some(answer) = &exchange.reply.answer else { return Ok(()) };
        let left = answer.body.len() - exchange.fed;
        let size = self.chance.between(1, exchange.piece_max.min(left) as u64) as usize;
        let piece = &answer.body[exchange.fed..exchange.fed + size];
        exchange.fed += size;
        let flow = self.subject.chunk(batch, attempt, piece);
        let closed = exchange.closed;
        self.log(Event::Chunk { batch: batch.0, attempt: attempt.0, bytes: size });
        if flow == Flow::More || closed {
            self.go_on(index);
            return Ok(());
        }
        // The reader has seen enough: the rest need not come.
        self.log(Event::Enough { batch: batch.0 });
        self.witness.marks.insert("enough");
        let meaning = &self.exchanges[index].reply.meaning;
        let right = !matches!(meaning, Meaning::Ids { .. });
        self.witness.watch.check(Rule::Proof, right, || {
            format!("a sound body of batch {} was given up", batch.0)
        })?;
        self.complete(index);
        Ok(())
    }

    /// After a piece comes the next, at once or later; the end comes with the last byte.
    fn go_on(&mut self, index: usize) {
        let exchange = &self.exchanges[index];
        let Some(answer) = &exchange.reply.answer else { return };
        let whole = exchange.fed == answer.body.len();
        match (whole, exchange.reply.ending) {
            (true, Ending::Silence) => {}
            (true, Ending::Complete) => self.feed_end(index),
            _ => {
                let slow = self.chance.percent(10);
                let after = if slow { self.scenario.latency_ms_max } else { 1 };
                let after = self.chance.between(0, after);
                self.plan(after, Happening::Piece(index));
            }
        }
    }

    fn feed_end(&mut self, index: usize) {
        match self.exchanges[index].reply.ending {
            Ending::Complete => self.complete(index),
            Ending::Fails(how) => self.fail(index, how),
            Ending::Silence => {}
        }
    }

    fn complete(&mut self, index: usize) {
        let exchange = &self.exchanges[index];
        let (batch, attempt) = (exchange.batch, exchange.attempt);
        self.log(Event::End { batch: batch.0, attempt: attempt.0 });
        self.subject.end(self.now, batch, attempt);
        self.close(index);
    }

    fn fail(&mut self, index: usize, how: Failure) {
        let exchange = &self.exchanges[index];
        let (batch, attempt) = (exchange.batch, exchange.attempt);
        let name = if matches!(how, Failure::NotSent(_)) { "not sent" } else { "network" };
        self.log(Event::Fails { batch: batch.0, attempt: attempt.0, how: name });
        self.subject.failure(self.now, batch, attempt, how);
        self.close(index);
    }

    /// Tells the witness what the exchange proves, unless the job gave it up before.
    fn close(&mut self, index: usize) {
        let exchange = &mut self.exchanges[index];
        if exchange.closed {
            return;
        }
        exchange.closed = true;
        let meaning = exchange.reply.meaning.clone();
        let (batch, attempt) = (exchange.batch.0, exchange.attempt.0);
        self.witness.concluded(self.now.as_millis(), batch, attempt, &meaning);
    }
}
