import { expect, test } from "vitest";
import { parseHistogram } from "./event-counter.ts";

test("The kernel's histogram tells how often each thing happened, by one field or by two", () => {
  const text = "# event histogram\n#\n# trigger info: hist:keys=id:vals=hitcount:sort=hitcount:size=2048 if common_pid == 42 [active]\n#\n\n{ id:         61 } hitcount:          7\n{ isa:          2, exit_reason:       1024 } hitcount:       1234\n\nTotals:\n    Hits: 1241\n";
  expect([...parseHistogram(text)]).toEqual([["61", 7], ["2,1024", 1234]]);
});
