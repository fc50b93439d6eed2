/** Holds only where two types are the same; a wider or narrower one is an error. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `same<A, B>(true)` compiles only where the two types are the same. */
export function same<A, B>(_holds: Same<A, B>): void {}
