/** Calls that must fail: each with its code, and none may leave a trace. */
import { expect } from "vitest";
import { codeOf, otherAccount, type TestServer } from "./test-server.ts";

export type Refusal = readonly [call: () => Promise<unknown>, code: string];

export async function expectRefusals(server: TestServer, refusals: readonly Refusal[]): Promise<void> {
  await server.ec2(otherAccount).describeVpcs({}); // an account that has never called has no network yet
  const before = await server.dump();
  const codes: string[] = [];
  for (const [call] of refusals) codes.push(await codeOf(call()).catch((thrown: unknown) => `not refused: ${String(thrown)}`));
  expect(codes).toEqual(refusals.map(([, code]) => code));
  expect(await server.dump()).toBe(before);
}
