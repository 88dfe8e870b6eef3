import { describe, expect, it } from "vitest";
import { beginStack, completeSnapshot, decideWork, listParents, mergeLayers, retainSnapshots, takeSnapshot, type Moment, type VolumeStack } from "./volume-stack.ts";

const moment = (name: string, more: Partial<Moment> = {}): Moment => ({ id: `snap-${name}` as const, region: "us-east-1", ...more });
const taken = (stack: VolumeStack, ...names: readonly string[]) => names.reduce((now, name) => takeSnapshot(now, moment(name)), stack);
const stored = (stack: VolumeStack, ...names: readonly string[]) => names.reduce((now, name) => completeSnapshot(now, moment(name).id, { total: 1, moved: 1 }), stack);
const numbers = ({ layers }: VolumeStack) => layers.map(({ number, moment: at }) => (at === undefined ? `${number}` : `${number}:${at.id}`));

/** Does everything that is left to do and returns what was done, in order. */
function finish(stack: VolumeStack): { stack: VolumeStack; done: readonly string[] } {
  const done: string[] = [];
  let now = stack;
  for (let work = decideWork(now); work !== undefined; work = decideWork(now)) {
    done.push(work.kind);
    if (work.kind === "store") now = stored(now, work.snapshot.id.slice("snap-".length));
    else if (work.kind === "merge") now = mergeLayers(now, work.upper, work.lower);
    else now = { ...now, isInitializing: false };
  }
  return { stack: now, done };
}

describe("a volume's layers", () => {
  it("are one for a new volume, and two for one from a snapshot", () => {
    expect([numbers(beginStack(1)), numbers(beginStack(1, moment("s")))]).toEqual([["0"], ["0:snap-s", "1"]]);
  });

  it("are at most two when nothing is left to do", () => {
    const { stack, done } = finish(taken(beginStack(1, moment("s")), "a", "b"));
    expect([numbers(stack), done]).toEqual([["0:snap-b", "3"], ["store", "store", "initialize", "merge", "merge"]]);
  });

  it("are not merged below a snapshot that is not stored", () => {
    expect(decideWork(stored(taken(beginStack(1), "a", "b"), "a"))).toMatchObject({ kind: "store", snapshot: { id: "snap-b" } });
  });

  it("keep the moment that the next snapshot builds on when one above was called off", () => {
    const stack = retainSnapshots(stored(taken(beginStack(1), "a", "off"), "a"), []);
    expect([numbers(stack), decideWork(stack)]).toEqual([["0:snap-a", "1", "2"], undefined]);
    expect(numbers(finish(taken(stack, "b")).stack)).toEqual(["0:snap-b", "3"]);
  });

  it("stay few when one snapshot after the other is called off", () => {
    let stack = stored(taken(beginStack(1), "a"), "a");
    for (let count = 0; count < 5; count++) stack = finish(retainSnapshots(taken(stack, "off"), [])).stack;
    expect(numbers(stack)).toEqual(["0:snap-a", "1", "6"]);
  });
});

describe("the parents of a snapshot", () => {
  const parentsOf = (stack: VolumeStack) => {
    const last = stack.snapshots.at(-1);
    return last === undefined ? [] : listParents(stack, last).map(({ moment: at, changed }) => [at?.id, changed.map(({ number }) => number)]);
  };

  it("are the snapshots below, the nearest first, and none at last", () => {
    expect(parentsOf(taken(stored(taken(beginStack(1, moment("s")), "a"), "a"), "b"))).toEqual([["snap-a", [2]], ["snap-s", [1, 2]], [undefined, [0, 1, 2]]]);
  });

  it("are not those of another key or region, or that are not stored", () => {
    const foreign = takeSnapshot(beginStack(1, moment("s", { keyName: "k" })), moment("a"));
    expect([parentsOf(foreign), parentsOf(taken(beginStack(1), "a", "b"))]).toEqual([[[undefined, [0, 1]]], [[undefined, [0, 1]]]]);
  });
});
