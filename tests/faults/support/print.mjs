// Tables in the output of a test; `npm test` repeats their lines.

/**
 * @param {string[]} head
 * @param {readonly unknown[][]} rows
 */
export function printTable(head, rows) {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, at) => Math.max(...lines.map((row) => row[at]?.length ?? 0)));
  for (const row of lines) {
    console.log(`| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`);
  }
}
