// Reads the demo's two summaries: whether they add up, and whether the second time found everything done.
import { readFileSync } from "node:fs";

const [first, second] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));
const wrong = [];
const expect = (holds, what) => holds || wrong.push(what);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

expect(!first.found_data && second.found_data, "the first time starts from nothing, the second finds its data");
expect(first.models.loaded >= 9 && first.models.identities_off === 0, "all models are loaded and hold their identities");
expect(first.city.persons > 3700, "the whole city is imported");
expect(first.newcomers.length >= 12, "a dozen people go the whole way");
for (const offer of ["accepted", "declined", "lapsed"]) {
  expect(first.newcomers.some((person) => person.offer === offer), `somebody's offer is ${offer}`);
}
expect(first.runs.map((run) => run.month).join() === "2024-03,2024-04", "March and April are run");
for (const run of first.runs) {
  expect(run.state === "approved" && run.maker !== run.approver, `${run.month}: another than the maker approves`);
  expect(run.lines > 1000 && run.amount_ore > 0, `${run.month}: pays`);
  expect(/^[0-9a-f]{64}$/.test(run.lines_sha256), `${run.month}: has a fingerprint`);
  for (const dimension of ["service", "district", "regime", "provider"]) {
    const groups = run.totals.filter((total) => total.dimension === dimension);
    expect(sum(groups.map((t) => t.amount_ore)) === run.amount_ore, `${run.month}: sums by ${dimension} are the run's`);
    expect(sum(groups.map((t) => t.lines)) === run.lines, `${run.month}: lines by ${dimension} are the run's`);
  }
}
expect(first.runs[1]?.reversals > 0, "April corrects March");
expect(first.corrections.length > 0, "late facts are shown");
for (const correction of first.corrections) {
  expect(correction.paid_ore === correction.owed_ore, `${correction.placement_id}: paid is owed`);
}
const { found_data: before, ...did } = first;
const { found_data: after, ...found } = second;
expect(JSON.stringify(did) === JSON.stringify(found), "the second time does nothing twice");

for (const what of wrong) console.error(`not so: ${what}`);
console.log(wrong.length ? `the demo: ${wrong.length} wrong` : "the demo: adds up, and does nothing twice");
process.exit(wrong.length ? 1 : 0);
