//! One world before it starts: the run's plan, its ids, the service's customs, the operator's
//! intentions, all drawn from the seed.

use crate::chance::Chance;
use crate::fault::Weather;
use crate::storage::StorageHabits;
use issue_bulk::plan::{Options, Plan};
use issue_bulk::policy::{Ambiguous, StopRules};
use std::collections::{BTreeSet, HashSet};

pub const PROMOTION: &str = "67dd4210ef21a64211227e04";
pub const CONTEXT: &str = "2 items in cart";

const DAY_MS: u64 = 24 * 3_600_000;

/// What the caller chose.
#[derive(Clone, Debug)]
pub struct Settings {
    pub batch_size: u32,
    pub concurrency: u32,
    pub rate_per_minute: Option<u32>,
    pub attempts: u32,
    pub timeout_ms: u64,
    pub deadline_ms: Option<u64>,
    pub stop: StopRules,
    pub ambiguous: Ambiguous,
    pub attended: bool,
    /// Whether credentials are fetched and can be fetched again.
    pub fetched: bool,
}

impl Settings {
    pub fn plan(&self) -> Plan {
        let whole = |number: u32| Some(f64::from(number));
        Plan::new(&Options {
            promotion_id: PROMOTION,
            context_id: CONTEXT,
            host: "eu.api.capillarytech.com",
            batch_size: whole(self.batch_size),
            concurrency: whole(self.concurrency),
            rate_per_minute: self.rate_per_minute.map(f64::from),
            attempts: whole(self.attempts),
            timeout_ms: Some(self.timeout_ms as f64),
            deadline_ms: self.deadline_ms.map(|millis| millis as f64),
            stop_ambiguous_in_row: whole(self.stop.ambiguous_in_row),
            stop_failure_percent: whole(self.stop.failure_percent),
            stop_failure_calls_min: whole(self.stop.failure_calls_min),
            ambiguous: (self.ambiguous == Ambiguous::Retry).then_some("retry"),
            attended: self.attended,
            ..Options::default()
        })
        .expect("a scenario draws only what a plan takes")
    }
}

/// How the service treats customers; no fault, it stays so when the weather clears.
#[derive(Clone, Debug)]
pub struct Customs {
    /// Ids it refuses as invalid customers.
    pub guilty: HashSet<i64>,
    pub refusal: GuiltyRefusal,
    /// Ids that had an issuance before the run, which counts against the limit.
    pub earlier: HashSet<i64>,
    /// `maxIssuancePerCustomer`; `None` lets duplicates happen, so that they can be counted.
    pub issuances_max: Option<usize>,
    /// Ids in one request.
    pub ids_max: usize,
    /// Whether 413 is said as a status or as code 1060.
    pub size_as_code: bool,
}

/// How a call with an invalid customer is answered (api.md 16, item 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuiltyRefusal {
    /// 400 with code 1006.
    Code,
    /// 404 that speaks of customers.
    NotFound,
    /// 400 in the flat shape that does not say why.
    Flat,
    /// Only the id's own entry holds the error.
    Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    Pause,
    Resume,
    Cancel,
    /// Whoever takes the outcomes is behind, and has caught up again.
    Hold,
    Release,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub ids: Vec<i64>,
    pub settings: Settings,
    /// The driver's clock when the run starts.
    pub start_ms: u64,
    /// After this long there are no more faults and the operator only helps.
    pub heal_after_ms: u64,
    pub operator: Vec<(u64, Operator)>,
    pub weather: Weather,
    pub customs: Customs,
    /// The longest time of one answer.
    pub latency_ms_max: u64,
    /// How wrong the client's wall clock is.
    pub clock_skew_ms: i64,
    /// Life of a token in seconds.
    pub token_seconds: u64,
    /// Fetches of credentials that fail, in percent.
    pub credentials_percent: u64,
    /// Where the run keeps its journal, if it does.
    pub storage: Option<StorageHabits>,
}

impl Scenario {
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 1);
        let mut scenario = Self {
            seed,
            ids: ids(&mut chance),
            settings: settings(&mut chance),
            start_ms: chance.magnitude(0, 1 << 40),
            heal_after_ms: match chance.coin() {
                true => chance.magnitude(1_000, 1_200_000),
                false => chance.between(600_000, 3_600_000),
            },
            operator: Vec::new(),
            weather: Weather::draw(&mut chance),
            customs: Customs::kind(),
            latency_ms_max: chance.pick(&[1, 50, 500, 5_000, 40_000]),
            clock_skew_ms: chance.between(0, 7_200_000) as i64 - 3_600_000,
            token_seconds: chance.pick(&[1, 5, 60, 300, 3_600]),
            credentials_percent: chance.pick(&[0, 0, 20, 70]),
            // A stream of its own, so that a world is the same with a journal and without.
            storage: StorageHabits::draw(&mut Chance::new(seed, 3)),
        };
        scenario.customs = customs(&mut chance, &scenario);
        scenario.operator = operator(&mut chance, scenario.heal_after_ms);
        scenario.operator.extend(taker(&mut Chance::new(seed, 4), scenario.heal_after_ms));
        if seed % 211 == 17 {
            scenario.make_all_guilty();
        }
        scenario
    }

    /// Rare by nature, so some seeds are given to it: more refused ids than probes can isolate.
    fn make_all_guilty(&mut self) {
        self.ids = (1..=700).collect();
        self.weather = Weather::CLEAR;
        self.operator.clear();
        self.customs = Customs { guilty: self.ids.iter().copied().collect(), ..Customs::kind() };
        self.latency_ms_max = 1;
        let settings = &mut self.settings;
        (settings.batch_size, settings.concurrency) = (700, 6);
        (settings.rate_per_minute, settings.deadline_ms) = (None, None);
    }
}

