import { expect, it } from "vitest";
import { TerminalError } from "../../base/errors.ts";
import { systemRandom } from "../../base/random.ts";
import { SpecificationLoop, type SpecificationSteps } from "./specification-loop.ts";

interface Wanted {
  readonly want: "present" | "absent";
  readonly generation: number;
}

const present = (generation: number): Wanted => ({ want: "present", generation });
const absent = (generation: number): Wanted => ({ want: "absent", generation });

/** A loop whose steps are written down; `during` is told of each before it ends. Resolves when it is buried or, with `until`, when that was written down. */
async function play(first: Wanted, during: (step: string, loop: SpecificationLoop<Wanted>) => void, until?: string): Promise<readonly string[]> {
  const [steps, over] = [new Array<string>(), Promise.withResolvers<void>()];
  const write = (step: string): void => {
    steps.push(step);
    if (step === until) over.resolve();
  };
  const does = (name: string) => async ({ generation }: Wanted): Promise<void> => {
    write(`${name} ${generation}`);
    await Promise.resolve(); // the first step begins before there is a loop
    during(`${name} ${generation}`, loop);
  };
  const parts: SpecificationSteps<Wanted> = {
    make: does("make"),
    remove: does("remove"),
    bury: does("bury"),
    save: does("save"),
    reportAbsent: ({ generation }) => write(`absent ${generation}`),
    reportRetry: () => write("retry"),
    reportFailed: ({ generation }) => write(`failed ${generation}`),
  };
  const loop = new SpecificationLoop(parts, first, systemRandom, () => over.resolve());
  await over.promise;
  await loop.leave();
  return steps;
}

it("ends when a removal is buried", async () => {
  expect(await play(absent(3), () => undefined)).toEqual(["remove 3", "bury 3", "absent 3"]);
});

it("goes on with a withdrawal that has the generation of what is being made", async () => {
  const steps = await play(present(3), (step, loop) => step === "make 3" && loop.accept(absent(3)));
  expect(steps).toEqual(["make 3", "remove 3", "bury 3", "absent 3"]);
});

it("does not bury a specification that comes during the removal of an older one", async () => {
  const steps = await play(absent(3), (step, loop) => step === "remove 3" && loop.accept(present(4)), "make 4");
  expect(steps).toEqual(["remove 3", "make 4"]);
});

it("saves a specification again that comes during the burial of an older one", async () => {
  const steps = await play(absent(3), (step, loop) => step === "bury 3" && loop.accept(absent(4)));
  expect(steps).toEqual(["remove 3", "bury 3", "save 4", "remove 4", "bury 4", "absent 4"]);
});

it("tries again what fails, and not what cannot succeed, until there is something new", async () => {
  const failures: Error[] = [new Error("not now"), new TerminalError("It cannot be.")];
  const steps = await play(present(3), (_step, loop) => {
    const failure = failures.shift();
    if (failure instanceof TerminalError) queueMicrotask(() => loop.accept(present(4)));
    if (failure !== undefined) throw failure;
  }, "make 4");
  expect(steps).toEqual(["make 3", "retry", "make 3", "failed 3", "make 4"]);
});
