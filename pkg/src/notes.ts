/** What is worth knowing but changes no outcome, as the face sees it; the core has its own. */
import type { Note } from "./types/report.js";

/**
 * Adds a note, or counts one that is there already. A list may grow after its report was made,
 * since a handler's promise may reject at any time.
 */
export function addNote(notes: Note[], code: string, message: string): void {
  const at = notes.findIndex((note) => note.code === code);
  const known = notes[at];
  if (known === undefined) notes.push({ code, message, count: 1 });
  else notes[at] = { ...known, count: known.count + 1 };
}