impl Customs {
    fn kind() -> Self {
        Self {
            guilty: HashSet::new(),
            refusal: GuiltyRefusal::Code,
            earlier: HashSet::new(),
            issuances_max: None,
            ids_max: usize::MAX,
            size_as_code: false,
        }
    }
}

/// Distinct ids, often such that do not fit into a float.
fn ids(chance: &mut Chance) -> Vec<i64> {
    let count = match chance.between(0, 99) {
        0 => 0,
        1..=9 => 1,
        10..=49 => chance.between(2, 40),
        50..=96 => chance.between(40, 150),
        _ => chance.between(150, 400),
    };
    let style = chance.between(0, 3);
    let mut ids = BTreeSet::new();
    while ids.len() < count as usize {
        let near = chance.between(0, 2 * count) as i64;
        ids.insert(match style {
            0 => 1 + near,
            1 => (1 << 53) + near,
            2 => i64::MAX - near,
            _ => chance.between(1, i64::MAX as u64) as i64,
        });
    }
    let mut ids: Vec<i64> = ids.into_iter().collect();
    for place in (1..ids.len()).rev() {
        ids.swap(place, chance.place(place + 1));
    }
    ids
}

fn settings(chance: &mut Chance) -> Settings {
    let stop = match chance.between(0, 4) {
        0 | 1 => StopRules::default(),
        2 | 3 => StopRules::NEVER,
        _ => StopRules {
            ambiguous_in_row: chance.between(1, 10) as u32,
            failure_percent: chance.between(1, 100) as u32,
            failure_calls_min: chance.between(1, 30) as u32,
        },
    };
    let thirty_days = 30 * DAY_MS;
    Settings {
        batch_size: chance.magnitude(1, 20) as u32,
        concurrency: chance.magnitude(1, 64) as u32,
        rate_per_minute: chance.percent(35).then(|| chance.magnitude(1, 60_000) as u32),
        attempts: chance.between(1, 6) as u32,
        timeout_ms: match chance.between(0, 9) {
            0 => chance.magnitude(1, 5_000),
            1 => thirty_days,
            2..=5 => 60_000,
            _ => chance.between(1_000, 120_000),
        },
        deadline_ms: chance.percent(25).then(|| chance.magnitude(1, 2 * thirty_days)),
        stop,
        attended: chance.coin(),
        fetched: chance.coin(),
        ambiguous: if chance.percent(20) { Ambiguous::Retry } else { Ambiguous::Hold },
    }
}

fn customs(chance: &mut Chance, scenario: &Scenario) -> Customs {
    let share = chance.pick(&[0, 0, 2, 10, 60]);
    let guilty = scenario.ids.iter().copied().filter(|_| chance.percent(share)).collect();
    let limited = chance.percent(25);
    let earlier = scenario.ids.iter().copied().filter(|_| limited && chance.percent(10)).collect();
    let batch_size = u64::from(scenario.settings.batch_size);
    let small = chance.percent(25);
    Customs {
        guilty,
        refusal: chance.pick(&[
            GuiltyRefusal::Code,
            GuiltyRefusal::NotFound,
            GuiltyRefusal::Flat,
            GuiltyRefusal::Entry,
        ]),
        earlier,
        issuances_max: limited.then_some(1),
        ids_max: if small { chance.between(1, batch_size) as usize } else { usize::MAX },
        size_as_code: chance.coin(),
    }
}

/// Mostly nothing, sometimes a storm of pauses, sometimes a cancel.
fn operator(chance: &mut Chance, until_ms: u64) -> Vec<(u64, Operator)> {
    let mut acts = Vec::new();
    let pauses = chance.pick(&[0, 0, 0, 1, 12]);
    for _ in 0..pauses {
        let at = chance.magnitude(0, until_ms);
        acts.push((at, Operator::Pause));
        acts.push((at + chance.magnitude(0, until_ms), Operator::Resume));
    }
    if chance.percent(12) {
        acts.push((chance.magnitude(0, until_ms), Operator::Cancel));
    }
    acts
}

/// Mostly quick, sometimes now and then behind, sometimes behind after every few calls.
fn taker(chance: &mut Chance, until_ms: u64) -> Vec<(u64, Operator)> {
    let (times, wait_ms) = chance.pick(&[(0, 0), (0, 0), (1, until_ms), (30, 60_000), (12, 200)]);
    let mut acts = Vec::new();
    for _ in 0..times {
        let at = chance.magnitude(0, until_ms);
        acts.push((at, Operator::Hold));
        acts.push((at + chance.magnitude(0, wait_ms), Operator::Release));
    }
    acts
}
