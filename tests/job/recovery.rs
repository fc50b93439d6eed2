//! What a journal tells of runs that take unusual ways.

use crate::journal::*;
use crate::world::*;

#[test]
fn a_drained_run_hands_out_and_writes_down_what_another_keeps() {
    let told = |is_drained: bool| {
        let mut service = issue;
        let mut world = journalled(30, one_by_one(), &mut service);
        if is_drained {
            world.job.drain();
        }
        world.run();
        (exported(&world.job), exported(&review(&world.stored, one_by_one())))
    };
    let kept = told(false);
    assert!(kept.0.contains("67dd4237ef21a64211000001"));
    assert_eq!(told(true), kept);
    assert_eq!(kept.0, kept.1);
}
