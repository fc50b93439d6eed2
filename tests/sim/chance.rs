//! Draws from the seed: everything that happens in a world comes from here and nowhere else.

use issue_bulk::rng::Rng;

/// One stream of draws.
pub struct Chance(Rng);

impl Chance {
    /// Seeds that follow each other must not give streams that do: the generator steps its state
    /// by a constant, so the seed is mixed once before it becomes a state.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mixed = Rng::new(seed).next_u64();
        Self(Rng::new(Rng::new(mixed ^ stream.rotate_left(32)).next_u64()))
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.up_to(high - low)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.between(0, 99) < chance
    }

    pub fn coin(&mut self) -> bool {
        self.percent(50)
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.place(choices.len())]
    }

    /// An index into something of this length.
    pub fn place(&mut self, len: usize) -> usize {
        self.between(0, len as u64 - 1) as usize
    }

    /// From `low` to `high` with small numbers as likely as large ones: the magnitude is drawn
    /// first.
    pub fn magnitude(&mut self, low: u64, high: u64) -> u64 {
        let bits = self.between(0, u64::from((high - low).max(1).ilog2()) + 1);
        let span = 1_u64.checked_shl(bits as u32).unwrap_or(u64::MAX);
        low + self.0.up_to(span.min(high - low))
    }

    /// Some of `0..len`, at least one.
    pub fn some(&mut self, len: usize) -> Vec<bool> {
        let share = self.pick(&[5, 30, 100]);
        let mut chosen: Vec<bool> = (0..len).map(|_| self.percent(share)).collect();
        let surely = self.place(len);
        chosen[surely] = true;
        chosen
    }
}
